"""Windows on the election calendar: local calendars, clock changes, several zones."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from config.settings import Settings
from oversight.reference.periods import Period
from oversight.reference.windows import WindowSpec, compute_window
from oversight.rules.rule_book import read_rule_book
from tests.commands import run_paidforby
from tests.config.bad_files import RULE
from tests.oversight.reference.votes import SOURCE, make_election, reckon


def test_the_eve_begins_at_local_midnight() -> None:
    assert reckon("polling_day - P1D", "poll_closes") == [("2023-05-19 21:00", "2023-05-21 16:00")]


def test_hours_are_elapsed_time_and_days_are_calendar_days() -> None:
    # Clocks went forward in Athens on 26 March 2023, so that day has 23 hours.
    votes = {"polling_days": [date(2023, 3, 27)]}
    assert reckon("poll_opens - P1D", "poll_opens", **votes)[0][0] == "2023-03-26 04:00"
    assert reckon("poll_opens - P2D", "poll_opens", **votes)[0][0] == "2023-03-25 05:00"
    assert reckon("poll_opens - PT48H", "poll_opens", **votes)[0][0] == "2023-03-25 04:00"


@pytest.mark.parametrize(
    ("polling_day", "offset", "begins"),
    [
        (date(2023, 5, 31), "P3M", "2023-02-27 22:00"),
        (date(2024, 5, 31), "P3M", "2024-02-28 22:00"),
        (date(2023, 5, 21), "P3M", "2023-02-20 22:00"),
        (date(2024, 2, 29), "P1Y", "2023-02-27 22:00"),
        (date(2023, 1, 15), "P1M", "2022-12-14 22:00"),
        (date(2023, 5, 21), "P2W", "2023-05-06 21:00"),
    ],
)
def test_months_are_months_and_end_on_their_last_day(
    polling_day: date, offset: str, begins: str
) -> None:
    spans = reckon(f"polling_day - {offset}", "poll_closes", polling_days=[polling_day])
    assert spans[0][0] == begins


def test_several_polling_days_open_on_the_first_and_close_on_the_last() -> None:
    days = [date(2023, 5, 21), date(2023, 5, 22)]
    assert reckon("poll_opens", "poll_closes + PT24H", polling_days=days) == [
        ("2023-05-21 04:00", "2023-05-23 16:00")
    ]


def test_a_window_from_an_unknown_call_is_unknown() -> None:
    spec = WindowSpec.model_validate({"from": "called_on", "to": "poll_closes"})
    window = compute_window(spec, make_election())
    ran = datetime(2023, 5, 21, tzinfo=UTC)
    assert window.spans == ()
    assert window.overlaps(Period(ran, ran, ran, ran)) is None
    assert reckon("called_on", "month_start", called_on=date(2023, 4, 22)) == [
        ("2023-04-21 21:00", "2023-04-30 21:00")
    ]


def test_zones_that_disagree_leave_the_answer_open() -> None:
    polls = [
        {"zone": "Australia/Sydney", "opens": "08:00", "closes": "18:00"},
        {"zone": "Australia/Perth", "opens": "08:00", "closes": "18:00"},
    ]
    spec = WindowSpec.model_validate({"from": "poll_opens", "to": "poll_closes"})
    window = compute_window(spec, make_election(polls=polls))
    both, perth_only, neither = (datetime(2023, 5, 21, hour, tzinfo=UTC) for hour in (5, 9, 11))
    assert window.overlaps(Period(both, both, both, both)) is True
    assert window.overlaps(Period(perth_only, perth_only, perth_only, perth_only)) is None
    assert window.overlaps(Period(neither, neither, neither, neither)) is False


@pytest.mark.parametrize("edge", ["sunrise", "poll_opens - 1 day", "poll_opens - P", "P1D", ""])
def test_an_edge_that_is_no_moment_is_refused(edge: str) -> None:
    with pytest.raises(ValueError, match="is not one of"):
        WindowSpec.model_validate({"from": edge, "to": "poll_closes"})


def test_a_window_that_is_over_before_it_opens_is_refused() -> None:
    with pytest.raises(ValueError, match="before it opens"):
        reckon("poll_closes", "poll_opens")


def test_a_window_may_be_for_some_elections_only() -> None:
    spec = {"from": "poll_opens", "to": "poll_closes"}
    election = make_election()
    assert WindowSpec.model_validate(spec).concerns(election)
    assert WindowSpec.model_validate(spec | {"countries": ["GR"]}).concerns(election)
    assert not WindowSpec.model_validate(spec | {"kinds": ["referendum"]}).concerns(election)
    assert not WindowSpec.model_validate(spec | {"countries": ["AU"]}).concerns(election)


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"polls": [{"zone": "Europe", "opens": "07:00", "closes": "19:00"}]}, "time zone"),
        ({"polling_days": [date(9999, 12, 31)]}, "between 1800 and 2200"),
        ({"polls": [{"zone": "Atlantis/City", "opens": "07:00", "closes": "19:00"}]}, "Atlantis"),
        ({"polls": [{"zone": "../../etc", "opens": "07:00", "closes": "19:00"}]}, "time zone"),
        ({"polls": [{"zone": "UTC", "opens": "19:00", "closes": "07:00"}]}, "before they open"),
        ({"sources": [SOURCE | {"about": ["polls"]}]}, "no source is given for polling_days"),
        ({"sources": [SOURCE | {"about": ["polls", "mood"]}]}, "unknown fields: mood"),
        ({"polling_days": [date(2023, 5, 22), date(2023, 5, 21)]}, "in order"),
    ],
)
def test_an_election_without_sense_or_source_is_refused(values: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        make_election(**values)


def test_an_election_is_over_when_the_last_poll_closed() -> None:
    election = make_election()
    assert not election.is_over(datetime(2023, 5, 21, 15, 59, tzinfo=UTC))
    assert election.is_over(datetime(2023, 5, 21, 16, tzinfo=UTC))


def test_the_shipped_calendar_has_its_three_votes(home_settings: Settings) -> None:
    elections = {election.id: election for election in read_rule_book(home_settings).elections}
    assert {"us-2018-11-06-midterm", "gr-2023-05-21-parliament", "au-2023-10-14-referendum"} <= (
        elections.keys()
    )
    spec = WindowSpec.model_validate({"from": "poll_opens", "to": "poll_closes"})
    athens = compute_window(spec, elections["gr-2023-05-21-parliament"]).spans[0]
    assert athens.start_at == datetime(2023, 5, 21, 4, tzinfo=UTC)
    assert athens.end_at == datetime(2023, 5, 21, 16, tzinfo=UTC)
    assert len(elections["us-2018-11-06-midterm"].polls) >= 4


def test_an_id_may_not_be_used_by_two_files(home_settings: Settings, write_config: Any) -> None:
    shipped = read_rule_book(home_settings).elections[0]
    text = (
        f"id: {shipped.id}\ntitle: Copy\ncountry: GR\nkind: x\npolling_days: [2030-01-01]\n"
        "polls: [{zone: UTC, opens: 07:00, closes: 19:00}]\n"
        "sources: [{cite: none, evidence: memory, about: [polling_days, polls]}]\n"
    )
    write_config("elections/zz/copy.yaml", text)
    book = read_rule_book(home_settings)
    assert shipped in book.elections
    (error,) = book.refused
    assert error.why.startswith(f"{shipped.id} is another file's too; resting on it")


def test_an_election_file_is_held_against_every_rule_before_it_is_used(
    home_settings: Settings, write_config: Any
) -> None:
    rule = RULE.replace("from: polling_day - P1D", "from: called_on")
    write_config("rules/xx/good.yaml", rule.replace("params: [good]", "params: []"))
    path = write_config(
        "elections/xx/late.yaml",
        "id: late\ntitle: A vote\ncountry: XX\nkind: x\npolling_days: [2030-01-01]\n"
        "called_on: 2030-01-02\npolls: [{zone: UTC, opens: 07:00, closes: 19:00}]\n"
        "sources: [{cite: none, evidence: memory, about: [polling_days, polls, called_on]}]\n",
    )
    said = run_paidforby(
        "rules", "check", str(path), environ={"PAIDFORBY_HOME": str(home_settings.home)}
    )
    assert said.returncode == 1
    assert "late.yaml, line 1: good: the window of late is over before it opens" in said.stderr
