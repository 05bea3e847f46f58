"""The command line of rules."""
