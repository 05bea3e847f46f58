"""Judges: rules as published data, what they answer about an ad, and what people make of that."""
