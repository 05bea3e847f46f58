"""Kept pictures and videos of ads, and on which terms they may be shown."""
