"""Texts as search and rules compare them: folding, and where words begin and end."""
