"""The whole walk on invented data."""
