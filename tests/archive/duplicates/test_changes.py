"""Ads are compared as they change; what is withheld or gone leaves the tables at its change."""

import pytest
from sqlmodel import select

from archive.duplicates import changes, near_texts
from archive.duplicates.changes import CONSUMER, compare_ads
from archive.models import Ad, PublicAd, QuarantinedPiece, ShownText
from archive.privacy.redactions import redact_field
from archive.runs.tries import begin_try, end_try
from archive.store.changes import read_position
from archive.store.database import read, write
from tests.archive.conftest import NOON
from tests.archive.duplicates.conftest import ask, count_rows, read_creatives

SALE = "Tell the council to stop the sale of our harbour before it is too late for us all"
TOWN = "On Thursday you can choose a council that listens, so vote for change in {}"


def test_copies_and_families_are_listed_both_ways_with_their_reason(engine, show, related):
    show(a=SALE, b=SALE.upper(), c=SALE.replace("us all", "everyone"), d="Of other things, friends")
    show(york=TOWN.format("York"), leeds=TOWN.format("Leeds"), e=TOWN.format("Leeds") + "!")

    assert related("a") == {"b": "copy", "c": "copy"}
    assert related("c") == {"a": "copy", "b": "copy"}
    assert related("d") == {}
    assert related("york") == {"leeds": "family", "e": "family"}
    assert related("leeds") == {"york": "family", "e": "copy"}
    assert tell_reasons(engine, "a") == {
        "b": "the same words: links, signs, capitals or order differ",
        "c": "83% of word pairs are the same: this one says “us”, “all”; the other says “everyone”",
    }
    assert tell_reasons(engine, "york")["leeds"] == (
        "one text with other names or numbers: this one says “York”; the other says “Leeds”"
    )


def tell_reasons(engine, ref):
    return {item.id.removeprefix("example:"): item.reason for item in ask(engine, ref).items}


def test_copies_are_found_across_pages_platforms_and_sources(ingest_run, make_ad, compare, engine):
    ingest_run([make_ad("a", bodies=[SALE])])
    ingest_run(
        [make_ad("b", bodies=[SALE], platform="other", advertiser_name="X")], source="second"
    )
    compare()

    (found,) = ask(engine, "a").items
    assert (found.id, found.platform, found.advertiser_name) == ("second:b", "other", "X")
    assert found.path == "/ads/second/b"


def test_what_stands_beside_the_link_makes_no_copies_where_the_ad_says_more(show, related):
    page = [
        "The page of the Harbour Party, which has news of all that we do in this town and beyond"
    ]
    show(
        a={"bodies": [SALE], "descriptions": page}, b={"bodies": ["We meet"], "descriptions": page}
    )
    show(c={"bodies": [], "descriptions": page}, d={"bodies": [], "descriptions": page})

    assert related("a") == {}
    assert related("c") == {"d": "copy"}


def test_no_more_than_twenty_of_each_are_listed_and_all_are_counted(engine, show):
    show(**{f"a{n}": SALE for n in range(23)}, **{f"b{n}": f"{SALE} {n + 2}" for n in range(22)})

    found = ask(engine, "a0")
    assert (found.copies, found.family, len(found.items)) == (22, 22, 40)


def test_an_ad_that_lists_do_not_show_is_nobodys_copy(show, related):
    show(a=SALE, b={"bodies": [SALE], "declared_political": False}, c=SALE)

    assert related("a") == {"c": "copy"}
    assert related("b") == {"a": "copy", "c": "copy"}


def test_a_text_leaves_with_its_last_ad(engine, show, related):
    show(a=SALE, b=SALE, c=SALE.replace("us all", "everyone"))
    assert count_rows(engine) == [3, 2, 32]

    show(a="Other words for once, dear friends of ours", b="Vote")
    assert count_rows(engine) == [3, 3, 48 - 16]
    assert related("c") == {}
    assert len(set(read_creatives(engine).values())) == 3

    show(c={"bodies": []}, b={"bodies": []}, a={"bodies": []})
    assert count_rows(engine) == [3, 0, 0]


def test_what_is_withheld_is_said_by_no_pair_and_leaves_at_its_change(
    engine, show, compare, related, know_source
):
    know_source()
    show(a=SALE, b=SALE.replace("harbour", "secretword"))
    assert "secretword" in tell_reasons(engine, "a")["b"]
    with write(engine) as session:
        ad = session.exec(select(Ad).where(Ad.ref == "b")).one()
        redact_field(session, ad, "bodies", "a court's order", "Jo Clerk", NOON)

    assert related("a") == {}, "it is not repeated before the worker comes to the change"
    compare()

    assert ask(engine, "a").copies == 0
    with read(engine) as session:
        assert not any("secretword" in words for words in session.exec(select(ShownText.words)))


@pytest.mark.parametrize("at_once", [1, 3])
def test_the_mark_moves_with_the_texts_and_goes_on_where_it_stood(
    engine, ingest_run, make_ad, compare, at_once
):
    ingest_run([make_ad(f"a{n}", bodies=[f"{SALE} {'so ' * n}"]) for n in range(7)])
    with write(engine) as session:
        changes.follow_texts(session, NOON)
        session.rollback()
    assert count_rows(engine) == [0, 0, 0]

    compare(at_once)

    creatives = read_creatives(engine)
    assert len(creatives) == 7
    with read(engine) as session:
        mark = read_position(session, CONSUMER).seq
    compare(at_once)
    with read(engine) as session:
        assert read_position(session, CONSUMER).seq == mark
    assert read_creatives(engine) == creatives


def test_an_ad_that_fails_is_put_aside_and_settled_when_it_goes_through(
    engine, ingest_run, make_ad, compare, monkeypatch
):
    ingest_run([make_ad(f"a{n}", bodies=[SALE]) for n in range(3)])
    with monkeypatch.context() as patch:
        patch.setattr(changes, "read_ad", lambda ad: 1 / (ad["public_id"] != "example:a1"))
        patch.setattr(changes, "ShownWords", lambda *_: None)
        assert compare() == 1
    with read(engine) as session:
        (piece,) = session.exec(select(QuarantinedPiece)).all()
        ids = session.exec(select(PublicAd.id)).all()
    assert (piece.stage, piece.subject) == ("copies", "example:a1")
    assert piece.reason == "it could not be compared with other ads (ZeroDivisionError)"

    with write(engine) as session:
        assert compare_ads(session, ids, NOON) == 0
    with read(engine) as session:
        assert session.exec(select(QuarantinedPiece.status)).one() == "released"


def test_what_kills_the_process_is_put_aside_untouched(engine, show, ingest_run, make_ad):
    show(a=SALE)
    ingest_run([make_ad("b", bodies=[SALE])], sweep=False)
    for _ in range(4):
        noted = begin_try(engine, CONSUMER, 1, NOON)
    with write(engine) as session:
        assert changes.follow_texts(session, NOON, noted.most, noted).put_aside == 1
    end_try(engine, noted)

    assert set(read_creatives(engine)) == {"a"}


def test_more_texts_than_a_band_may_have_are_still_one_family(engine, show, monkeypatch):
    monkeypatch.setattr(near_texts, "MOST_IN_BAND", 5)
    show(**{f"a{n}": TOWN.format(f"Town{chr(97 + n)}") for n in range(12)})

    assert ask(engine, "a0").family == 11
    assert len(set(read_creatives(engine).values())) == 12
