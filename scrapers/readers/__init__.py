"""Reads files as sources deliver them: bytes to rows and objects, cells to typed values."""
