"""The page about each source says what its spider says, and nothing that was true once."""

from pathlib import Path

import pytest

import scrapers
from archive.records import SourceInfo
from scrapers.commands.source_pages import IN_TERMS, LABELS, make_pages, write_pages
from scrapers.spiders import find_spiders

KEPT = Path(scrapers.__file__).parents[1] / "docs" / "sources"
RENEW = "type: paidforby sources --docs docs/sources"


def test_every_source_has_its_page_and_no_other_page_stands_there():
    kept = {path.name for path in KEPT.glob("*.md")}
    assert kept == {"README.md", *(f"{source}.md" for source in find_spiders())}, RENEW


@pytest.mark.parametrize("name", sorted(make_pages()))
def test_a_page_is_up_to_date(name):
    assert (KEPT / name).read_text("utf-8") == make_pages()[name], RENEW


def test_no_field_of_a_source_is_left_out():
    assert {*LABELS, *IN_TERMS} == set(SourceInfo.model_fields)


def test_a_page_names_the_variables_that_an_operator_sets_for_this_source_alone():
    pages = make_pages()
    assert "| `PAIDFORBY_TIKTOK_CLIENT_KEY` | Client key" in pages["tiktok_commercial_content.md"]
    assert "PAIDFORBY_" not in pages["snap.md"]


def test_no_source_is_left_half_written():
    assert [name for name, text in make_pages().items() if "EDIT" in text] == []


def test_pages_are_well_formed_whatever_a_source_says(monkeypatch):
    spider = find_spiders()["snap"]
    odd = spider.info.model_copy(update={"data_gaps": "a | pipe\nand a line"})
    monkeypatch.setattr(spider, "info", odd)
    assert r"| Does not tell | a \| pipe and a line |" in make_pages()["snap.md"]


def test_the_page_of_a_source_that_is_no_more_goes(tmp_path):
    (tmp_path / "gone.md").write_text("old")
    write_pages(tmp_path)
    assert not (tmp_path / "gone.md").exists()
    assert (tmp_path / "snap.md").exists()
