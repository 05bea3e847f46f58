"""The page of an ad names the rules that an ad shown in its countries falls under, and no others."""

from dataclasses import replace
from datetime import date

import pytest

from api.pages.ad import find_rules
from config.settings import Settings
from oversight.rules.rule_book import load_rules
from oversight.rules.schema import Stage
from tests.api.conftest import NOON, make_ad


@pytest.fixture(scope="module")
def rules(tmp_path_factory):
    return load_rules(Settings(home=tmp_path_factory.mktemp("rules")))


@pytest.mark.parametrize(
    ("countries", "where"),
    [
        ([], {"*"}),
        (["DE"], {"*", "EU"}),
        (["DE", "US"], {"*", "EU", "US"}),
        (["US"], {"*", "US"}),
        (["JP"], {"*"}),
    ],
)
def test_an_ad_falls_under_the_rules_of_its_countries_and_of_all(rules, countries, where):
    found = find_rules(rules, countries)
    evaluated = [rule for rule in rules if rule.is_evaluated]
    expected = [r for r in evaluated if r.file.jurisdiction.partition("-")[0] in where]
    assert found == expected
    assert {r.file.jurisdiction.partition("-")[0] for r in found} == where


@pytest.mark.parametrize(
    ("countries", "regions", "found"),
    [
        ([], ["Queensland"], True),
        ([], ["Queensland", "Nowhere"], False),
        ([], [], False),
        (["DE"], ["Queensland"], False),
    ],
)
def test_where_no_country_is_stated_a_rule_reaches_an_ad_by_its_tables_of_regions(
    rules, countries, regions, found
):
    under = {rule.id for rule in find_rules(rules, countries, regions, date(2023, 10, 13))}
    assert ("au-321d-authorisation" in under) is found


def test_a_rule_that_is_not_evaluated_is_on_no_page(rules):
    retired = [replace(r, file=r.file.model_copy(update={"stage": Stage.RETIRED})) for r in rules]
    assert find_rules(retired, ["DE", "US"]) == []


@pytest.mark.parametrize(
    "row",
    [{"by": "region", "label": "Valley"}, {"by": "region", "region": ["Valley"]}, {"share": "0.3"}],
)
def test_a_page_shows_an_ad_whose_source_names_regions_in_words_of_its_own(client, take_in, row):
    take_in([make_ad("odd", countries=[], delivery=[row])], NOON)
    assert client.get("/ads/example/odd").status_code == 200
