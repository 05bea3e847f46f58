"""What is withheld, and why."""
