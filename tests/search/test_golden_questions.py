"""Questions people ask, with the ads they must find: in ten languages, in fields, and narrowed down."""

from datetime import date, timedelta
from pathlib import Path
from random import Random

import pytest
from sqlmodel import col, func, select

from archive.models import PublicAd
from archive.reading.as_of.moment import NOW
from archive.reading.json_lists import list_holds
from archive.reading.visible import is_visible_by_default
from archive.store.database import read
from config.settings import Settings
from search.answering.answers import answer_query
from search.question.query import build_query
from tests.migrated import init_fresh
from tests.search.conftest import ENGINES, SearchArchive, make_ad, open_engine, refs_of

CITY = {"election_name": "Mayor of Ferryport 2026", "platform": "meadow"}
ADS = [
    make_ad(
        "buses",
        "More night buses for Ferryport. Vote on 5 May.",
        payer_name="Harbour Party",
        **CITY,
    ),
    make_ad(
        "rents", "Rents are too high", payer_name="Tenants United", titles=["Harbour rents"], **CITY
    ),
    make_ad("quay", "The quay belongs to all", sponsor_name="Harbour Party", countries=["GB"]),
    make_ad("link", "Read our plan", landing_urls=["https://www.ferryport.example/night-buses"]),
    make_ad("plain", "No words of that kind", advertiser_name="Harbour Watch", currency="GBP"),
    make_ad("pt", "Mais habitação e educação para São Luís", languages=["pt"], countries=["BR"]),
    make_ad("fr", "L'école publique d'abord, à Orléans", languages=["fr"], countries=["FR"]),
    make_ad("de", "Größere Schulen für Köln, kürzere Wege", languages=["de"], countries=["DE"]),
    make_ad("ar", "التعليم أولا في المدينة", languages=["ar"]),
    make_ad("hi", "जलवायु के लिए कानून", languages=["hi"], countries=["IN"]),
    make_ad("uk", "Здоров'я громади — наш вибір", languages=["uk"], countries=["UA"]),
    make_ad("ka", "არჩევნები ჩვენი ქალაქისთვის", languages=["ka"], countries=["GE"]),
    make_ad("zh", "我们的教育需要改变", languages=["zh"]),
    make_ad("pl", "Łódź wybiera czyste powietrze", languages=["pl"], countries=["PL"]),
    make_ad("tr", "İstanbul için daha çok park", languages=["tr"], countries=["TR"]),
]

GOLDEN = [
    ("night buses", [], ["buses", "link"]),
    ('"night buses"', [], ["buses", "link"]),
    ("text:buses", [], ["buses"]),
    ("link:buses", [], ["link"]),
    ("harbour", [], ["buses", "plain", "quay", "rents"]),
    ("payer:harbour", [], ["buses"]),
    ("payer:harbour -text:harbour", [], ["buses"]),
    ("sponsor:harbour", [], ["quay"]),
    ("advertiser:harbour", [], ["plain"]),
    ("text:harbour", [], ["rents"]),
    ("harbour -payer:harbour", [], ["plain", "quay", "rents"]),
    ("rents OR quay", [], ["quay", "rents"]),
    ("ferry*", [], ["buses", "link"]),
    ("harbour", [("platform", "meadow")], ["buses", "rents"]),
    ("", [("payer", "HARBOUR PARTY")], ["buses"]),
    ("", [("election", "Mayor of Ferryport 2026")], ["buses", "rents"]),
    ("", [("landing_domain", "ferryport.example")], ["link"]),
    ("harbour", [("unknown", "payer")], ["plain", "quay"]),
    ("id:zh", [], ["zh"]),
    ("example:quay2", [], []),
    ("habitacao", [], ["pt"]),
    ("ecole orleans", [], ["fr"]),
    ("groessere koln", [], ["de"]),
    ("تعليم", [], ["ar"]),
    ("क़ानून", [], ["hi"]),
    ("здоровʼя", [], ["uk"]),
    ("ქალაქისთვის", [], ["ka"]),
    ("教育", [], ["zh"]),
    ("lodz", [], ["pl"]),
    ("istanbul", [], ["tr"]),
]


LONG = "Выборы мэра города Верхнереченска и депутатов городского совета, второй созыв, " * 3
ODD = [
    make_ad("upper", platform="Meadow", languages=["EN"], election_name=LONG, currency="EUR"),
    make_ad("lower", platform="meadow", languages=["en"], election_name=f"{LONG} второй тур"),
    make_ad("long", payer_name=f"Paid for by {'Anna and Bert and ' * 60}", sponsor_name="  "),
    make_ad("indic", payer_name="भारतीय राष्ट्रीय " * 12),
]


@pytest.fixture(scope="module", params=ENGINES)
def odd(request, tmp_path_factory):
    folder: Path = tmp_path_factory.mktemp("odd")
    archive = SearchArchive(init_fresh(Settings(home=folder), []))
    archive.add(*ODD)
    search = open_engine(request.param, archive.engine, folder, request.getfixturevalue)
    archive.sync(search)
    return lambda **asked: archive.ask(search, **asked)


@pytest.mark.parametrize(
    ("name", "value", "refs"),
    [
        ("platform", "meadow", ["lower"]),
        ("platform", "MEADOW", []),
        ("language", "EN", ["lower"]),
        ("currency", "eur", ["upper"]),
        ("election", LONG, ["upper"]),
        ("election", f"{LONG} второй тур", ["lower"]),
        ("payer", ODD[2].payer_name, ["long"]),
        ("payer", ODD[3].payer_name, ["indic"]),
    ],
)
def test_values_stay_apart_however_like_and_however_long(odd, name, value, refs):
    assert refs_of(odd(filters=[(name, value)])) == refs


def test_a_value_without_a_character_is_unknown(odd):
    page = odd(facets=["sponsor", "election"])
    assert page.facets["sponsor"] == {}
    assert page.facet_unknown["sponsor"] == len(ODD)
    assert sorted(page.facets["election"].values()) == [1, 1]


@pytest.fixture(scope="module", params=ENGINES)
def asked(request, tmp_path_factory):
    folder: Path = tmp_path_factory.mktemp("golden")
    archive = SearchArchive(init_fresh(Settings(home=folder), []))
    archive.add(*ADS)
    search = open_engine(request.param, archive.engine, folder, request.getfixturevalue)
    archive.sync(search)
    return archive, search


@pytest.mark.parametrize(("text", "filters", "refs"), GOLDEN)
def test_a_question_finds_these_ads_and_no_other(asked, text, filters, refs):
    archive, search = asked
    page = archive.ask(search, text, filters=filters)
    assert (sorted(refs_of(page)), page.total) == (refs, len(refs))


def test_the_election_an_ad_is_tied_to_is_counted_and_so_are_those_tied_to_none(asked):
    archive, search = asked
    page = archive.ask(search, facets=["election"])
    assert page.facets == {"election": {"Mayor of Ferryport 2026": 2}}
    assert page.facet_unknown == {"election": len(ADS) - 2}


def invent_ads(number: int):
    dice = Random(11)
    for n in range(number):
        lower = dice.choice([None, 0, 5_000, 90_000])
        yield make_ad(
            f"{n:03}",
            platform=dice.choice(["meadow", "creek"]),
            payer_name=dice.choice([None, "Harbour Party", "Tenants United"]),
            countries=dice.choice([[], ["GB"], ["GB", "IE"]]),
            languages=dice.choice([[], ["en"]]),
            currency=None if lower is None else dice.choice(["GBP", "EUR"]),
            spend_lower_minor=lower,
            spend_upper_minor=None if lower is None else dice.choice([None, lower + 4_000]),
            started_on=dice.choice([None, date(2026, 1, 1) + timedelta(days=n % 40)]),
        )


@pytest.fixture(scope="module", params=ENGINES)
def counted(request, tmp_path_factory):
    folder: Path = tmp_path_factory.mktemp("counted")
    archive = SearchArchive(init_fresh(Settings(home=folder), []))
    archive.add(*invent_ads(250))
    search = open_engine(request.param, archive.engine, folder, request.getfixturevalue)
    archive.sync(search)
    return archive, search


def test_every_ad_of_a_source_is_listed_without_a_word(counted):
    archive, search = counted
    pages = [archive.ask(search, limit=100, page=number) for number in (1, 2, 3)]
    refs = [ref for page in pages for ref in refs_of(page)]
    assert {page.total for page in pages} == {250}
    assert sorted(refs) == [f"{n:03}" for n in range(250)]


@pytest.mark.parametrize("seed", range(50))
def test_a_count_that_is_called_exact_is_that_of_sql(counted, seed):
    archive, search = counted
    dice, ad = Random(seed), PublicAd
    with read(archive.engine) as session:
        choices = [
            ([("platform", "creek")], [ad.platform == "creek"]),
            dice.choice(
                [
                    ([("payer", "harbour party")], [ad.payer_name == "Harbour Party"]),
                    ([("unknown", "payer")], [col(ad.payer_name).is_(None)]),
                ]
            ),
            ([("country", "IE")], [list_holds(session, ad.countries, "IE")]),
            ([("unknown", "language")], [~list_holds(session, ad.languages, "en")]),
            ([("to", "2026-01-20")], [col(ad.started_on) <= date(2026, 1, 20)]),
            (
                [("spend_max", "60"), ("currency", "EUR")],
                [col(ad.spend_upper_minor) <= 6_000, ad.currency == "EUR"],
            ),
        ]
        chosen = dice.sample(choices, k=dice.randint(1, 3))
        filters = [each for given, _ in chosen for each in given]
        conditions = [each for _, wanted in chosen for each in wanted]
        right = session.exec(
            select(func.count()).select_from(ad).where(is_visible_by_default(ad), *conditions)
        ).one()
        page = answer_query(session, search, build_query(filters=filters), NOW, lambda *_: [], list)
        facts = [each for each in conditions if "spend_upper" not in str(each)]
        bounded = "spend_max" in dict(filters)
        open_ones = session.exec(
            select(func.count())
            .select_from(ad)
            .where(is_visible_by_default(ad), *facts, col(ad.spend_upper_minor).is_(None))
        ).one()
    assert (page.total, page.total_from) == (right, "exact")
    if bounded:
        assert page.bounds_unknown["spend_max"] == open_ones
