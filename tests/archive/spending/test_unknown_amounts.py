"""What unknown amounts and former currencies leave of a sum."""

from datetime import UTC, date, datetime

from tests.archive.spending.test_spending import JANUARY, RUN, rows, summarise


def test_an_ad_of_unknown_spend_leaves_the_upper_end_of_the_others_closed(
    engine, ingest_run, make_ad
):
    unknown = {"spend_lower_minor": None, "spend_upper_minor": None}
    ingest_run([make_ad("a1", **RUN), make_ad("a2", **unknown, **RUN)])

    for asked in ({}, JANUARY):
        [group] = summarise(engine, **asked).groups
        assert (group.upper_minor, group.open_count, group.unknown_count) == (199_00, 0, 1)


def test_bounds_rest_on_snapshots_in_the_present_currency_only(engine, ingest_run, make_ad):
    for day, currency, least in ((11, "EUR", 900_00), (21, "USD", 100_00), (22, "USD", 150_00)):
        spent = {"spend_lower_minor": least, "spend_upper_minor": least + 99}
        ingest_run(
            [make_ad("a1", currency=currency, **spent, **RUN), make_ad("a2", **RUN)],
            datetime(2026, 1, day, 12, tzinfo=UTC),
        )

    assert rows(engine, from_on=date(2026, 1, 1), to_on=date(2026, 1, 20), currency="USD") == [
        ("all", "USD", 0, 100_99, 1)
    ]
