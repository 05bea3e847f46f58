"""JSON files: every answer in one is read, and an error beside a list is never passed over."""

import pytest

from archive.records import Unreadable
from scrapers.readers import objects
from scrapers.readers.files import SourceFile
from scrapers.readers.objects import ObjectRow, read_objects

PAGE = '{"data": [{"n": %d}, {"n": %d}], "paging": {"cursors": {"after": "x"}}}'


def read(text: str) -> tuple[list[int], list[Unreadable]]:
    rows = list(read_objects(SourceFile.from_bytes("a.json", text.encode())))
    numbers = [row.cells["n"] for row in rows if isinstance(row, ObjectRow)]
    return numbers, [row for row in rows if isinstance(row, Unreadable)]


@pytest.mark.parametrize("between", ["", "\n", "\n\n  "])
def test_several_answers_in_one_file_are_all_read(between: str) -> None:
    pages = between.join(
        [PAGE % (1, 2), PAGE.replace(",", ",\n") % (3, 4), '[{"n": 5}]', '{"n": 6}']
    )
    assert read("\n" + pages) == ([1, 2, 3, 4, 5, 6], [])


def test_a_list_that_does_not_come_first_in_its_answer_is_read() -> None:
    page = '{"paging": {},\n "data": [{"n": 1}]}'
    assert read(page + page) == ([1, 1], [])


@pytest.mark.parametrize(
    "text",
    [
        '{"data": [{"n": 1}], "error": {"code": 1}}',
        '{"error": {"code": 1}, "data": [{"n": 1}]}',
    ],
)
def test_an_error_beside_the_list_is_put_aside_and_the_list_is_read(text: str) -> None:
    numbers, [held] = read(text)
    assert (numbers, held.field, held.hides) == ([1], "error", True)


@pytest.mark.parametrize("behind", [" x", ', "paging": ', " 1 2 3", "]", '{"data": [{"n": 2}'])
def test_what_cannot_be_read_behind_a_list_is_put_aside_once_with_its_line(behind: str) -> None:
    begin = '{"data": [{"n": 1}]' + ("" if behind.startswith(",") else "}")
    numbers, pieces = read(f"{begin}\n{behind}")
    assert numbers[0] == 1
    assert [piece.line for piece in pieces] == [2]


@pytest.mark.parametrize("held", [1, 2, 3, 7, 64])
def test_nothing_depends_on_how_much_of_a_text_is_held_at_once(
    held: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside = ', "code": 1234567890123, "error": {"code": -1.5e10}, "word": "\\u00e9\\"é"}'
    text = (
        f'\n{{"data": [{{"n": 1, "t": "é\\\\"}},\n{{"n": 2}}]{beside}\n'
        f'{{"paging": {{}},\n "data": [{{"n": 3}}]}} [{{"n": 4}}] {{"n":\n 5}} 12'
    )
    whole = list(read_objects(SourceFile.from_bytes("a.json", text.encode())))
    monkeypatch.setattr(objects, "READ_AT_ONCE", held)
    assert list(read_objects(SourceFile.from_bytes("a.json", text.encode()))) == whole
    assert [row.cells["n"] for row in whole if isinstance(row, ObjectRow)] == [1, 2, 3, 4, 5]
    assert [row.raw for row in whole if isinstance(row, Unreadable)] == [
        b'{"code": -1.5e10}',
        b"12",
    ]
