"""What a correction of an ad's numbers is, and how any correction is told."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import select
from typer.testing import CliRunner

from archive.ingest.corrections import AD_FIGURES, Figures, correct_ad, write_corrections
from archive.ingest.rows import Stamp
from archive.models import Correction
from archive.reading.as_of.moment import Moment
from archive.reading.corrections import CorrectionFilter, list_corrections, tell_correction
from archive.runs.lease import RunLease
from archive.store.database import read, write
from config.settings import Settings
from paidforby import app
from tests.migrated import init_fresh

DAY_1 = datetime(2026, 3, 1, 12, tzinfo=UTC)


def day(number):
    return DAY_1 + timedelta(days=number - 1)


def make_stamp(at):
    return Stamp(RunLease(7, "example", "2026", 1, at, is_sweep=True), 9, at)


def correct(before, after, *, ended_at=None, first_on=2, then_on=3):
    """Fields given as `spend=(100, 199)`, as before and after of the correction, or nothing."""
    was, now = Figures(spell(**before), day(first_on)), Figures(spell(**after), day(then_on))
    row = correct_ad("example:a1", "example:page-1", make_stamp(day(then_on)), was, now, ended_at)
    return row and (row["before"], row["after"])


def spell(spend=(None, None), impressions=(None, None), currency="EUR"):
    return {
        "currency": currency,
        "spend_lower_minor": spend[0],
        "spend_upper_minor": spend[1],
        "impressions_lower": impressions[0],
        "impressions_upper": impressions[1],
    }


def money(lower, upper, currency="EUR"):
    return {"currency": currency, "spend_lower_minor": lower, "spend_upper_minor": upper}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((100, 199), (200, 299)),
        ((100, 199), (100, 199)),
        ((100, 199), (100, None)),
        ((None, None), (100, 199)),
        ((100, None), (200, 299)),
    ],
)
def test_what_grows_or_becomes_known_while_an_ad_runs_is_no_correction(before, after):
    assert correct({"spend": before}, {"spend": after}) is None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((200, 299), (100, 299)),
        ((200, 299), (200, 250)),
        ((200, None), (100, None)),
        ((200, 299), (None, None)),
    ],
)
def test_a_bound_that_falls_is_a_correction_with_both_ends(before, after):
    found = correct({"spend": before}, {"spend": after})

    assert found == (money(*before), money(*after))


def test_only_what_fell_is_shown():
    found = correct(
        {"spend": (100, 199), "impressions": (1000, 1999)},
        {"spend": (200, 299), "impressions": (500, 999)},
    )

    assert found == (
        {"impressions_lower": 1000, "impressions_upper": 1999},
        {"impressions_lower": 500, "impressions_upper": 999},
    )


def test_any_other_figure_of_an_ad_that_had_ended_is_a_correction():
    grown = ({"spend": (100, 199)}, {"spend": (200, 299)})

    assert correct(*grown, ended_at=day(1)) == (money(100, 199), money(200, 299))
    assert correct(*grown, ended_at=day(2) + timedelta(hours=1)) is None


def test_another_currency_is_a_correction_though_the_number_grew():
    found = correct({"spend": (100, 100)}, {"spend": (300, 300), "currency": "USD"})

    assert found == (money(100, 100), money(300, 300, "USD"))


def test_without_any_amount_another_currency_corrects_nothing():
    assert correct({}, {"currency": "USD"}) is None


def test_an_older_observation_corrects_nothing():
    assert correct({"spend": (200, 299)}, {"spend": (1, 2)}, first_on=5) is None


figures = st.fixed_dictionaries(
    {name: st.none() | st.integers(0, 5) for name in AD_FIGURES}
    | {"currency": st.sampled_from(["EUR", "USD", None])}
)


@given(before=figures, after=figures, closed=st.booleans())
def test_a_correction_never_invents_a_figure_and_never_repeats_what_stands(before, after, closed):
    ended_at = day(1) if closed else None
    row = correct_ad(
        "example:a1",
        None,
        make_stamp(day(3)),
        Figures(before, day(2)),
        Figures(after, day(3)),
        ended_at,
    )
    if row is not None:
        assert row["before"] != row["after"]
        assert row["before"].items() <= before.items()
        assert row["after"].items() <= after.items()
        assert any(value is not None for value in row["before"].values())


@given(values=figures)
def test_what_stays_as_it_is_is_never_corrected(values):
    same = [Figures(values, day(2)), Figures(values, day(3))]

    assert correct_ad("example:a1", None, make_stamp(day(3)), *same, day(1)) is None


def keep_corrections(engine):
    """One of an ad, learned on the third day, and one of a filing, learned on the fourth."""
    ad = correct_ad(
        "example:a1",
        "example:page-1",
        make_stamp(day(3)),
        Figures(spell(spend=(200_00, 299_00)), day(2)),
        Figures(spell(spend=(100_00, None)), day(3)),
        None,
    )
    filed = make_stamp(day(4)).columns | {
        "measure": "disclosed",
        "kind": "restated",
        "source": "elsewhere",
        "subject": "elsewhere:r1",
        "advertiser_id": None,
        "before": {"currency": "USD", "amount_minor": 100_00, "payee_name": "A printer"},
        "after": {"currency": "USD", "amount_minor": 100_50, "payee_name": None},
        "before_observed_at": day(2),
    }
    with write(engine) as session:
        write_corrections(session, [ad, filed])


def test_a_correction_says_where_it_stands(engine):
    keep_corrections(engine)

    with read(engine) as session:
        row = session.exec(select(Correction).where(Correction.measure == "ads")).one()
    assert (row.run_id, row.capture_id) == (7, 9)
    assert (row.before_observed_at, row.observed_at, row.recorded_at) == (day(2), day(3), day(3))


def test_a_correction_is_told_in_a_sentence(engine):
    keep_corrections(engine)
    with read(engine) as session:
        told = [tell_correction(one) for one in list_corrections(session, CorrectionFilter()).items]

    assert told == [
        (
            "Filed row elsewhere:r1. The source had said: exactly 100 USD, paid to A printer. "
            "It says now: exactly 100.50 USD, paid to nobody named."
        ),
        "Ad example:a1. The source had said: 200 to 299 EUR. It says now: at least 100 EUR.",
    ]


def test_at_an_earlier_moment_only_what_was_learned_by_then_is_listed(engine):
    keep_corrections(engine)
    with read(engine) as session:
        then = list_corrections(session, CorrectionFilter(), moment=Moment(as_of=day(3)))

    assert [one.subject for one in then.items] == ["example:a1"]


def test_the_command_lists_them_as_a_table_and_as_json(tmp_path, monkeypatch):
    monkeypatch.setenv("PAIDFORBY_HOME", str(tmp_path))
    engine = init_fresh(Settings(home=tmp_path), [])
    keep_corrections(engine)
    engine.dispose()
    runner = CliRunner()

    table = runner.invoke(app, ["corrections", "--source", "example"])
    assert "200 to 299 EUR" in table.output
    assert "elsewhere:r1" not in table.output
    as_json = runner.invoke(app, ["corrections", "--json"])
    assert '"subject": "elsewhere:r1"' in as_json.output
