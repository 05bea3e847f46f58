"""A copy of the archive made for finding; it may be dropped and rebuilt at any time."""
