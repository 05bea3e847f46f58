"""A check of a watch list asks what the archive's list asks, and leaves the archive as it is."""

from concurrent.futures import ProcessPoolExecutor

import pytest

from archive.curation.watch_lists import add_entry, make_watch_list, read_watch_list
from archive.errors import NotFoundError
from archive.models import EntryKind, WatchList, WatchListEntry
from archive.models.runs import Outcome
from archive.store.database import read, write
from config.settings import Realm
from scrapers.replica.serve import running_replica
from scrapers.spiders.meta.library_spider import MetaAdLibrarySpider
from scrapers.work.crawl.checking import Check, check_source
from scrapers.work.crawl.children import FORKS
from scrapers.work.crawl.crawling import CrawlOrder
from tests.scrapers.crawls import Home, now

SOURCE = "meta_ad_library"
PAGE = "900000000021"
BY = {"added_by": "Ada Quillfeather", "reason": "Votes on the port", "recorded_at": now()}


def keep_list(home: Home) -> str:
    """A watch list of one page in the archive; gives its partition."""
    with write(home.engine) as session:
        head = WatchList(id="fr-port", source=SOURCE, title="The port", countries=["FR"], **BY)
        make_watch_list(session, head)
        entry = WatchListEntry(list_id="fr-port", kind=EntryKind.PAGE, value=PAGE, **BY)
        add_entry(session, entry)
    with read(home.engine) as session:
        return read_watch_list(session, "fr-port").partition


def check(home: Home, partition: str, url: str) -> Check:
    """A check in a process of its own, as Scrapy needs it."""
    order = CrawlOrder(MetaAdLibrarySpider, partition, f"{url}/{SOURCE}", Realm.FICTIONAL)
    with ProcessPoolExecutor(1, mp_context=FORKS) as pool:
        return pool.submit(check_source, home.settings, order, now, 5).result()


def test_a_check_of_a_watch_list_reads_the_list_and_keeps_nothing(home):
    partition = keep_list(home)
    with running_replica() as url:
        found = check(home, partition, url)
    assert (found.run.partition, found.run.outcome) == (partition, Outcome.DONE)
    assert found.run.seen > 0
    assert found.is_as_expected
    assert home.runs() == []
    assert home.count("ads") == 0


def test_a_list_that_there_is_not_is_said(home):
    order = CrawlOrder(MetaAdLibrarySpider, "watch:nowhere", "", Realm.FICTIONAL)
    with pytest.raises(NotFoundError, match="nowhere"):
        check_source(home.settings, order, now, 5)
