"""Fetches pictures, videos and pages of ads where their source allows it, and reads the words in pictures."""
