"""Reads of ads and of who runs them."""
