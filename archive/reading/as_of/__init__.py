"""The archive as it was: the moment asked about, and rows restored to it."""
