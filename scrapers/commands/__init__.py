"""The command line of collecting, and of what touches several rooms."""
