"""What is found, how it is counted and how it is shown: the same on every real engine."""

from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path

import pytest

from config.settings import Settings
from search.hits import MARK_END, MARK_START, SearchPage
from search.port import SearchEngine
from tests.migrated import init_fresh
from tests.search.conftest import ENGINES, SearchArchive, make_ad, open_engine, refs_of

SPOKEN = {
    "pt": "Habitação para todos: vote no dia 4 de outubro",
    "fr": "Pour une école publique et gratuite, dès la rentrée",
    "de": "Klimaschutz für die grüne Straße von morgen",
    "ar": "العمل من أجل المُناخ يبدأ اليوم",
    "hi": "जलवायु परिवर्तन के लिए अभी मतदान करें",
    "uk": "Нові школи для кожної громади вже цього року",
    "ka": "კლიმატი ყველას საქმეა, მოდი არჩევნებზე",
    "zh": "我们支持城市的气候行动计划",
    "th": "เราสนับสนุนนโยบายสภาพภูมิอากาศ",
    "pl": "Tańszy prąd dla mieszkańców miasta Łódź",
}
ADS = [
    *(make_ad(ref, text, languages=[ref]) for ref, text in SPOKEN.items()),
    make_ad(
        "landing",
        landing_urls=[
            "https://www.rivertown.example/clean-air/SignThePetition?utm_source=riverside"
        ],
        advertiser_name="Friends of Rivertown",
        payer_name="Rivertown Action Fund",
        countries=["US"],
        started_on=date(2024, 5, 1),
        ended_on=date(2024, 5, 31),
        currency="USD",
        spend_lower_minor=500_00,
        spend_upper_minor=500_00,
        impressions_lower=9_000,
        impressions_upper=9_999,
        declared_political=True,
    ),
    make_ad(
        "markup",
        '<script>alert("tariffs")</script> <b>Tariffs</b> now & then',
        countries=["US", "CA"],
        started_on=date(2024, 6, 10),
        currency="USD",
        spend_lower_minor=100_00,
        impressions_lower=100,
    ),
    make_ad(
        "harbour",
        "Keep the harbour open. Harbour jobs are town jobs.",
        countries=["GB"],
        started_on=date(2023, 1, 2),
        ended_on=date(2023, 2, 1),
        currency="GBP",
        spend_lower_minor=900_00,
        spend_upper_minor=999_00,
    ),
    make_ad("jobs", "Open jobs at the quiet harbour of the north", countries=["GB"]),
]
UNLISTED = make_ad("umbrella", "Umbrellas for rainy days", declared_political=False)


@pytest.fixture(scope="module", params=ENGINES)
def find(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., SearchPage]:
    """Asks an engine that holds ADS, and an ad that is not listed by default; tests only read it."""
    folder: Path = tmp_path_factory.mktemp("finding")
    search_archive = SearchArchive(init_fresh(Settings(home=folder), []))
    search_archive.add(*ADS, UNLISTED)
    search: SearchEngine = open_engine(
        request.param, search_archive.engine, folder, request.getfixturevalue
    )
    search_archive.sync(search)
    return partial(search_archive.ask, search)


@pytest.mark.parametrize(
    ("text", "ref"),
    [
        ("habitação", "pt"),
        ("école", "fr"),
        ("Klimaschutz", "de"),
        ("المُناخ", "ar"),
        ("जलवायु", "hi"),
        ("школи", "uk"),
        ("კლიმატი", "ka"),
        ("气候", "zh"),
        ("气候行动", "zh"),
        ("นโยบาย", "th"),
        ("prąd", "pl"),
        ("harbour north", "jobs"),
        ('"harbour jobs"', "harbour"),
        ("landing", "landing"),
    ],
)
def test_a_word_of_any_language_finds_its_ad_alone(find, text, ref):
    page = find(text)
    assert refs_of(page) == [ref]
    assert (page.total, page.total_from, page.matched) == (1, "exact", "all_words")


@pytest.mark.parametrize(
    ("text", "ref"),
    [
        ("habitacao", "pt"),
        ("ECOLE", "fr"),
        ("grune", "de"),
        ("المناخ", "ar"),
        ("prad", "pl"),
    ],
)
def test_accents_and_case_may_be_left_out(find, text, ref):
    assert refs_of(find(text)) == [ref]


@pytest.mark.parametrize(
    "text", ["clean air", "rivertown.example", "petition", "sign the petition"]
)
def test_an_ad_without_text_is_found_by_the_words_of_its_landing_address(find, text):
    assert refs_of(find(text)) == ["landing"]


def test_tracking_labels_in_addresses_find_nothing(find):
    assert find('"riverside"').total == 0


def test_names_find_ads(find):
    page = find("rivertown action fund")
    assert refs_of(page) == ["landing"]


def test_a_permanent_id_finds_its_ad(find):
    assert refs_of(find("id:example:markup")) == ["markup"]
    assert refs_of(find("id:markup")) == ["markup"]
    assert find("id:elsewhere:markup").total == 0


def test_nonsense_finds_nothing(find):
    page = find("qwxzvbnm", facets=["source"])
    assert (page.total, page.hits, page.facets) == (0, [], {"source": {}})


def test_an_empty_query_lists_every_ad_newest_first(find):
    page = find(facets=["source"], limit=100)
    assert page.total == len(ADS) == len(page.hits)
    assert page.matched == "everything"
    assert page.facets == {"source": {"example": len(ADS)}}
    assert refs_of(page)[:3] == ["markup", "landing", "harbour"]


def test_pages_join_without_gap_or_repeat(find):
    pages = [refs_of(find(limit=4, page=number)) for number in range(1, 6)]
    assert sorted(ref for page in pages for ref in page) == sorted(ad.ref for ad in ADS)


@pytest.mark.parametrize(
    ("filters", "refs"),
    [
        ([("country", "US")], ["landing", "markup"]),
        ([("country", "CA")], ["markup"]),
        ([("country", "CA"), ("country", "GB")], ["harbour", "jobs", "markup"]),
        ([("country", "US"), ("language", "pt")], []),
        ([("language", "zh")], ["zh"]),
        ([("payer", "Rivertown Action Fund")], ["landing"]),
        ([("payer", 'Nobody" OR source = "example')], []),
        ([("declared_political", "false")], ["umbrella"]),
        ([("declared_political", "true")], ["landing"]),
        ([("from", "2024-05-31"), ("to", "2024-06-09")], ["landing"]),
        ([("from", "2025-01-01")], ["markup"]),
        ([("to", "2023-01-02")], ["harbour"]),
        ([("currency", "USD"), ("spend_min", "101")], ["landing"]),
        ([("impressions_min", "100")], ["landing", "markup"]),
        ([("source", "elsewhere")], []),
    ],
)
def test_filters_narrow_and_what_is_unknown_passes_none(find, filters, refs):
    page = find(filters=filters)
    assert sorted(refs_of(page)) == refs
    assert page.total == len(refs)


def test_an_ad_that_its_source_calls_unpolitical_is_found_by_those_who_ask_for_it(find):
    assert find("umbrellas").total == 0
    assert refs_of(find("umbrellas", include="unlabelled")) == ["umbrella"]
    assert find(include="unlabelled").total == find().total + 1


def test_filters_and_words_go_together(find):
    assert refs_of(find("jobs", filters=[("currency", "GBP")])) == ["harbour"]


def test_facets_count_the_whole_answer_and_a_list_in_each_of_its_values(find):
    page = find(limit=1, facets=["country", "currency", "declared_political"])
    assert page.facets == {
        "country": {"US": 2, "GB": 2, "CA": 1},
        "currency": {"USD": 2, "GBP": 1},
        "declared_political": {"true": 1},
    }


def test_sorting_by_spend_keeps_currencies_apart_and_the_unknown_last(find):
    assert refs_of(find(sort="spend"))[:3] == ["harbour", "landing", "markup"]


def test_sorting_by_impressions_puts_the_unknown_last(find):
    assert refs_of(find(sort="impressions"))[:2] == ["landing", "markup"]


def test_sorting_is_kept_whatever_is_more_relevant(find):
    assert refs_of(find("harbour", sort="newest")) == ["harbour", "jobs"]


def test_snippets_mark_what_matched_and_leave_escaping_to_the_reader(find):
    hit = find("tariffs").hits[0]
    assert f'<script>alert("{MARK_START}tariffs{MARK_END}")</script>' in hit.snippet
    assert hit.snippet_from == "body"


def test_the_snippet_of_an_ad_without_text_is_its_landing_address(find):
    hit = find("petition").hits[0]
    assert f"{MARK_START}Petition{MARK_END}" in hit.snippet
    assert hit.snippet_from == "landing"


def test_a_hit_shows_all_a_list_needs_and_why_the_rest_is_missing(find):
    hit = find("clean air").hits[0]
    assert (hit.id, hit.source, hit.advertiser) == (
        "example:landing",
        "example",
        "Friends of Rivertown",
    )
    assert (hit.spend_lower_minor, hit.spend_upper_minor, hit.currency) == (500_00, 500_00, "USD")
    assert (hit.started_on, hit.ended_on) == (date(2024, 5, 1), date(2024, 5, 31))
    assert (hit.state, hit.versions, hit.countries) == ("seen", 1, ["US"])
    assert hit.missing["languages"] == "not_provided"


def test_no_value_of_a_filter_is_more_than_a_value(
    search: SearchEngine, search_archive: SearchArchive
):
    payers = ["ends with \\", "\\x", 'q\\"x', '"', "\\\\", "it's", "] OR payer EXISTS"]
    search_archive.add(*(make_ad(f"a{n}", payer_name=name) for n, name in enumerate(payers)))
    search_archive.sync(search)
    for n, name in enumerate(payers):
        assert refs_of(search_archive.ask(search, filters=[("payer", name)])) == [f"a{n}"]
