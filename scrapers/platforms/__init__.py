"""What each platform does in its own way, beside its spider: its values, its errors, its API's pages."""
