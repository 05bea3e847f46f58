"""Reads of sources: their runs, what they lack, what is quarantined."""
