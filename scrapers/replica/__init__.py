"""A local server that behaves like the real sources, faults included: for the demo and for tests."""
