"""Reads of sources: their runs, their data gaps, what is quarantined."""
