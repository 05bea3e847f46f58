"""Rows that are refused, and what a complete import may still say is gone."""

from sqlmodel import col, func, select

from archive.models import PublicAd
from archive.models.runs import Outcome
from archive.store.database import read
from scrapers.commands.importing import tell_import
from tests.scrapers.crawls import Home
from tests.scrapers.stories import run, spell_file, spell_row

GOOD = [spell_row(f"ad{number}") for number in range(3)]


def count_gone(home: Home) -> int:
    with read(home.engine) as session:
        gone = select(func.count()).where(col(PublicAd.state) == "vanished")
        return session.exec(gone).one()


def refuse(ref: str) -> str:
    return spell_row(ref).replace(",10,", ",1.5,")


def test_an_ad_in_a_row_that_is_refused_is_there_and_another_is_gone(home: Home) -> None:
    run(home, spell_file(*GOOD, spell_row("odd")), 0)
    report = run(home, spell_file(*GOOD[1:], refuse("odd")), 1)

    assert (report.outcome, report.counts.vanished) == (Outcome.ATTENTION, 1)
    assert "what they name counts as still there" in report.reason
    assert count_gone(home) == 1


def test_a_row_without_an_id_that_can_be_read_stands_in_the_way_of_all(home: Home) -> None:
    run(home, spell_file(*GOOD), 0)
    report = run(home, spell_file(*GOOD[1:], spell_row("1.7E+15")), 1)

    assert report.counts.vanished == 0
    assert "1 of them may be of what is missing: nothing is called gone" in report.reason
    assert "  1 of them may be of what is missing: nothing is called gone" in tell_import(report)
    assert count_gone(home) == 0


def test_an_ad_whose_refused_row_is_gone_is_gone_too(home: Home) -> None:
    run(home, spell_file(*GOOD, spell_row("odd")), 0)
    run(home, spell_file(*GOOD, refuse("odd")), 1)
    run(home, spell_file(*GOOD), 2)

    assert count_gone(home) == 1


def test_a_column_that_is_new_hides_no_ad(home: Home) -> None:
    run(home, spell_file(*GOOD), 0)
    header, *rows = spell_file(*GOOD[1:]).decode().splitlines()
    wider = "\n".join([header + ",Mood", *(row + ",calm" for row in rows), ""])
    report = run(home, wider.encode(), 1)

    assert report.counts.vanished == 1
