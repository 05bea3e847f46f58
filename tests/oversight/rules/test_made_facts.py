"""Facts that follow from others: regions of delivery, countries derived from them, registers."""

from datetime import date
from typing import Any

import pytest

from archive.records import MissingReason
from oversight.language import FactValue
from oversight.reference.parameters import Parameter
from oversight.rules.facts import read_facts
from oversight.rules.made_facts import derive_countries, look_up
from tests.oversight.reference.test_registers import FIRST, listed, make_copy
from tests.oversight.rules.test_facts import make_public_ad

DAYS = (date(2026, 1, 3), date(2026, 1, 4))
NEVER = MissingReason.NOT_PROVIDED


def make_regions(country: str, *regions: str, since: date = date(2000, 1, 1)) -> Parameter:
    source = {"cite": "A list", "evidence": "memory"}
    values = [{"from": since, "value": list(regions), "source": source}]
    return Parameter.model_validate(
        {"id": f"regions_of_{country}", "title": "Regions", "type": "strings", "values": values}
    )


TABLES = {
    each.id: each
    for each in (make_regions("us", "Ohio", "Georgia"), make_regions("ge", "Georgia", "Imereti"))
}


@pytest.mark.parametrize(
    ("delivery", "expected"),
    [
        (
            [{"by": "region", "region": "Ohio"}, {"by": "region", "region": "Iowa"}],
            ("Iowa", "Ohio"),
        ),
        ([{"by": "region", "region": "Ohio"}, {"by": "region", "region": None}], "unreadable"),
        ([{"by": "age_gender", "age": "18-24"}], "not_provided"),
    ],
)
def test_regions_are_those_of_delivery_by_region_and_all_of_them(
    delivery: list[dict[str, Any]], expected: object
) -> None:
    facts = read_facts(make_public_ad(delivery=delivery))
    assert facts["ad.delivery_regions"] == expected


def test_what_people_were_aimed_by_is_told_once_and_blank_stays_blank() -> None:
    aimed = [{"dimension": d, "mode": "include", "text": "x"} for d in ("location", "age", "age")]
    assert read_facts(make_public_ad(targeting=aimed))["ad.targeting_dimensions"] == (
        ("age", "location")
    )
    blank = make_public_ad(missing={"targeting": "not_disclosed", "countries": "redacted"})
    assert read_facts(blank)["ad.targeting_dimensions"] is MissingReason.NOT_DISCLOSED
    assert read_facts(blank)["ad.countries_from"] is MissingReason.REDACTED
    assert read_facts(make_public_ad(countries=["GR"]))["ad.countries_from"] == "stated"


def test_kinds_of_things_are_written_alike_whoever_names_them() -> None:
    ad = make_public_ad(surfaces=["Audience  Network", "instagram"], media_type="VIDEO")
    facts = read_facts(ad)
    assert facts["ad.surfaces"] == ("audience_network", "instagram")
    assert facts["ad.media_type"] == "video"
    unsaid = read_facts(make_public_ad(missing={"surfaces": "not_disclosed"}))
    assert unsaid["ad.surfaces"] is MissingReason.NOT_DISCLOSED
    assert unsaid["ad.media_type"] is NEVER


@pytest.mark.parametrize(
    ("countries", "regions", "derived"),
    [
        (NEVER, ("Ohio",), ("US",)),
        (NEVER, ("Imereti", "Ohio"), ("GE", "US")),
        (NEVER, ("Ohio", "Unknown"), None),
        (NEVER, ("Georgia",), None),
        (NEVER, NEVER, None),
        (("GR",), ("Ohio",), None),
        (MissingReason.REDACTED, ("Ohio",), None),
    ],
)
def test_countries_are_derived_only_where_none_is_stated_and_each_region_has_one_home(
    countries: FactValue, regions: FactValue, derived: tuple[str, ...] | None
) -> None:
    facts = {"ad.countries": countries, "ad.delivery_regions": regions}
    told = derive_countries(TABLES, facts, DAYS)
    expected = {"ad.countries": derived, "ad.countries_from": "derived"} if derived else {}
    assert told == expected


def test_a_table_of_regions_counts_from_its_day() -> None:
    late = make_regions("us", "Ohio", since=date(2026, 1, 4))
    facts = {"ad.countries": NEVER, "ad.delivery_regions": ("Ohio",)}
    assert derive_countries({late.id: late}, facts, DAYS) == {}


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"ad.payer_name": "Harbour Friends"}, True),
        ({"ad.payer_name": "Pier Club"}, False),
        ({"ad.payer_name": MissingReason.REDACTED}, MissingReason.REDACTED),
        ({}, NEVER),
    ],
)
def test_a_register_lists_who_pays_or_does_not(
    facts: dict[str, FactValue], expected: FactValue
) -> None:
    name = "register.third_lists_payer"
    held = {"third": (make_copy(0, listed()),)}
    assert look_up([name], held, facts, DAYS) == {name: expected}


def test_one_of_the_numbers_suffices_and_without_a_copy_or_a_day_nothing_is_known() -> None:
    name, held = "register.third_lists_number", {"third": (make_copy(0, listed()),)}
    facts = {"ad.registration_refs": ("4", "7")}
    not_loaded = {name: MissingReason.NOT_LOOKED}
    assert look_up([name], held, facts, DAYS) == {name: True}
    assert look_up([name], {}, facts, DAYS) == not_loaded
    assert look_up([name], held, facts, None) == not_loaded
    assert look_up([name], held, {"ad.registration_refs": ("4",)}, (FIRST, date(2026, 3, 1))) == (
        not_loaded
    )
