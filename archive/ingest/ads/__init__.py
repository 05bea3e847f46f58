"""Ads: new, changed, unchanged, late and vanished."""
