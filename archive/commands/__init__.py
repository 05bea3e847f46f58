"""The command line of the archive."""
