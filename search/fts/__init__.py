"""SQLite's FTS5: its tables, what is written to them, what is asked of them."""
