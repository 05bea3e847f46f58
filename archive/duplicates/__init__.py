"""Copies and families: ads that say the same, or the same of other names; views, never merges."""
