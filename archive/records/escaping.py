"""Others' words as sentences of the archive show them (`config.escaping`)."""

from config.escaping import escape_text

__all__ = ["escape_text"]
