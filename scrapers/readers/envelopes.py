"""Lists of objects inside a JSON answer, as APIs wrap them: taken out, to be read like any list.

Spiders call it in `read`. What is no such answer comes out as `Unreadable` with its bytes.
"""

import json
from collections.abc import Callable, Sequence
from typing import Any

from archive.bounds import JSON_DOCUMENT
from archive.records import Unreadable
from scrapers.readers.files import BREAKING_ERRORS, SourceFile
from scrapers.readers.objects import DECODER, check_size

Change = Callable[[Any], Any]


def read_answer(data: bytes) -> dict[str, Any] | None:
    """The object that an answer is; `None` if it is none, or larger than one may be."""
    try:
        check_size(data)
        answer = DECODER.decode(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None


def find_value(answer: object, keys: Sequence[str]) -> object:
    """What stands under nested keys; `None` where they lead nowhere."""
    for key in keys:
        answer = answer.get(key) if isinstance(answer, dict) else None
    return answer


def unwrap_list(
    file: SourceFile, keys: Sequence[str], change: Change, alone: str = ""
) -> SourceFile | Unreadable:
    """The list under nested keys as a file of its own, each item changed first.

    An answer that has the key `alone` itself is the only item.
    """
    try:
        with file.open() as stream:
            data = stream.read(JSON_DOCUMENT.most + 1)
        check_size(data)
    except BREAKING_ERRORS as error:
        return Unreadable(file=file.name, reason=f"the file cannot be read ({error})")
    answer = read_answer(data)
    listed = [answer] if answer and alone in answer else find_value(answer, keys)
    if not isinstance(listed, list):
        reason = f"this is no answer with a list under {'.'.join(keys)}"
        return Unreadable(file=file.name, line=1, reason=reason, raw=data)
    items = [change(item) for item in listed]
    try:
        data = json.dumps(items, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        # Halves of characters: escaped, they harm the field they stand in.
        data = json.dumps(items).encode()
    return SourceFile.from_bytes(file.name, data)
