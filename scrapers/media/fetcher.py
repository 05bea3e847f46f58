"""Fetches the addresses of one ad, with the manners that its source asks for."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Engine

from archive.errors import OutageError
from archive.media.files import (
    RETRY_AFTER,
    DueAd,
    FetchOutcome,
    find_outcome,
    keep_file,
    note_fetches,
)
from archive.media.machine_text import tell_unread
from archive.media.pictures import PictureTooLargeError, measure_file
from archive.models.media import MediaState
from archive.records import QuarantineStage
from archive.runs.crawling_stops import CrawlingStoppedError, require_crawling
from archive.runs.fence import is_fatal
from archive.runs.quarantine import explain_failure
from archive.store.blobs import BlobStore
from archive.store.database import read, write
from config.settings import Settings
from scrapers.fetching.budget import Pace, hold_off, take_request
from scrapers.fetching.network_addresses import NotFetchedError
from scrapers.intake.pages import Clock
from scrapers.media.download import Limits, download_file, place_address

LONGEST_WAIT_SECONDS = 60.0
"""A source that wants to be left alone for longer is left until the next round."""

WAIT_WHEN_BUSY = timedelta(minutes=15)
"""For a server that is asked too often and does not say when to come back."""

Pause = Callable[[float], None]


class SourceBusyError(OutageError):
    """The source is not to be asked for longer than this round waits."""


@dataclass(frozen=True)
class MediaFetcher:
    """What every run needs: the archive, the clock, and the manners towards one source."""

    settings: Settings
    engine: Engine
    clock: Clock
    pause: Pause
    pace: Pace
    limits: Limits
    base_url: str

    def fetch_address(self, ad_id: int, url: str) -> FetchOutcome:
        """What an address holds for an ad: known already, or asked for now.

        Raises:
            SourceBusyError: if nothing was asked because it is not our turn for long.
        """
        with read(self.engine) as session:
            known = find_outcome(session, ad_id, url)
        if known is not None:
            return known
        self.await_turn()
        try:
            return self.fetch(url)
        except PictureTooLargeError as error:
            return FetchOutcome(MediaState.TOO_LARGE, str(error))
        except NotFetchedError as error:
            return self.tell_failure(error)

    def fetch_ad(self, source: str, ad: DueAd, outcomes: dict[str, FetchOutcome]) -> bool:
        """Fetch all addresses of an ad, fill in what came of each, and write it down in one transaction.

        Raises:
            CrawlingStoppedError: if all crawling is stopped; then nothing is written down.
            SourceBusyError: if it is not our turn for long; nor then.
            Exception: what the first address failed on unforeseen, once everything is written down.
        """
        unforeseen = []
        for url in ad.addresses:
            try:
                outcomes[url] = self.fetch_address(ad.ad_id, url)
            except Exception as error:
                if is_fatal(error) or isinstance(error, CrawlingStoppedError):
                    raise
                reason, _ = explain_failure(QuarantineStage.MEDIA, error)
                outcomes[url] = FetchOutcome(MediaState.UNREACHABLE, reason)
                unforeseen.append(error)
        with write(self.engine) as session:
            note_fetches(session, source, ad, outcomes, self.clock())
        if unforeseen:
            raise unforeseen[0]
        return True

    def await_turn(self) -> None:
        """Wait until the source may be asked, whoever else asks it too.

        Raises:
            CrawlingStoppedError: if all crawling is stopped.
            SourceBusyError: if that is more than `LONGEST_WAIT_SECONDS` away.
        """
        while True:
            now = self.clock()
            with write(self.engine) as session:
                require_crawling(session)
                at = take_request(session, self.pace, now)
            wait_seconds = (at - now).total_seconds()
            if wait_seconds <= 0:
                return
            if wait_seconds > LONGEST_WAIT_SECONDS:
                raise SourceBusyError
            self.pause(wait_seconds)

    def fetch(self, url: str) -> FetchOutcome:
        """Fetch a file, measure it, keep it.

        Raises:
            NotFetchedError: if it could not be had.
            PictureTooLargeError: if it would unpack to more than memory should hold.
        """
        place = place_address(url, self.base_url) if self.base_url else url
        with TemporaryDirectory(prefix="media-", dir=self.settings.home) as folder:
            path = Path(folder) / "file"
            download_file(place, path, self.settings.user_agent, self.limits)
            facts = measure_file(path)
            blob = BlobStore(self.settings.blobs_dir).put_file(path)
        with write(self.engine) as session:
            keep_file(session, blob, facts, tell_unread(facts.media_type), self.clock())
        return FetchOutcome(MediaState.KEPT, sha256=blob.sha256)

    def tell_failure(self, error: NotFetchedError) -> FetchOutcome:
        """The outcome of a run that failed; a server that is asked too often is left alone."""
        now = self.clock()
        asked = timedelta(seconds=error.wait_seconds) if error.wait_seconds else None
        if error.is_busy:
            with write(self.engine) as session:
                hold_off(session, self.pace.key, now + (asked or WAIT_WHEN_BUSY), now)
        if error.state != MediaState.UNREACHABLE:
            return FetchOutcome(error.state, error.reason)
        return FetchOutcome(
            error.state, error.reason, retry_at=now + max(asked or RETRY_AFTER, RETRY_AFTER)
        )
