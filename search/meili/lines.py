"""Documents as lines of a request to Meilisearch, in requests that are not too large.

`search.meili.server` sends them.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

from archive.records.escaping import escape_text
from archive.runs.fence import take_each
from search.indexed.documents import NamedAd, Rejection, Sent, reject

LARGEST_BODY = 20_000_000
"""Bytes of one request: the server refuses 100 MB, and a refused connection may hang."""

TOO_LARGE = "larger alone than a request may be"
REFUSED = "the search engine would not take it"

Line = tuple[NamedAd, bytes]
"""A document and what is sent of it and its earlier states."""


def spell_lines(
    documents: list[Sent], spell: Callable[[Sent], list[dict[str, Any]]]
) -> tuple[list[Line], list[Rejection]]:
    """What is sent of each document, and those that cannot be spelled."""
    done, failed = take_each(
        documents, lambda some: [(document, _join_spelled(spell(document))) for document in some]
    )
    rejected = [reject(document.ad_id, document.id, error) for document, error in failed]
    return [line for lines in done for line in lines], rejected


def _join_spelled(spelled: list[dict[str, Any]]) -> bytes:
    return b"\n".join(json.dumps(each, ensure_ascii=False).encode() for each in spelled)


def cut_lines(lines: list[Line]) -> Iterator[list[Line]]:
    """Requests' worth of documents, each within the largest body or a single document."""
    part: list[Line] = []
    size = 0
    for line in lines:
        if part and size + len(line[1]) > LARGEST_BODY:
            yield part
            part, size = [], 0
        part.append(line)
        size += len(line[1])
    if part:
        yield part


def join_lines(lines: list[Line]) -> bytes:
    """The body of a request."""
    return b"\n".join(body for _, body in lines)


def halve(lines: list[Line]) -> tuple[list[Line], list[Line]]:
    """Two halves, to find what is refused."""
    middle = len(lines) // 2
    return lines[:middle], lines[middle:]


def refuse(lines: list[Line], message: str) -> Rejection:
    """The one document that was sent, as one that the server would not take."""
    document = lines[0][0]
    detail = escape_text(message)
    return Rejection(ad_id=document.ad_id, id=document.id, reason=REFUSED, detail=detail)
