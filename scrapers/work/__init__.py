"""Decides when a source is looked at, who does it, and what follows: schedule, workers, child processes."""
