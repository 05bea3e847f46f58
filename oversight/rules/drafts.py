"""Rule files as people first write them: a slip in one line does not hide what is wrong in the others."""

import re

from config.overlay import ConfigFile
from config.yaml_files import MAX_BYTES, YamlFileError, YamlText, read_bytes
from oversight.rules.former import translate

MOST_MENDED = 30
LINE = re.compile(r"(?P<before>\s*(?:- )?(?:[\w.-]+:\s+)?)(?P<text>[^\s{\[#].*?)\s*")
QUOTE = "a text with a colon, a quotation mark or a sign at its beginning stands in single quotes: write {}"


def read_draft(file: ConfigFile) -> tuple[YamlText, list[YamlFileError]]:
    """A rule file in today's form, and what was wrong with its YAML or of an earlier form.

    Raises:
        YamlFileError: if it cannot be read at all.
    """
    written, faults = _read_mended(str(file.path), read_bytes(file.path, MAX_BYTES))
    written.values, told = translate(written.values)
    return written, faults + [written.make_error(place, why) for place, why in told]


def _read_mended(name: str, data: bytes) -> tuple[YamlText, list[YamlFileError]]:
    """The file, each text that should be in quotes put into them."""
    faults: list[YamlFileError] = []
    for _ in range(MOST_MENDED):
        try:
            return YamlText(name, data), faults
        except YamlFileError as error:
            lines = data.split(b"\n")
            mended = _quote(lines[error.line - 1], error.why) if error.line else None
            if error.line is None or mended is None:
                raise YamlFileError(name, error.line, error.field, error.why, faults) from None
            faults.append(
                YamlFileError(name, error.line, "", QUOTE.format(mended.strip().decode()))
            )
            lines[error.line - 1] = mended
            data = b"\n".join(lines)
    raise YamlFileError(name, None, "", "too many lines need quotation marks", faults)


NOT_QUOTED = re.compile(
    r"not YAML: (mapping values are not allowed here"
    r"|expected <block end>, but found '<(scalar|anchor|alias)>'"
    r"|.*cannot start any token|.*alphabetic or numeric character.*)"
)


def _quote(line: bytes, why: str) -> bytes | None:
    """The line with its text in single quotes; `None`: that would mend nothing."""
    found = LINE.fullmatch(line.decode("utf-8", "replace"))
    if not found or found["text"].startswith("'"):
        return None
    # A condition may begin with `!`; what begins with `&` and `*` is no text.
    if not NOT_QUOTED.fullmatch(why) and not found["text"].startswith("!"):
        return None
    return f"{found['before']}'{found['text'].replace(chr(39), chr(39) * 2)}'".encode()
