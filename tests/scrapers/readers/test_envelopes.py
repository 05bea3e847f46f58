"""Lists of objects taken out of the answers that wrap them."""

import pytest

from archive.records import Unreadable
from scrapers.readers.envelopes import unwrap_list
from scrapers.readers.files import SourceFile
from scrapers.readers.objects import ObjectRow, read_objects


def unwrap(text: str, *keys: str, alone: str = "") -> list[object] | Unreadable:
    file = SourceFile.from_bytes("answer.json", text.encode())
    listed = unwrap_list(file, keys, lambda item: item, alone=alone)
    if isinstance(listed, Unreadable):
        return listed
    return [row.cells for row in read_objects(listed) if isinstance(row, ObjectRow)]


def test_a_list_under_nested_keys_is_read_in_its_order() -> None:
    assert unwrap('{"data": {"more": 1, "ads": [{"a": 1}, {"a": 2}]}}', "data", "ads") == [
        {"a": 1},
        {"a": 2},
    ]


def test_numbers_with_a_point_keep_their_digits() -> None:
    assert unwrap('{"value": [{"share": 0.10}]}', "value") == [{"share": "0.10"}]


def test_an_object_alone_is_its_own_list() -> None:
    assert unwrap('{"id": 1, "value": 2}', "value", alone="id") == [{"id": 1, "value": 2}]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"value": {}}', '{"value": [', "[" * 100_000])
def test_what_wraps_no_list_is_held_whole_with_its_bytes(text: str) -> None:
    held = unwrap(text, "value")
    assert isinstance(held, Unreadable)
    assert (held.line, held.raw) == (1, text.encode())


def test_half_a_character_is_left_to_the_reader_of_objects() -> None:
    file = SourceFile.from_bytes("answer.json", b'{"value": [{"a": "\\ud800"}]}')
    listed = unwrap_list(file, ["value"], lambda item: item)
    assert isinstance(listed, SourceFile)
    assert all(isinstance(row, Unreadable) for row in read_objects(listed))
