"""Microsoft's ad library."""
