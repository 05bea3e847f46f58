"""What a source says of itself: what it is, its terms, its credentials, its searches."""
