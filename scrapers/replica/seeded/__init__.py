"""Invented ads made from a seed, at any size and on any day, and what an archive must find in them."""
