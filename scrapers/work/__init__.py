"""Decides when a source is crawled, who does it, and what follows: schedule, workers, child processes."""
