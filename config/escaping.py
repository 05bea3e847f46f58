"""Others' words on one line, harmless to a terminal: file names, columns, keys, reasons."""


def escape_text(text: str) -> str:
    """A text on one line, with line ends, terminal escapes and the like spelled out.

    A terminal obeys what it is sent, and no database holds half a character.
    """
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
