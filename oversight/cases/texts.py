"""Texts people write into cases and notices: never blank, never endless."""

from config.counts import write_count
from oversight.cases.errors import CaseError

MAX_TEXT = 5_000
"""As long as the EU's statements of reasons may be (decision_facts of the DSA Transparency Database)."""


def check_text(field: str, text: str, longest: int = MAX_TEXT) -> str:
    """The text without white space around it.

    Raises:
        CaseError: if it is blank or too long, naming the field.
    """
    text = text.strip()
    if not text:
        raise CaseError(f"{field} is blank")
    if len(text) > longest:
        raise CaseError(
            f"{field} has {write_count(len(text), 'character')}; {longest:,} is the most"
        )
    return text
