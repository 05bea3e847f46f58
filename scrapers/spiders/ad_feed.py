"""Feeds of ads that carry no political label: a donation project's, a researcher's, a publisher's own.

Documentation: config/feeds (one YAML file a feed) and config/column_maps (one a shape).
Licence: each feed's own, in its file.
Shapes: JSON Lines, a JSON list or a table, by a column map; without one under our own field names.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Self
from urllib.parse import urlsplit

from pydantic import ConfigDict, Field, model_validator

from archive.records import Allowance, Material, PartInfo, SourceInfo, SourceKind, Terms
from archive.runs.lease import UNNAMED_PARTITION
from config.settings import DeploymentKind, Realm, Settings
from config.yaml_files import read_models
from scrapers.readers.column_maps import PLAIN, PLAIN_MAP, MappedReader, find_column_map
from scrapers.readers.files import SourceFile
from scrapers.readers.reading import Reading
from scrapers.sources.spider import FileReader, SourceSpider

FOLDER = "feeds"
NOT_STATED = "not stated"


class FeedFile(PartInfo):
    """One feed: a file `feeds/<name>.yaml`."""

    # SQLModel narrows the type of this field of pydantic's to a class that it does not export.
    model_config = ConfigDict(extra="forbid", frozen=True)  # type: ignore[assignment]

    url: str = Field(
        pattern=r"^https?://[^\s/]+/\S+$",
        description="Address of the feed's file, whole each time.",
    )
    column_map: str = Field(
        default=PLAIN, description="Shape of the feed: a file of `column_maps`, or `plain`."
    )
    realm: Realm = Field(
        default=Realm.REAL, description="`fictional`: only the demo crawls it; else `real`."
    )

    @model_validator(mode="after")
    def _check_licence(self) -> Self:
        """Refuse to show media under terms that nobody can name.

        Raises:
            ValueError: if media are to be shown and no licence is stated.
        """
        if (
            self.licence == NOT_STATED
            and self.republish[Material.MEDIA].allows == Allowance.PUBLISH
        ):
            raise ValueError("pictures are shown under a `licence` that is stated, or not at all")
        return self


class AdFeedSpider(SourceSpider):
    """One file a feed; what left the feed since the last run has vanished from it."""

    info = SourceInfo(
        id="ad_feed",
        title="Feeds of ads without a political label",
        publisher="each feed's own, named in its file",
        kind=SourceKind.ADS,
        homepage="each feed has its own",
        documentation="config/feeds",
        licence="each feed's own, named in its file",
        access="robots: obey",
        needs="a file for each feed in the operator's config/feeds",
        partition_unit="one feed",
        seconds_between_requests=5,
        data_gaps="whether an ad is political, unless a feed says so",
        republish={
            Material.MEDIA: Terms(
                allows=Allowance.LEAVE,
                because="the feed, or the table that was imported, does not say what it allows",
            )
        },
    )
    base_url = ""
    reads_by_map = True

    @classmethod
    def list_partitions(cls, settings: Settings, _today: date) -> list[str]:
        """The feeds the operator has named; invented ones in the demo only."""
        is_demo = settings.deployment_kind is DeploymentKind.DEMO
        wanted = Realm.FICTIONAL if is_demo else Realm.REAL
        return [name for name, feed in list_feeds(settings).items() if feed.realm is wanted]

    @classmethod
    def find_address(cls, settings: Settings, partition: str) -> str:
        """The site of the feed."""
        parts = urlsplit(list_feeds(settings)[partition].url)
        return f"{parts.scheme}://{parts.netloc}"

    @classmethod
    def list_parts(cls, settings: Settings) -> Mapping[str, PartInfo]:
        """The feeds that are crawled here, by their names."""
        feeds = list_feeds(settings)
        # Which day it is does not matter: every feed is one partition, always.
        return {name: feeds[name] for name in cls.list_partitions(settings, date.min)}

    @classmethod
    def reader_of(cls, settings: Settings, partition: str) -> FileReader:
        """Who reads the feed of this name, or what was imported by the column map of this name.

        Raises:
            YamlFileError: if there is neither, or what is wrong with its file.
        """
        if partition == UNNAMED_PARTITION:
            return cls
        feed = list_feeds(settings).get(partition)
        shape = find_column_map(settings, feed.column_map if feed else partition)
        return MappedReader(partition, shape)

    @classmethod
    def list_files(cls, settings: Settings, partition: str, address: str) -> list[str]:
        """The feed's file."""
        parts = urlsplit(list_feeds(settings)[partition].url)
        query = f"?{parts.query}" if parts.query else ""
        return [f"{address}{parts.path}{query}"]

    @classmethod
    def read(cls, file: SourceFile) -> Iterator[Reading]:
        """The ads of a file that uses our own names."""
        yield from MappedReader(PLAIN, PLAIN_MAP).read(file)


def list_feeds(settings: Settings) -> dict[str, FeedFile]:
    """The feeds by their names, the operator's files over the shipped ones.

    Raises:
        YamlFileError: naming the file, line and field that is wrong.
    """
    return read_models(settings, FOLDER, FeedFile)
