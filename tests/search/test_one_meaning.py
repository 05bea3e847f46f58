"""One question has one answer: on every engine, as of now, and by the plain meaning of its words."""

import random
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.models import PublicAd
from archive.reading.as_of.moment import Moment
from archive.store.database import read
from archive.text.names import fold_name
from config.settings import Settings
from search.answering.found import search_now
from search.as_of.answers import search_as_of
from search.indexed.documents import read_documents
from search.indexed.word_lists import answers, cut_lists
from search.question.filters import NAME_FILTERS
from search.question.language import WORD_FIELDS, QueryError, Term, spell_question
from search.question.query import build_query
from tests.examples import few_or_many
from tests.migrated import init_fresh
from tests.search.conftest import ENGINES, SearchArchive, make_ad, open_engine, refs_of
from tests.search.plain_filters import passes_filters

# Twenty languages, with what is written in more than one way in them.
WORDS = (
    *("climate", "climates", "Vote", "vote", "d'or", "1,204", "1204", "30187", "30178", "✅Lower"),
    *("größere", "groessere", "Straße", "été", "habitação", "Łódź", "lodz", "Ґрунтова", "здоров'я"),
    *("здоровʼя", "العمل", "التعليم", "تعليم", "الحكومة", "الحكومه", "الســـلام", "क़ानून", "कानून"),
    *("ガス", "カス", "教育", "教", "สภาพ", "კლიმატი", "İstanbul", "Ørsted", "ñandú", "שָׁלוֹם"),
    *("Αθήνα", "tiếng", "sănătate", "ūkis", "ekonomia", "economy", "economies"),
)
FACETS = ("country", "payer", "currency", "advertiser", "election", "landing_domain", "media_type")
NAMES = ("Clean Air Ltd", "CLEAN AIR, Ltd.", "Łódź razem", "lodz razem", "Bürger", "Burger", "★")


def invent_ads(number: int):
    dice = random.Random(7)

    def write(most: int) -> str:
        return " ".join(dice.choices(WORDS, k=dice.randint(0, most)))

    for i in range(number):
        yield make_ad(
            f"{i:03}",
            write(5),
            titles=[write(2)],
            payer_name=dice.choice([None, write(1) or None, *NAMES]),
            advertiser_name=dice.choice([None, write(2) or None, *NAMES]),
            election_name=dice.choice([None, "Mayor", "MAYOR", "Máyor"]),
            media_type=dice.choice([None, "image", "IMAGE"]),
            currency=dice.choice([None, "EUR", "PLN"]),
            spend_lower_minor=(least := dice.choice([None, 0, 10_000])),
            spend_upper_minor=None if least is None else dice.choice([None, least + 5_000]),
            impressions_lower=dice.choice([None, 500]),
            landing_urls=dice.choice([[], [f"https://{i % 4}.example/{write(1)}"]]),
            countries=dice.choice([[], ["DE"], ["DE", "PL"]]),
            started_on=dice.choice([None, date(2026, 1, 1) + timedelta(days=i % 5)]),
        )


@pytest.fixture(scope="module", params=ENGINES)
def asked(request, tmp_path_factory):
    """An archive, an engine that holds it, and its documents."""
    folder: Path = tmp_path_factory.mktemp("meaning")
    archive = SearchArchive(init_fresh(Settings(home=folder), []))
    ads = [*invent_ads(120)]
    archive.add(*ads)
    renamed = [a.model_copy(update={"payer_name": "Renamed since"}) for a in ads[:15]]
    archive.add(*renamed, *ads[15:100], sweep=True)
    search = open_engine(request.param, archive.engine, folder, request.getfixturevalue)
    archive.sync(search)
    with read(archive.engine) as session:
        documents = read_documents(session, PublicAd.id > 0).documents
    return archive, search, {document.id: (document, cut_lists(document)) for document in documents}


single = st.sampled_from(WORDS)
plain = single | st.lists(single, min_size=2, max_size=3).map(lambda ws: f'"{" ".join(ws)}"')
fields = st.sampled_from(["", "", *(f"{name}:" for name in WORD_FIELDS if name != "id")])
starts = st.sampled_from(["clim*", "econom*", "vo*", "30*", "здоров*", "ال*", "gr*"])
terms = st.tuples(st.sampled_from(["", "", "-"]), fields, plain | starts).map("".join)
questions = st.lists(
    st.lists(terms, min_size=1, max_size=3).map(" OR ".join), min_size=0, max_size=4
).map(" ".join)


names = st.tuples(st.sampled_from(["payer", "advertiser"]), st.sampled_from([*NAMES, "clean air"]))
values = st.sampled_from(
    [
        *(("election", "Mayor"), ("election", "MAYOR"), ("media_type", "IMAGE"), ("media", "none")),
        *(("country", "PL"), ("landing_domain", "1.example"), ("state", "vanished")),
        *(("unknown", "payer"), ("unknown", "country"), ("unknown", "currency")),
        *(("vanished_from", "2026-03-01"), ("first_seen_to", "2026-02-28")),
        *(("impressions_min", "1"), ("impressions_max", "1000"), ("from", "2026-01-03")),
    ]
)
bounds = st.sampled_from([[], [], [("spend_min", "1")], [("spend_max", "120")]]).map(
    lambda bound: bound and [*bound, ("currency", "EUR")]
)
scopes = st.tuples(st.lists(names | values, max_size=2, unique_by=lambda f: f[0]), bounds).map(
    lambda parts: parts[0] + parts[1]
)


def count_values(documents, name):
    """Values of a facet among documents."""
    return Counter(value for document in documents for value in document.values.get(name, ()))


def test_total_and_facets_are_those_of_the_plain_meaning(asked):
    archive, search, documents = asked

    @settings(max_examples=few_or_many(60), deadline=None)
    @given(questions, scopes, st.sampled_from(["", "", "", "c", "Clean", "l", "DE", "MAY"]))
    def ask(text, filters, start):
        try:
            query = build_query(text, filters=filters, facets=FACETS, limit=100, facet_start=start)
        except QueryError:  # more words than a question may have
            return
        in_scope = [each for each in documents.values() if passes_filters(each[0], query)]
        right = [d for d, lists in in_scope if answers(lists, query.question)]
        facets = {
            name: {
                value: ads
                for value, ads in count_values(right, name).items()
                if value.startswith(fold_name(start) if name in NAME_FILTERS else start)
            }
            for name in FACETS
        }
        unknown = {name: sum(name not in d.values for d in right) for name in FACETS}
        with read(archive.engine) as session:
            now = search_now(session, search, query)
            past = search_as_of(session, query, Moment(as_of=archive.now))
        for page in (now, past):
            assert (page.total, page.total_from) == (len(right), "exact")
            assert page.facets == facets
            assert page.facet_unknown == unknown
        assert now.words_from == Counter(d.words_from for d, _ in in_scope)
        assert sorted(refs_of(now)) == sorted(d.id.partition(":")[2] for d in right)[:100] or (
            len(right) > 100
        )

    ask()


def test_newest_and_spend_are_in_the_order_of_the_archive(asked):
    archive, search, _ = asked
    for text in ("", "vote", "-climate", "econom* OR climate"):
        with read(archive.engine) as session:
            page = search_now(session, search, build_query(text, sort="newest", limit=100))
        newest = [hit.started_on or date.min for hit in page.hits]
        assert newest == sorted(newest, reverse=True), text
        assert [h.id for h in page.hits] == [
            h.id
            for h in sorted(
                page.hits, key=lambda h: (-(h.started_on or date.min).toordinal(), h.id)
            )
        ]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("здоров'я", 2),
        ("السلام", 1),
        ("الحكومة", 2),
        ("कानून", 2),
        ('"ガス"', 1),
        ("lodz", 1),
        ("strasse", 1),
        ("groessere", 1),
        ("تعليم", 1),
        ("1204", 1),
        ("грунтова", 1),
        ("教育", 1),
        ("lower", 1),
        ("£350 million", 1),
        ("500", 1),
        ("30187", 1),
    ],
)
def test_words_are_found_as_people_of_each_language_type_them(spoken, text, number):
    assert spoken(text).total == number


SPOKEN = (
    *("Захистимо здоров'я громади", "Захистимо здоровʼя країни", "حزب الســـلام معكم"),
    *("الحكومه تعمل", "الحكومة تقرر", "नया क़ानून लाओ", "पुराना कानून हटाओ", "ガス料金を下げる"),
    *("カス政治を終わらせる", "Łódź głosuje", "Straße frei", "größere Pläne", "التعليم أولا"),
    *(
        "1,204 jobs",
        "Ґрунтова вулиця",
        "我们的教育",
        "✅Lower taxes",
        "We send £350 million a week",
    ),
    *("Win $500 today", "Prop 30187", "Prop 30178"),
)


@pytest.fixture(scope="module", params=ENGINES)
def spoken(request, tmp_path_factory):
    folder: Path = tmp_path_factory.mktemp("spoken")
    archive = SearchArchive(init_fresh(Settings(home=folder), []))
    archive.add(*(make_ad(f"s{n}", text) for n, text in enumerate(SPOKEN)))
    search = open_engine(request.param, archive.engine, folder, request.getfixturevalue)
    archive.sync(search)
    return lambda text: archive.ask(search, text)


def test_a_term_written_out_is_found_in_its_own_words():
    assert spell_question(((Term(("a",)), Term(("b", "c"), "payer")),)) == 'a OR payer:"b c"'
