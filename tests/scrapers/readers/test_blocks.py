"""Tables as blocks of lines: nothing is lost between them, and a change stays where it is."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrapers.readers import blocks
from scrapers.readers.blocks import cut_blocks, hash_lines

TABLES = st.lists(st.binary(max_size=40).filter(lambda line: b"\n" not in line), max_size=60)


@pytest.fixture(autouse=True, scope="module")
def _small_pieces():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "CHUNK_BYTES", 16)
        patch.setattr(blocks, "END_BITS", 3)
        patch.setattr(blocks, "LONGEST_BLOCK", 8)
        yield


def cut(data: bytes) -> list[list[bytes]]:
    return list(cut_blocks(lambda: io.BytesIO(data)))


@given(TABLES, st.booleans())
def test_blocks_hold_every_line_once_and_in_order(lines: list[bytes], ends: bool) -> None:
    data = b"\n".join(lines) + b"\n" * ends
    assert [line for block in cut(data) for line in block] == data.removesuffix(b"\n").split(b"\n")[
        : None if data else 0
    ]


def test_a_line_that_comes_leaves_the_blocks_below_it_as_they_were() -> None:
    lines = [b"x" * (number % 7) for number in range(200)]
    before, after = cut(b"\n".join(lines)), cut(b"\n".join([b"new", *lines]))
    assert after[1:] == before[1:]


def test_lines_of_one_length_make_no_endless_block() -> None:
    assert max(map(len, cut(b"a\n" * 500))) <= 8 + 16


def test_a_line_longer_than_any_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "LONGEST_LINE", 100)
    with pytest.raises(ValueError, match="too long"):
        cut(b"a" * 200)


def test_two_lines_and_one_that_spells_both_have_another_hash() -> None:
    assert hash_lines(b"key", [b"a", b"b"]) != hash_lines(b"key", [b"ab"])
    assert hash_lines(b"key", [b"a"]) != hash_lines(b"yek", [b"a"])
