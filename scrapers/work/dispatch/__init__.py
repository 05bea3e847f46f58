"""Who does what is due, and what follows."""
