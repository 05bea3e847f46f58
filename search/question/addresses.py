"""Ids and addresses as words: of an ad, and of a question that names one."""

import re
from urllib.parse import unquote, urlsplit

from archive.text.words import LONGEST_TERM, join_terms

_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_PATH_BREAKS = re.compile(r"[\s/._+,;:=~-]+")


def join_id(public_id: str) -> str:
    """A permanent id as one word."""
    return join_terms(public_id).replace(" ", "")[:LONGEST_TERM]


def read_address(address: str) -> str:
    """A landing address as words: `www.example.org/climate-action?x` -> `example.org climate action`.

    The query is left out: it holds tracking labels, which are the same for every campaign.
    """
    try:
        parts = urlsplit(address if "://" in address else f"//{address}")
        host = (parts.hostname or "").removeprefix("www.")
    except ValueError:
        return address
    path = _PATH_BREAKS.sub(" ", _CAMEL.sub(" ", unquote(parts.path)))
    return f"{host} {path.strip()}".strip()
