"""Feeds of ads that carry no political label: a donation project's, a researcher's, a publisher's own.

Documentation: config/feeds (one YAML file a feed) and config/column_maps (one a shape).
Licence: each feed's own, in its file.
Shapes: JSON Lines, a JSON list or a table, by a column map; without one under our own field names.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Self
from urllib.parse import urlsplit

from pydantic import ConfigDict, Field, field_validator, model_validator

from archive.records import Allowance, Material, PartInfo, SourceInfo, SourceKind, Terms
from archive.runs.lease import UNNAMED_PARTITION
from config.overlay import ConfigFile, list_config_files
from config.readings import Readings, read_each
from config.settings import DeploymentKind, Realm, Settings
from config.yaml_files import YamlFileError, read_file
from scrapers.readers.column_maps import (
    PLAIN,
    PLAIN_MAP,
    MappedReader,
    find_column_map,
    read_column_maps,
)
from scrapers.readers.column_shapes import ColumnMap
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
        description="Address of the feed's file, whole each time; no user name or password.",
    )
    harmless_parameters: list[str] = Field(
        default=[],
        description="Parameters in the address whose values everybody may see; others are withheld.",
    )
    column_map: str = Field(
        default=PLAIN, description="Shape of the feed: a file of `column_maps`, or `plain`."
    )
    realm: Realm = Field(
        default=Realm.REAL, description="`fictional`: only the demo crawls it; else `real`."
    )

    @field_validator("url")
    @classmethod
    def _check_url(cls, url: str) -> str:
        """Refuse an address with a password: it would be sent to whoever the feed leads on to.

        Raises:
            ValueError: if it names a user.
        """
        if "@" in urlsplit(url).netloc:
            raise ValueError("the address holds a user name or a password; leave them out")
        return url

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
        feeds = read_feeds(settings).values
        return [name for name, feed in feeds.items() if feed.realm is wanted]

    @classmethod
    def find_address(cls, settings: Settings, partition: str) -> str:
        """The site of the feed.

        Raises:
            YamlFileError: if its file cannot be used.
        """
        parts = urlsplit(_find_feed(settings, partition).url)
        return f"{parts.scheme}://{parts.netloc}"

    @classmethod
    def describe(cls, settings: Settings) -> SourceInfo:
        """With the columns that feeds and imports keep under their own names, as their maps say."""
        kept = {
            f"{name}/{column}"
            for name, shape in list_shapes(settings).items()
            for column in (*shape.kept, *(c.column for c in shape.columns.values() if c.is_kept))
        }
        return cls.info.model_copy(update={"shown_fields": sorted(kept)})

    @classmethod
    def list_parts(cls, settings: Settings) -> Mapping[str, PartInfo]:
        """The feeds that are crawled here, by their names."""
        feeds = read_feeds(settings).values
        # Which day it is does not matter: every feed is one partition, always.
        return {name: feeds[name] for name in cls.list_partitions(settings, date.min)}

    @classmethod
    def list_refused(cls, settings: Settings) -> list[YamlFileError]:
        """Column maps, and feeds, that cannot be used."""
        return [*read_column_maps(settings).refused, *read_feeds(settings).refused]

    @classmethod
    def reader_of(cls, settings: Settings, partition: str) -> FileReader:
        """Who reads the feed of this name, or what was imported by the column map of this name.

        Raises:
            YamlFileError: if there is neither, or what is wrong with its file.
        """
        if partition == UNNAMED_PARTITION:
            return cls
        feed = read_feeds(settings).find(partition)
        shape = find_column_map(settings, feed.column_map if feed else partition)
        return MappedReader(partition, shape)

    @classmethod
    def list_files(cls, settings: Settings, partition: str, address: str) -> list[str]:
        """The feed's file."""
        parts = urlsplit(_find_feed(settings, partition).url)
        query = f"?{parts.query}" if parts.query else ""
        return [f"{address}{parts.path}{query}"]

    @classmethod
    def list_shown_parameters(cls, settings: Settings, partition: str) -> frozenset[str]:
        """Those that the feed's file calls harmless; an operator's address may hold a key under any name."""
        feed = read_feeds(settings).values.get(partition)
        return frozenset(feed.harmless_parameters if feed else ())

    @classmethod
    def read(cls, file: SourceFile) -> Iterator[Reading]:
        """The ads of a file that uses our own names."""
        yield from MappedReader(PLAIN, PLAIN_MAP).read(file)


def read_feeds(settings: Settings) -> Readings[FeedFile]:
    """The feeds by their names, the operator's files over the shipped ones; none without its column map."""
    maps = read_column_maps(settings)

    def read(file: ConfigFile) -> FeedFile:
        written = read_file(file)
        feed = written.read_as(FeedFile)
        if feed.column_map not in {PLAIN, *maps.values}:
            bad = next((error.place for error in maps.refused if error.name == feed.column_map), "")
            why = (
                f"resting on {bad}, which cannot be used" if bad else "there is no such column map"
            )
            raise written.make_error(["column_map"], why)
        return feed

    return read_each(list_config_files(settings, FOLDER, ".yaml"), read)


def _find_feed(settings: Settings, name: str) -> FeedFile:
    feed = read_feeds(settings).find(name)
    if feed is None:
        raise YamlFileError(f"config/{FOLDER}", None, "", f"there is no feed {name!r}")
    return feed


def list_shapes(settings: Settings) -> dict[str, ColumnMap]:
    """The maps by what refs of ads read by them begin with: feeds and maps, those that can be read."""
    found = {PLAIN: PLAIN_MAP, **read_column_maps(settings).values}
    feeds = read_feeds(settings).values.items()
    return found | {name: found[feed.column_map] for name, feed in feeds}
