"""Google's political ads bundle."""
