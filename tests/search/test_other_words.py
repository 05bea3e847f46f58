"""Words joined, left out and looked for in fields; near spellings and longer words, counted apart."""

from collections.abc import Callable

import pytest

from config.settings import Settings
from search.hits import SearchPage
from tests.migrated import init_fresh
from tests.search.conftest import ENGINES, SearchArchive, make_ad, open_engine, refs_of

ADS = [
    make_ad("de", "Klimaschutz für die grüne Straße von morgen"),
    make_ad(
        "landing",
        landing_urls=["https://www.rivertown.example/clean-air/SignThePetition?x=1"],
        advertiser_name="Friends of Rivertown",
        payer_name="Rivertown Action Fund",
    ),
    make_ad("markup", "Tariffs now & then"),
    make_ad("harbour", "Keep the harbour open. Harbour jobs are town jobs."),
    make_ad("jobs", "Open jobs at the quiet harbour of the north"),
]


@pytest.fixture(scope="module", params=ENGINES)
def find(request, tmp_path_factory) -> Callable[[str], SearchPage]:
    """Asks an engine that holds ADS as readers do; tests only read it."""
    folder = tmp_path_factory.mktemp("other-words")
    archive = SearchArchive(init_fresh(Settings(home=folder), []))
    archive.add(*ADS)
    search = open_engine(request.param, archive.engine, folder, request.getfixturevalue)
    archive.sync(search)
    return lambda text: archive.ask_like(search, text)


@pytest.mark.parametrize("text", ["tarifs", "traiffs", "petitoin"])
def test_near_spellings_are_counted_apart_and_shown_where_nothing_else_is(find, text):
    page = find(text)
    assert (page.total, page.matched) == (0, "near_spellings")
    assert page.near.total == len(page.hits) == 1
    assert find(page.near.q).total == 1


def test_quotation_marks_forgive_no_typo_and_no_longer_word(find):
    page = find('"tariff"')
    assert (page.total, page.near, page.longer) == (0, None, None)
    assert find("„Tariffs“").total == 1


def test_a_word_is_that_word_and_longer_ones_are_counted_apart(find):
    page = find("klimas")
    assert page.total == 0
    assert (page.longer.total, page.longer.words) == (1, {"klimas": ["klimaschutz"]})
    assert find(page.longer.q).total == find("klimas*").total == 1


def test_a_word_that_is_longer_and_near_is_said_once_in_each(find):
    page = find("tariff")
    assert page.near.words == page.longer.words == {"tariff": ["tariffs"]}


def test_the_question_that_finds_other_words_can_always_be_asked(find):
    misspelt = ["harboer", "jbos", "tarifs", "petitoin", "klimaschtz"]
    page = find(" OR ".join([*misspelt, *(f'"filler{n}"' for n in range(20))]))
    assert page.total == 0
    assert find(page.near.q).total == page.near.total > 0


def test_numbers_have_no_near_spellings(find):
    assert find("30178").near is None


@pytest.mark.parametrize(
    ("text", "refs"),
    [
        ("harbour -north", ["harbour"]),
        ("-harbour tariffs OR jobs", ["markup"]),
        ('jobs -"harbour jobs"', ["jobs"]),
        ("climate OR tariffs OR petition", ["landing", "markup"]),
        ("advertiser:rivertown", ["landing"]),
        ("payer:rivertown -link:petition", []),
        ("link:petition", ["landing"]),
        ("text:rivertown", []),
        ('link:"clean air"', ["landing"]),
        ("tari* -open", ["markup"]),
        ('"town jobs" OR "quiet harbour"', ["harbour", "jobs"]),
        ("rivertown.example/clean-air", ["landing"]),
        ("https://rivertown.example/clean-air", ["landing"]),
    ],
)
def test_words_are_joined_left_out_and_looked_for_in_fields(find, text, refs):
    page = find(text)
    assert sorted(refs_of(page)) == refs
    assert page.total == len(refs)


def test_a_word_left_out_leaves_all_other_ads(find):
    assert find("-harbour").total == len(ADS) - 2


def test_short_words_have_longer_ones_too(find):
    assert find("job").longer.words == {"job": ["jobs"]}
