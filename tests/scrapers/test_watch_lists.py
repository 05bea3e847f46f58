"""Watch lists put to Meta's library: what they ask, what they find, and what they may call vanished."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlmodel import select

from archive.curation.watch_lists import (
    WatchListError,
    add_entry,
    make_watch_list,
    read_titles,
    read_watch_list,
    remove_entry,
)
from archive.errors import NotFoundError
from archive.models import Ad, EntryKind, PublicAd, WatchList, WatchListEntry
from archive.reading.ads.ads import AdFilter, list_ads
from archive.reading.coverage import cover_weeks
from archive.reading.visible import Include
from archive.store.database import read, write
from scrapers.replica.faults import Fault, ReceivedRequest
from scrapers.replica.serve import running_replica
from scrapers.spiders.meta.library_spider import MetaAdLibrarySpider
from scrapers.spiders.meta.queries import (
    MetaCursor,
    Questions,
    ask_watch_list,
    list_watched,
    read_questions,
)
from tests.scrapers.crawls import FOREVER, META, Home
from tests.scrapers.replica.meta_faults import refuse_big_pages

SOURCE = "meta_ad_library"
PAGE = "900000000021"
THEN = datetime(2026, 11, 23, tzinfo=UTC)
PORT, LAMPS, SHOP = (f"999000000090000{number}" for number in (1, 2, 3))


def make_list(home: Home, *entries: tuple[EntryKind, str], list_id: str = "fr-port") -> None:
    head = WatchList(
        id=list_id,
        source=SOURCE,
        title="The port of Phare",
        countries=["FR"],
        added_by="Ada Quillfeather",
        reason="Votes on the port",
        recorded_at=THEN,
    )
    with write(home.engine) as session:
        make_watch_list(session, head)
    for kind, value in entries:
        put(home, kind, value, list_id)


def put(home: Home, kind: EntryKind, value: str, list_id: str = "fr-port") -> None:
    entry = WatchListEntry(
        list_id=list_id,
        kind=kind,
        value=value,
        added_by="Ada Quillfeather",
        reason="It advertises the port",
        recorded_at=THEN,
    )
    with write(home.engine) as session:
        add_entry(session, entry)


def take_off(home: Home, kind: EntryKind, value: str) -> None:
    with write(home.engine) as session:
        remove_entry(
            session, "fr-port", kind, value, removed_by="Ada", reason="Wrong page", now=THEN
        )


def ask(home: Home, list_id: str = "fr-port") -> list[dict[str, str]]:
    with read(home.engine) as session:
        return list(ask_watch_list(read_watch_list(session, list_id)))


def list_refs(home: Home, include: Include | None = None) -> list[str]:
    with read(home.engine) as session:
        return sorted(ad.ref for ad in list_ads(session, AdFilter(include=include)).items)


def list_vanished(home: Home) -> list[str]:
    with read(home.engine) as session:
        return sorted(ad.ref for ad in session.exec(select(Ad)) if ad.vanished_at)


def test_a_list_asks_for_ads_of_all_types_by_ten_pages_and_by_each_term(home: Home) -> None:
    pages = [(EntryKind.PAGE, f"9000000000{number}") for number in range(10, 21)]
    advertiser = (EntryKind.ADVERTISER, f"{SOURCE}:9000000000{10}")
    make_list(home, *pages, advertiser, (EntryKind.TERM, "port quay"), (EntryKind.LANGUAGE, "fr"))
    asked = ask(home)
    assert [len(json.loads(q["search_page_ids"])) for q in asked[:2]] == [10, 1]
    assert asked[2]["search_terms"] == "port quay"
    for question in asked:
        assert (question["ad_type"], question["languages"]) == ("ALL", '["fr"]')
        assert question["ad_reached_countries"] == '["FR"]'


def test_a_country_is_asked_for_its_political_ads_only(home: Home) -> None:
    (question,) = read_questions(home.settings, "US").asked
    assert (question["ad_type"], question["search_terms"]) == ("POLITICAL_AND_ISSUE_ADS", "*")


@pytest.mark.parametrize(
    "place", [MetaCursor(), MetaCursor(1), MetaCursor(1, "abc/d"), MetaCursor(0, "x")]
)
def test_a_place_is_found_again_among_the_same_questions_only(place: MetaCursor) -> None:
    questions = Questions([{"search_terms": "a"}, {"search_terms": "b"}])
    spelled = questions.spell(place)
    assert questions.find(spelled) == place
    assert Questions([{"search_terms": "a"}, {"search_terms": "c"}]).find(spelled) == MetaCursor()
    assert questions.find("no place at all") == MetaCursor()


def test_lists_are_partitions_of_their_source_while_they_ask_for_anything(home: Home) -> None:
    make_list(home)
    assert list_watched(home.settings) == []
    put(home, EntryKind.PAGE, PAGE)
    partitions = MetaAdLibrarySpider.list_partitions(home.settings, THEN.date())
    assert partitions == ["US", "watch:fr-port"]
    with pytest.raises(NotFoundError):
        read_questions(home.settings, "watch:none")


def test_an_archive_from_before_there_were_lists_has_none(home: Home) -> None:
    with write(home.engine) as session:
        session.connection().execute(text("DROP TABLE watch_list_entry"))
        session.connection().execute(text("DROP TABLE watch_list"))
    assert list_watched(home.settings) == []


def test_what_a_list_finds_is_kept_without_a_label_and_out_of_public_lists(home: Home) -> None:
    make_list(home, (EntryKind.PAGE, PAGE))
    with running_replica(day=1) as url:
        run = home.crawl(url, SOURCE, "watch:fr-port")
    assert (run.outcome, run.new) == ("done", 3)
    assert list_refs(home) == []
    assert list_refs(home, Include.UNLABELLED) == [PORT, LAMPS, SHOP]
    with read(home.engine) as session:
        ads = session.exec(select(PublicAd)).all()
    assert {(ad.declared_political, ad.declared_by) for ad in ads} == {(None, None)}
    assert {ad.missing["declared_political"] for ad in ads} == {"not_disclosed"}
    assert {ad.missing["spend_lower_minor"] for ad in ads} == {"not_provided"}


def test_vanished_is_said_of_what_a_whole_sweep_of_the_list_no_longer_finds(home: Home) -> None:
    make_list(home, (EntryKind.PAGE, PAGE))
    for day in (1, 2):
        with running_replica(day=day) as url:
            home.crawl_meta(url)
            run = home.crawl(url, SOURCE, "watch:fr-port")
    assert (run.outcome, run.vanished) == ("done", 1)
    assert SHOP in list_vanished(home)


def test_what_was_taken_off_a_list_is_never_called_vanished(home: Home) -> None:
    make_list(home, (EntryKind.PAGE, PAGE), (EntryKind.TERM, "unheard"))
    with running_replica(day=1) as url:
        home.crawl(url, SOURCE, "watch:fr-port")
        take_off(home, EntryKind.PAGE, PAGE)
        run = home.crawl(url, SOURCE, "watch:fr-port:1")
    assert (run.outcome, run.seen, list_vanished(home)) == ("done", 0, [])


def test_a_list_that_grows_stays_the_same_partition(home: Home) -> None:
    make_list(home, (EntryKind.PAGE, PAGE))
    put(home, EntryKind.TERM, "port")
    with read(home.engine) as session:
        assert read_watch_list(session, "fr-port").partition == "watch:fr-port"
        assert read_titles(session, ["watch:fr-port", "US"]) == {
            "watch:fr-port": "The port of Phare"
        }


def test_a_walk_over_several_questions_goes_through_all_of_them_page_by_page(home: Home) -> None:
    make_list(home, (EntryKind.PAGE, PAGE), (EntryKind.TERM, "port"), (EntryKind.TERM, "lampes"))
    received: list[ReceivedRequest] = []
    small = Fault(META, refuse_big_pages(1), times=FOREVER)
    with running_replica(day=1, faults=[small], received=received) as url:
        run = home.crawl(url, SOURCE, "watch:fr-port")
    assert (run.outcome, run.seen, run.new) == ("done", 6, 4)
    terms = {
        request.query["search_terms"] for request in received if "search_terms" in request.query
    }
    assert terms == {"port", "lampes"}


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (EntryKind.PAGE, "0"),
        (EntryKind.PAGE, "Phare"),
        (EntryKind.ADVERTISER, "snap:1"),
        (EntryKind.ADVERTISER, f"{SOURCE}:name:0123456789abcdef"),
        (EntryKind.TERM, " "),
        (EntryKind.TERM, "x" * 101),
        (EntryKind.TERM, "port\x1b[2J"),
        (EntryKind.LANGUAGE, "French"),
        (EntryKind.PAGE, PAGE),
    ],
)
def test_an_entry_that_does_not_do_is_refused(home: Home, kind: EntryKind, value: str) -> None:
    make_list(home, (EntryKind.PAGE, PAGE))
    with pytest.raises(WatchListError):
        put(home, kind, value)


def test_a_list_is_for_countries_where_unlabelled_ads_are_shown(home: Home) -> None:
    for list_id, countries, source in (
        ("us", ["US"], SOURCE),
        ("nowhere", [], SOURCE),
        ("A b", ["FR"], SOURCE),
        ("snap", ["FR"], "snap"),
    ):
        head = WatchList(
            id=list_id,
            source=source,
            title="T",
            countries=countries,
            added_by="Ada",
            reason="R",
            recorded_at=THEN,
        )
        with write(home.engine) as session, pytest.raises(WatchListError):
            make_watch_list(session, head)


def test_the_commands_keep_who_when_and_why(home: Home) -> None:
    who = ("--by", "Ada Quillfeather", "--because", "Votes on the port")
    made = home.command(
        "watch-lists",
        "add",
        "fr-port",
        "--title",
        "The port",
        "--country",
        "FR",
        "--page",
        PAGE,
        *who,
    )
    assert "next: paidforby crawl meta_ad_library --partition watch:fr-port" in made.stdout
    home.command("watch-lists", "remove", "fr-port", "--page", PAGE, *who)
    (shown,) = json.loads(home.command("watch-lists", "list", "--json").stdout)
    (entry,) = shown["entries"]
    assert (entry["added_by"], entry["removed_by"]) == ("Ada Quillfeather", "Ada Quillfeather")
    assert entry["removed_at"] >= entry["recorded_at"]
    told = home.command("watch-lists", "show", "fr-port").stdout
    assert "Votes on the port" in told
    assert PAGE in told
    assert home.command("watch-lists", "show", "none").returncode == 1
    assert home.command("labels", "add", "meta_ad_library:1", *who).returncode == 1


def test_gaps_of_a_list_bear_its_title_until_it_is_narrowed(home: Home) -> None:
    make_list(home, (EntryKind.PAGE, PAGE), (EntryKind.TERM, "unheard"))
    with running_replica(day=1) as url:
        home.crawl(url, SOURCE, "watch:fr-port")
    later = datetime.now(UTC) + timedelta(days=3)
    assert name_gaps(home, later) == {"watch:fr-port (The port of Phare)"}
    take_off(home, EntryKind.PAGE, PAGE)
    assert name_gaps(home, later) == set()


def name_gaps(home: Home, now: datetime) -> set[str]:
    with read(home.engine) as session:
        weeks = cover_weeks(session, now, source=SOURCE)
    return {name for week in weeks for gap in week.gaps for name in gap.names}
