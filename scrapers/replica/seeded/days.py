"""A seeded archive of ads, day by day: laid out in a folder, or served by the replica.

`paidforby replica` and tests call it. The same plan gives the same bytes.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.routing import Route

from scrapers.replica.app import create_replica
from scrapers.replica.faults import Fault, ReceivedRequest
from scrapers.replica.meta_ad_library import API_PATH
from scrapers.replica.seeded import feed, google, meta, microsoft, report, snap, tiktok
from scrapers.replica.seeded.truth import PartitionTruth

SNAP_SHARE = 0.3
GOOGLE_SHARE = 0.4
MICROSOFT_SHARE = 0.02
TIKTOK_SHARE = 0.04
FEED_SHARE = 0.04


@dataclass(frozen=True)
class SeedPlan:
    """How many ads there are on day 1 in all, and what their data follow from."""

    ads: int
    seed: int

    @property
    def snap_ads(self) -> int:
        """Ads of day 1 that are Snap's."""
        return int(self.ads * SNAP_SHARE)

    @property
    def google_ads(self) -> int:
        """Ads of day 1 that are Google's."""
        return int(self.ads * GOOGLE_SHARE)

    @property
    def microsoft_ads(self) -> int:
        """Ads of day 1 that are Microsoft's."""
        return int(self.ads * MICROSOFT_SHARE)

    @property
    def tiktok_ads(self) -> int:
        """Ads of day 1 that are TikTok's."""
        return int(self.ads * TIKTOK_SHARE)

    @property
    def feed_ads(self) -> int:
        """Ads of day 1 that are the feed's."""
        return int(self.ads * FEED_SHARE)

    @property
    def meta_ads(self) -> int:
        """Ads of day 1 that are Meta's: all others."""
        others = self.snap_ads, self.google_ads, self.microsoft_ads, self.tiktok_ads, self.feed_ads
        return self.ads - sum(others)


@dataclass(frozen=True)
class SeededDay:
    """What a day has beside the files in its folder, and what is true of all of it."""

    number: int
    ads: meta.SeededAds
    """Of Meta's API."""
    routes: tuple[Route, ...]
    """Where the libraries of Microsoft and TikTok answer."""
    tallies: tuple[PartitionTruth, ...]

    def serve(
        self,
        folder: Path,
        faults: Sequence[Fault] = (),
        received: list[ReceivedRequest] | None = None,
    ) -> Starlette:
        """The replica of this day, whose files lie in the folder."""
        return create_replica(folder, self.ads, faults, received, further=self.routes)

    def find_tally(self, source: str, partition: str, kind: str = "ads") -> PartitionTruth:
        """The truth of one partition.

        Raises:
            KeyError: if nothing was made for it.
        """
        for tally in self.tallies:
            if (tally.source, tally.partition, tally.kind) == (source, partition, kind):
                return tally
        raise KeyError((source, partition, kind))


def lay_out_day(plan: SeedPlan, day: int, folder: Path) -> SeededDay:
    """Write the files of a day below an empty folder, as `create_replica` serves them.

    Raises:
        FileExistsError: if something lies there already.
    """
    seed = plan.seed
    api, api_tallies = meta.show_ads(meta.make_ads(seed, plan.meta_ads), day)
    bing, bing_tallies = microsoft.show_ads(microsoft.make_ads(seed, plan.microsoft_ads), day)
    clips, clips_tallies = tiktok.show_ads(tiktok.make_ads(seed, plan.tiktok_ads), day)
    tallies = [
        *snap.lay_out_years(snap.make_ads(seed, plan.snap_ads), day, folder),
        *google.lay_out_bundle(google.make_ads(seed, plan.google_ads), day, folder),
        *(*api_tallies, *bing_tallies, *clips_tallies),
        feed.lay_out_feed(feed.make_ads(seed, plan.feed_ads), day, folder),
        report.lay_out_report(report.make_pages(seed, plan.meta_ads), day, folder),
    ]
    return SeededDay(day, api, (*bing, *clips), tuple(tallies))


def write_api_ads(day: SeededDay, folder: Path) -> None:
    """Write the ads of Meta's API below a day's folder, to be imported."""
    meta.write_ads(day.ads, folder / API_PATH.lstrip("/") / "ads.jsonl")


def write_truth(plan: SeedPlan, days: Iterable[SeededDay], path: Path) -> None:
    """What each day holds: for every partition its counts, its totals by currency, what vanished."""
    truth: dict[str, Any] = {
        "ads": plan.ads,
        "seed": plan.seed,
        "days": [
            {"day": day.number, "partitions": [tally.describe() for tally in day.tallies]}
            for day in days
        ],
    }
    path.write_text(json.dumps(truth, indent=1), "utf-8")
