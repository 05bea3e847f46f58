"""The record of truth: what sources said, when we learned it, and the evidence for it."""
