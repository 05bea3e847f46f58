"""Names found by their words, listed page by page, and read one by one, on both databases."""

import pytest

from archive.errors import NotFoundError
from archive.models import NameKind
from archive.names.following import bring_names_on
from archive.names.reading import NameQuestion, list_names, list_spellings, name_path, read_name
from archive.reading import CursorError
from archive.records import (
    AdvertiserMove,
    AdvertiserSpendRecord,
    CommitteeRecord,
    DisclosureRecord,
    Grain,
    MissingReason,
)
from archive.store.database import read
from search.answering.names import name_answers, read_names
from search.question.language import read_question
from tests.archive.moments import day


def make_statement(ref, name, dataset="stats", **values):
    return AdvertiserSpendRecord(
        dataset=dataset,
        platform="examplatform",
        grain=Grain.LIFETIME,
        advertiser_ref=ref,
        advertiser_name=name,
        currency="USD",
        spend_lower_minor=5_100_000_00,
        spend_upper_minor=5_100_000_00,
        **values,
    )


def make_filing(ref, payee="Example Mail Ltd", committee="C1"):
    return DisclosureRecord(
        ref=ref,
        committee_ref=committee,
        payee_name=payee,
        purpose="online ads",
        currency="USD",
        amount_minor=100,
        is_memo=False,
        is_notice=False,
        is_correction=False,
    )


@pytest.fixture
def find(engine):
    def ask(text):
        bring_names_on(engine, day(90))
        with read(engine) as session:
            found = name_answers(session, read_question(text))
        assert found.total == len(found.items)
        return [f"{item.kind} {item.name}" for item in found.items]

    return ask


@pytest.fixture
def show(engine):
    def ask(kind, key):
        bring_names_on(engine, day(90))
        with read(engine) as session:
            item = read_name(session, kind, key)
        return item.ads, item.statements, item.filings, item.now

    return ask


def test_a_name_with_statements_or_filings_only_is_found(engine, ingest_run, find, show):
    ingest_run(
        [
            make_statement("9", "Harbour Leadership Fund"),
            make_filing("1"),
            make_filing("2"),
            CommitteeRecord(ref="C1", name="Committee for the Harbour"),
            CommitteeRecord(ref="C2", name="Harbour Friends, never heard of since"),
        ]
    )

    assert find("leadership fund") == ["advertiser Harbour Leadership Fund"]
    assert find("mail example") == ["payee Example Mail Ltd"]
    assert find("harbour") == [
        "committee Committee for the Harbour",
        "advertiser Harbour Leadership Fund",
        "committee Harbour Friends, never heard of since",
    ]
    assert show("advertiser", "harbour-leadership-fund") == (0, 1, 0, [])
    assert show("payee", "example mail ltd") == (0, 0, 2, [])
    assert show("committee", "committee-for-the-harbour") == (0, 0, 2, [])
    assert show("committee", "harbour-friends-never-heard-of-since") == (0, 0, 0, [])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        ("trust", ["advertiser Grüne Mill Trust", "payer Old Mill Trust"]),
        ("mill climate", []),
        ("mill -old", ["advertiser Grüne Mill Trust"]),
        ("-mill", []),
        ('"mill trust"', ["advertiser Grüne Mill Trust", "payer Old Mill Trust"]),
        ('"trust mill"', []),
        ('"old mil"', []),
        ("old tru*", ["payer Old Mill Trust"]),
        ("gruene OR old", ["advertiser Grüne Mill Trust", "payer Old Mill Trust"]),
        ("gruene", ["advertiser Grüne Mill Trust"]),
        ("GRÜNE", ["advertiser Grüne Mill Trust"]),
        ("payer:mill", ["payer Old Mill Trust"]),
        ("advertiser:old", []),
        ("payer:old climate", ["payer Old Mill Trust"]),
        ("sponsor:mill", []),
        ("text:mill", []),
        ("example:1", []),
    ],
)
def test_a_question_finds_names_by_its_plain_words_or_by_those_of_a_field(
    ingest_run, make_ad, find, text, found
):
    ingest_run([make_ad("1", advertiser_name="Grüne Mill Trust", payer_name="Old Mill Trust")])

    assert find(text) == found


def test_a_question_with_plain_words_and_a_field_asks_for_either():
    asked = read_names(read_question("mill payer:old OR trust advertiser:harbour payer:new"))

    assert [(one.kind, [len(group) for group in one.groups]) for one in asked] == [
        (None, [1]),
        (NameKind.ADVERTISER, [1]),
        (NameKind.PAYER, [1]),
    ]


def test_what_most_of_the_archive_bears_comes_first_and_all_of_it_is_counted(
    engine, ingest_run, make_ad
):
    ingest_run([make_ad(str(i), payer_name=f"Payer {max(i, 5)}") for i in range(20)])
    bring_names_on(engine, day(90))

    with read(engine) as session:
        found = name_answers(session, read_question("payer"))

    assert (found.total, len(found.items)) == (15, 10)
    assert (found.items[0].name, found.items[0].ads) == ("Payer 5", 6)


def test_who_was_renamed_is_found_by_the_former_name_which_says_the_present_one(
    ingest_run, make_ad, find, show
):
    ingest_run([make_ad(advertiser_name="Harbour Party")])
    ingest_run([make_ad(advertiser_name="New Horizon")], day(1))

    assert find("harbour") == ["advertiser Harbour Party"]
    assert show("advertiser", "harbour-party") == (0, 0, 0, ["New Horizon"])
    assert show("advertiser", "new-horizon") == (1, 0, 0, [])


def test_who_got_another_id_is_found_by_the_name_under_the_old_one(ingest_run, make_ad, show):
    ingest_run([make_ad("1", advertiser_ref="7", advertiser_name="Harbour Party")])
    ingest_run(
        [
            make_ad("1", advertiser_ref="8", advertiser_name="New Horizon"),
            AdvertiserMove(old_ref="7", new_ref="8"),
        ],
        day(1),
    )

    assert show("advertiser", "harbour-party") == (0, 0, 0, ["New Horizon"])


def test_who_runs_only_ads_that_nobody_called_political_is_not_told(ingest_run, make_ad, find):
    unlabelled = {"declared_political": MissingReason.NOT_DISCLOSED}
    of_nobody = make_ad(
        "1", advertiser_ref="7", advertiser_name="Harbour Bakery", missing=unlabelled
    )
    ingest_run([of_nobody, make_ad("2", advertiser_name="Harbour Party")])

    assert find("harbour") == ["advertiser Harbour Party"]


def test_a_page_that_is_not_there_says_so(engine):
    with read(engine) as session, pytest.raises(NotFoundError, match="payer nobody"):
        read_name(session, "payer", "nobody")


def test_spellings_of_a_name_are_those_that_rows_have(engine, ingest_run, make_ad):
    ingest_run([make_ad("1", payer_name="ACME, Inc."), make_ad("2", payer_name="Acme Inc")])
    bring_names_on(engine, day(90))

    with read(engine) as session:
        spelt = list_spellings(session, NameKind.PAYER, "acmé inc")
        assert spelt == ("ACME, Inc.", "Acme Inc", "acmé inc")
        assert list_spellings(session, NameKind.PAYER, "Nobody") == ("Nobody",)


def test_the_path_of_a_name_leads_to_it_also_where_it_has_no_words(engine, ingest_run, make_ad):
    names = ["ACME, Inc.", "--- -", "?/#", "Łódź 2040"]
    ingest_run([make_ad(str(i), payer_name=name) for i, name in enumerate(names)])
    bring_names_on(engine, day(90))

    paths = {
        "acme inc": "/names/payer/acme-inc",
        "--- -": "/names/payer/---%20-",
        "?/#": "/names/payer/%3F%2F%23",
        "lodz 2040": "/names/payer/lodz-2040",
    }
    assert {key: name_path("payer", key) for key in paths} == paths
    with read(engine) as session:
        assert read_name(session, "payer", "--- -").name == "--- -"
        assert read_name(session, "payer", "lodz-2040").name == "Łódź 2040"


def test_lists_go_on_where_the_page_before_ended(engine, ingest_run, make_ad):
    shared = [make_ad(str(i), advertiser_name=f"Who {i}", payer_name=f"Who {i}") for i in range(5)]
    ingest_run(shared)
    bring_names_on(engine, day(90))

    met, cursor = [], None
    with read(engine) as session:
        while True:
            page = list_names(session, NameQuestion(), cursor, 3)
            met += [(item.kind, item.key) for item in page.items]
            if (cursor := page.next_cursor) is None:
                break
        assert met == [(k, f"who {i}") for i in range(5) for k in ("advertiser", "payer")]
        payers = list_names(session, NameQuestion(kind=NameKind.PAYER)).items
        assert [item.key for item in payers] == [f"who {i}" for i in range(5)]
        with pytest.raises(CursorError):
            list_names(session, NameQuestion(), "nonsense")
