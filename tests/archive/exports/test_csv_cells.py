"""No cell of our CSV is run by a spreadsheet, whatever it separates by, and each comes back as it was."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.exports.downloads.cells import restore_text, spare_text, write_line

DDE = "2+5+cmd|' /C calc'!A0;x"
SIGNS = ["=", "+", "-", "@", "＝", "＋", "－", "＠"]
UNSEEN = ["", " ", "\u200b", "\ufeff", "\u00a0", "\u2060\u200d", "\u3000"]
BREAKS = ["", "We care\n", "We care\r\n", "We care\r", "We care;", "a;;", "a\u2028", "a\t", "a;\n"]

texts = st.lists(
    st.sampled_from([*SIGNS, *UNSEEN, *BREAKS, "'", '"', ",", ";", "1", "007", "a", "\0"]),
    max_size=12,
).map("".join)


def read_by(line: str, separator: str) -> list[str]:
    """Cells of a line where another character separates: what stands between, quotes of ours or not."""
    return [cell for row in line.splitlines() for cell in row.split(separator)]


def is_run(cell: str) -> bool:
    """Whether a spreadsheet that drops what is not seen would find a formula."""
    seen = cell.lstrip("".join(UNSEEN) + '\0"')
    return seen.startswith(tuple(SIGNS))


@pytest.mark.parametrize("unseen", UNSEEN)
@pytest.mark.parametrize("sign", SIGNS)
def test_a_formula_is_a_text_wherever_a_cell_may_begin(sign: str, unseen: str) -> None:
    for before in BREAKS:
        text = f"{before}{unseen}{sign}{DDE}"
        line = write_line(["Vote", text])
        assert f"{before}'{unseen}{sign}" in line, "the sign stands behind an apostrophe"
        assert [cell for cell in read_by(line, ";") if is_run(cell)] == []
        assert next(csv.reader(io.StringIO(line, newline=""))) == ["Vote", spare_text(text)]
        assert restore_text(spare_text(text)) == text


@given(texts)
def test_every_text_comes_back_and_none_is_run(text: str) -> None:
    spared = spare_text(text)
    assert restore_text(spared) == text
    assert not is_run(spared.replace('"', "x"))
    # The first begins with a quote of ours, so that the text's own first character follows it.
    others = read_by(write_line([text, [text]]), ";")[1:]
    assert [cell for cell in others if is_run(cell)] == []


def test_numbers_stay_numbers_and_plain_words_stay_as_they_are() -> None:
    assert write_line([-5, 1.5, "a; b - c = d", "07"]) == '-5,1.5,"a; b - c = d","\'07"\r\n'


def test_a_list_is_spared_within_its_json() -> None:
    assert write_line([["We care;=2+5"]]) == '"[""We care;\'=2+5""]"\r\n'


def test_a_text_of_breaks_alone_takes_no_longer_than_it_is_long() -> None:
    assert len(spare_text("\u200b" * 200_000 + "a")) == 200_001
    assert len(spare_text("\n" * 200_000)) == 200_001
