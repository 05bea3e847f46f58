"""Search as of a time, from the archive."""
