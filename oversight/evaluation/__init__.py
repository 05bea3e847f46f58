"""Ads held against the rules in use: answers and signals."""
