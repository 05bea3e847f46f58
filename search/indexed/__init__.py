"""What is searched of an ad, as it is and as it was, and whether that answers a question."""
