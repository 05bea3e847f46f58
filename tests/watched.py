"""For the invented archive: a watch list, an ad it brought that people argued about, one nobody did."""

from datetime import timedelta

from sqlalchemy import Engine

from archive.curation.labels import label_ad, withdraw_label
from archive.curation.watch_lists import add_entry, make_watch_list, read_watch_list
from archive.models import EntryKind, WatchList, WatchListEntry
from archive.reading.ads.ads import find_ad_row
from archive.records import AdRecord
from archive.store.blobs import BlobStore
from archive.store.database import write
from config.settings import Settings
from tests.invented import NOW, record_run
from tests.invented_records import HOSTILE

ARGUED, QUIET = "meadow_library:900000701", "meadow_library:900000702"


def watch_something(settings: Settings, engine: Engine) -> None:
    """A list of one page; of its two ads one was called political, and then not, and then again."""
    with write(engine) as session:
        # The list is of the one source that can be asked so; the ads are of one that is here.
        head = WatchList(
            id="council-2027",
            source="meta_ad_library",
            title="Council of the Island",
            countries=["GR"],
            added_by="Ada",
            reason=HOSTILE,
            recorded_at=NOW - timedelta(days=9),
        )
        make_watch_list(session, head)
        entry = WatchListEntry(
            list_id=head.id,
            kind=EntryKind.PAGE,
            value="100200300",
            added_by="Ada",
            reason="It began to advertise in October.",
            recorded_at=NOW - timedelta(days=9),
        )
        add_entry(session, entry)
        partition = read_watch_list(session, head.id).partition
        ads = [make_unlabelled(one.partition(":")[2]) for one in (ARGUED, QUIET)]
        blobs, at = BlobStore(settings.blobs_dir), NOW - timedelta(days=8)
        record_run(session, blobs, "meadow_library", partition, at, ads)
        argued = find_ad_row(session, ARGUED)
        label_ad(session, argued, "Ada", "It asks to vote for the ferry.", NOW - timedelta(days=5))
        because = f"The ferry company sells tickets with it. {HOSTILE}"
        withdraw_label(session, argued, "Ben", because, NOW - timedelta(days=3))
        label_ad(session, argued, "Ada", "Its new text names the measure.", NOW - timedelta(days=1))


def make_unlabelled(ref: str) -> AdRecord:
    """An ad that its source shows, and gave no label."""
    return AdRecord(
        ref=ref,
        platform="meadow",
        advertiser_ref="701",
        advertiser_name="Ferries of the Island",
        payer_name="Ferry Company",
        countries=["GR"],
        bodies=["The new ferry is here. Ask your council for two."],
        declared_political=None,
        started_on=NOW.date() - timedelta(days=8),
        day_zone="America/Los_Angeles",
        currency="EUR",
        spend_lower_minor=100_00,
        spend_upper_minor=499_00,
    )
