"""Dated parameters: the value of a day, with its source."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from archive.records import MissingReason
from config.settings import Settings
from config.yaml_files import YamlFileError
from oversight.reference.parameters import read_parameters

THRESHOLD = """
id: threshold
title: Spending from which a name is due
unit: cents
type: int
values:
  - {from: 2020-01-01, value: 500, source: {cite: Act 1, evidence: memory}}
  - {from: 2022-01-01, value: 700, source: {cite: Act 2, evidence: memory}}
  - {from: 2024-01-01, value: null, source: {cite: Act 3, evidence: memory}}
"""
Write = Callable[[str, str], Path]


@pytest.mark.parametrize(
    ("day", "value"),
    [
        (date(2019, 12, 31), MissingReason.NOT_PROVIDED),
        (date(2020, 1, 1), 500),
        (date(2021, 12, 31), 500),
        (date(2022, 1, 1), 700),
        (date(2024, 1, 1), MissingReason.NOT_PROVIDED),
        (None, MissingReason.NOT_PROVIDED),
    ],
)
def test_a_value_holds_from_its_day_until_the_next(
    home_settings: Settings, write_config: Write, day: date | None, value: object
) -> None:
    write_config("params/threshold.yaml", THRESHOLD)
    assert read_parameters(home_settings).values["threshold"].find_value(day) == value


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("value: 500", "value: much", "not of type int"),
        ("2022-01-01", "2019-01-01", "oldest first"),
        ("unit: cents", "uprating: yearly", "uprating"),
        ("type: int", "type: timestamp", "cannot be a timestamp"),
        ("{cite: Act 1, evidence: memory}", "{cite: Act 1, evidence: statute_text}", "read_on"),
        (", source: {cite: Act 1, evidence: memory}", "", "required"),
    ],
)
def test_a_parameter_that_is_not_in_order_is_refused(
    home_settings: Settings, write_config: Write, old: str, new: str, why: str
) -> None:
    write_config("params/threshold.yaml", THRESHOLD.replace(old, new))
    with pytest.raises(YamlFileError, match=why):
        read_parameters(home_settings).find("threshold")


def test_the_union_lost_a_member_in_2020(home_settings: Settings) -> None:
    states = read_parameters(home_settings).values["eu_member_states"]
    before, after = states.find_value(date(2020, 1, 31)), states.find_value(date(2020, 2, 1))
    assert isinstance(before, tuple)
    assert isinstance(after, tuple)
    assert set(before) - set(after) == {"GB"}
