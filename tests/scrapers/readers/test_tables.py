import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.bounds import TABLE_RECORD
from archive.records import Unreadable
from scrapers.readers.files import SourceFile
from scrapers.readers.objects import ObjectRow, looks_like_json, read_objects
from scrapers.readers.tables import CSV, TableFormat, TableRow, has_rows, read_header, read_table

PIPES = TableFormat(
    delimiter="|", is_quoted=False, encoding="cp1252", columns=("id", "name", "after")
)


def file_of(data: str | bytes) -> SourceFile:
    return SourceFile.from_bytes("ads", data.encode() if isinstance(data, str) else data)


def rows_of(data: str | bytes, form: TableFormat = CSV) -> list[TableRow | Unreadable]:
    return list(read_table(file_of(data), form))


def objects_of(data: str | bytes) -> list[ObjectRow | Unreadable]:
    return list(read_objects(file_of(data)))


def cells_of(readings: list[TableRow | Unreadable] | list[ObjectRow | Unreadable]) -> list[object]:
    return [row.cells for row in readings if not isinstance(row, Unreadable)]


def test_rows_know_the_line_they_begin_on() -> None:
    rows = rows_of('id,text\n1,"two\nlines"\n\n2,x\n')
    assert [(row.line, row.raw) for row in rows if isinstance(row, TableRow)] == [
        (2, b'1,"two\nlines"\n'),
        (5, b"2,x\n"),
    ]


def test_a_byte_order_mark_is_no_part_of_a_column_name() -> None:
    assert read_header(file_of(b"\xef\xbb\xbfid,name\n")) == ["id", "name"]


@pytest.mark.parametrize("mark", [";", "\t"])
def test_a_table_may_be_divided_as_a_spreadsheet_divides_it(mark: str) -> None:
    data = f'id{mark}name\n1{mark}"a{mark}b"\n'
    assert read_header(file_of(data)) == ["id", "name"]
    assert cells_of(rows_of(data)) == [{"id": "1", "name": f"a{mark}b"}]
    assert cells_of(rows_of("id,a;b;c\n1,2\n")) == [{"id": "1", "a;b;c": "2"}]


@pytest.mark.parametrize(
    ("first", "mark"),
    [("sep=;\n", ";"), ('"sep=|"\r\n', "|"), ("\ufeffSEP=\t\n", "\t"), ("sep=,\n", ",")],
)
def test_a_first_line_may_name_what_divides_cells(first: str, mark: str) -> None:
    data = f'{first}id{mark}"name, or none"\n1{mark}x\n'.encode()
    assert read_header(file_of(data)) == ["id", "name, or none"]
    (row,) = rows_of(data)
    assert isinstance(row, TableRow)
    assert (row.line, row.cells) == (3, {"id": "1", "name, or none": "x"})


def test_a_number_of_the_row_that_r_puts_before_its_cells_is_none_of_them() -> None:
    data = '"id","text"\n"1",77,"two\nlines"\n"2",78,NA\n'
    assert read_header(file_of(data)) == ["id", "text"]
    assert [row.values for row in rows_of(data) if isinstance(row, TableRow)] == [
        ["77", "two\nlines"],
        ["78", "NA"],
    ]


@pytest.mark.parametrize("row", ["77,Kestrel, Party", '"77","Kestrel","Party"', '"1","Party",x,y'])
def test_a_cell_more_than_the_names_is_else_a_damaged_row(row: str) -> None:
    assert [type(one) for one in rows_of(f"id,name\n{row}\n")] == [Unreadable]


@pytest.mark.parametrize("marked", ["\ufeffHarbour Party,2", '\ufeff"Harbour Party",2'])
def test_a_byte_order_mark_before_a_later_line_is_no_part_of_its_first_cell(marked: str) -> None:
    data = f"\ufeffname,ads\nHarbour Party,1\n{marked}\n"
    rows = rows_of(data)
    assert {row["name"] for row in cells_of(rows)} == {"Harbour Party"}  # type: ignore[index]
    assert b"".join(row.raw for row in rows) == data.encode().split(b"\n", 1)[1]


def test_a_mark_of_utf_8_says_more_than_the_form() -> None:
    data = b"\xef\xbb\xbf1|\xc3\x89|\n"
    assert cells_of(rows_of(data, PIPES)) == [{"id": "1", "name": "É", "after": ""}]


def test_names_can_be_read_without_regard_to_case() -> None:
    assert read_header(file_of("Ad_ID,Name\n"), TableFormat(folds_names=True)) == ["ad_id", "name"]


@pytest.mark.parametrize("characters", [30_000, 2_000_000])
def test_a_cell_may_be_very_long(characters: int) -> None:
    (row,) = rows_of(f"id,text\n1,{'x' * characters}\n")
    assert isinstance(row, TableRow)
    assert len(row.cells["text"]) == characters


def test_a_row_of_another_length_is_held_and_the_next_is_read() -> None:
    short, whole = rows_of("id,name\n1\n2,b\n")
    assert isinstance(short, Unreadable)
    assert (short.line, short.raw) == (2, b"1\n")
    assert isinstance(whole, TableRow)


def test_a_quote_that_never_closes_costs_one_line_only() -> None:
    readings = rows_of('id,name\n1,"open\n2,b\n3,c\n')
    assert cells_of(readings) == [{"id": "2", "name": "b"}, {"id": "3", "name": "c"}]
    assert [r.line for r in readings if isinstance(r, Unreadable)] == [2]


def test_a_row_that_is_not_utf_8_is_held_with_its_bytes() -> None:
    held, whole = rows_of(b"id,name\n1,Caf\xe9\n2,b\n")
    assert isinstance(held, Unreadable)
    assert (held.line, held.field, held.raw) == (2, "name", b"1,Caf\xe9\n")
    assert isinstance(whole, TableRow)


def test_a_nul_byte_is_held_with_its_column() -> None:
    held, whole = rows_of("id,name\n1,a\0b\n2,b\n")
    assert isinstance(held, Unreadable)
    assert held.field == "name"
    assert isinstance(whole, TableRow)


def test_a_table_without_header_takes_its_columns_from_the_form() -> None:
    (row,) = rows_of(b'C1|"Caf\xe9|\n', PIPES)
    assert isinstance(row, TableRow)
    assert row.cells == {"id": "C1", "name": '"Café', "after": ""}


def test_a_form_fits_a_file_whose_first_row_alone_is_damaged() -> None:
    assert has_rows(file_of("damaged\n1|a|\n"), PIPES)
    assert not has_rows(file_of("<html>\n<body>\n"), PIPES)


@given(
    st.lists(
        st.tuples(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"))),
        min_size=1,
    )
)
def test_whatever_a_quoted_cell_holds_comes_back(rows: list[tuple[str]]) -> None:
    written = "".join('"{}",1\n'.format(row[0].replace('"', '""')) for row in rows)
    assert cells_of(rows_of(f"text,one\n{written}")) == [{"text": r[0], "one": "1"} for r in rows]


@given(st.binary(max_size=200))
def test_no_bytes_make_reading_a_table_fail(data: bytes) -> None:
    for row in rows_of(b"id,name\n" + data):
        assert row.line is None or row.line >= 1


@pytest.mark.parametrize(
    "text",
    [
        '{"id": "1"}\n{"id": "2"}\n',
        '[{"id": "1"}, {"id": "2"}]',
        '{"data": [{"id": "1"}, {"id": "2"}], "paging": {"next": "x"}}',
        '{"paging": {}, "data": [{"id": "1"}, {"id": "2"}]}',
        '\ufeff[\n{"id": "1"},\n{"id": "2"}\n]\n',
    ],
)
def test_objects_are_read_in_every_shape_they_are_kept_in(text: str) -> None:
    assert cells_of(objects_of(text)) == [{"id": "1"}, {"id": "2"}]


def test_one_object_over_many_lines_is_read() -> None:
    assert cells_of(objects_of('{\n  "id": "1"\n}\n')) == [{"id": "1"}]


def test_a_list_that_breaks_off_gives_its_whole_objects() -> None:
    whole, broken = objects_of('{"data": [\n{"id": "1"},\n{"id": "2", "na')
    assert isinstance(whole, ObjectRow)
    assert isinstance(broken, Unreadable)
    assert (broken.line, broken.raw) == (3, b'{"id": "2", "na')


def test_a_byte_order_mark_before_a_later_line_of_json_lines_is_no_damage() -> None:
    assert cells_of(objects_of('\ufeff{"id": 1}\n\ufeff{"id": 2}\n')) == [{"id": 1}, {"id": 2}]


def test_a_damaged_line_of_json_lines_is_held_alone() -> None:
    readings = objects_of('{"id": "1"}\n{"id": \n{"id": "3"}\n')
    assert cells_of(readings) == [{"id": "1"}, {"id": "3"}]
    assert [r.line for r in readings if isinstance(r, Unreadable)] == [2]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('[{"id": "\\u0000"}]', "NUL"),
        ('[{"id": "\\ud83d"}]', "half of a character"),
        ('[{"id": ' + "[" * 60 + "]" * 60 + "}]", "40 levels of nesting"),
        ('[{"id": NaN}]', "NaN"),
        ('["id"]', "something else"),
        ('{"id": ' + "[" * 100_000, "damaged"),
        ("[" + "[" * 100_000, "damaged"),
    ],
)
def test_an_object_no_archive_could_hold_is_held_with_the_reason(text: str, why: str) -> None:
    (only,) = objects_of(text)
    assert isinstance(only, Unreadable)
    assert why in only.reason
    assert only.raw


def test_a_number_with_an_exponent_keeps_its_digits() -> None:
    assert cells_of(objects_of('[{"id": 1.70585E+15}]')) == [{"id": "1.70585E+15"}]


@pytest.mark.parametrize(
    "text", [b'[{"id": "1"},\n%s,\n{"id": "3"}]', b'{"id": "1"}\n%s\n{"id": "3"}']
)
def test_an_object_that_is_not_utf_8_is_held_alone_with_its_line_and_bytes(text: bytes) -> None:
    readings = objects_of(text % b'{"id": "\xff"}')
    assert cells_of(readings) == [{"id": "1"}, {"id": "3"}]
    (held,) = (r for r in readings if isinstance(r, Unreadable))
    assert (held.line, held.reason) == (2, "the text is not UTF-8")
    assert b'{"id": "\xff"}' in held.raw


def make_ads(count: int, text: str = "x") -> list[str]:
    return [f'{{"id": "{number}", "text": "{text}"}}' for number in range(count)]


@pytest.mark.parametrize("head", ["[\n", '{"data": [\n'])
def test_a_list_longer_than_what_is_held_of_it_is_read_to_its_end(head: str) -> None:
    ads = make_ads(900, "ä" * 3_000)
    readings = objects_of(head + ",\n".join(ads) + "]}")
    assert [(row.cells["id"], row.line) for row in readings if isinstance(row, ObjectRow)] == [
        (str(number), number + 2) for number in range(900)
    ]


BOMB = '{"id": "0", "a": [' + "{}," * (6 << 20) + "{}]}"


@pytest.mark.parametrize("text", ["{ads}\n{bomb}\n{more}\n", "[{ads},{bomb}]", "{bomb}\n{more}"])
def test_an_object_larger_than_any_is_refused_by_name_and_its_neighbours_are_read(
    text: str,
) -> None:
    filled = text.replace("{ads}", '{"id": "1"}').replace("{more}", '{"id": "2"}')
    readings = objects_of(filled.replace("{bomb}", BOMB))
    assert len(cells_of(readings)) == len(re.findall(r"ads|more", text))
    (refused,) = (r for r in readings if isinstance(r, Unreadable))
    assert re.search("16,777,216 bytes of one object|1,000,000 parts", refused.reason)
    assert refused.raw == b""


def test_an_object_with_as_much_text_in_few_parts_is_read() -> None:
    (row,) = objects_of(f'[{{"id": "{"x" * (3 << 20)}"}}]')
    assert isinstance(row, ObjectRow)


def test_a_line_longer_than_any_costs_itself_only() -> None:
    long = "x" * (TABLE_RECORD.most + 7)
    refused, whole = rows_of(f"id,name\n1,{long}\n2,b\n")
    assert isinstance(refused, Unreadable)
    assert (refused.line, "16,777,216 characters of one row" in refused.reason) == (2, True)
    assert isinstance(whole, TableRow)
    assert (whole.line, whole.values) == (3, ["2", "b"])


def test_a_page_of_html_does_not_look_like_json() -> None:
    assert looks_like_json(file_of(' \n{"id": 1}'))
    assert not looks_like_json(file_of("<html>"))
    assert not looks_like_json(file_of(""))


@given(st.binary(max_size=200))
def test_no_bytes_make_reading_objects_fail(data: bytes) -> None:
    for row in objects_of(b"[" + data):
        assert row.line is None or row.line >= 1
