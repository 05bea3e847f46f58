"""What every source's spider offers: what the source is, where its files lie, how they are read.

The crawl (`scrapers.work.crawl.crawling`) and `import` (`scrapers.intake.importing`) both read through
`read`, so a file from disk and a file from the network mean the same. Nothing here needs Scrapy, which takes
long to load; what fetches a partition is named by `crawler_path`.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice
from typing import ClassVar, Protocol

from archive.bounds import HOPELESS, PAGE_CHARACTERS
from archive.models.runs import Outcome
from archive.records import PartInfo, SourceInfo, Unreadable
from config.settings import Settings, SourceSettings
from config.yaml_files import YamlFileError
from scrapers.readers.files import Reached, SourceFile, expand_file
from scrapers.readers.reading import NotRead, Reading, fail_unforeseen
from scrapers.readers.row_hashes import RowHashing, describe_reader
from scrapers.readers.workbooks import refuse_workbook
from scrapers.sources.signing import Secret

PAGE_SIZE = 5_000
"""Records handed to one write transaction."""


@dataclass(frozen=True)
class ReadingPage:
    """Readings of one capture that go into the archive together, and where to go on after them."""

    readings: list[Reading]
    capture_id: int | None
    cursor: str | None = None


@dataclass(frozen=True)
class Stop:
    """The walk ends here although it is not through: the outcome, and why."""

    outcome: Outcome
    reason: str


class FileReader(Protocol):
    """Reads the files of a source, or of one partition of it."""

    def read(self, file: SourceFile) -> Iterator[Reading]:
        """What one file says, in its order."""


class SourceSpider(ABC):
    """A source: `info` says what it is, `read` what a file of it says. It is never instantiated."""

    info: ClassVar[SourceInfo]
    base_url: ClassVar[str]
    """Address of the live source; `crawl --base-url` puts the replica in its place."""
    crawler_path: ClassVar[str] = "scrapers.fetching.partition_spider.FileSpider"
    """Scrapy's spider that fetches a partition; an API has one of its own."""
    further_hosts: ClassVar[frozenset[str]] = frozenset()
    """Hosts the source sends us on to; redirects to any other are not followed."""
    settings_type: ClassVar[type[SourceSettings] | None] = None
    """What an operator may set for this source alone, if there is any such thing."""
    reads_by_map: ClassVar[bool] = False
    """Its files come in anybody's columns, so an import of one names a map."""
    sweeps: ClassVar[bool] = True
    """A walk of a partition that ends well has seen everything in it."""

    @classmethod
    @abstractmethod
    def list_partitions(cls, _settings: Settings, today: date) -> list[str]:
        """The partitions there are to crawl, newest first."""

    @classmethod
    def find_address(cls, _settings: Settings, _partition: str) -> str:
        """Address of the live source; of several sites under one name, the partition's own."""
        return cls.base_url

    @classmethod
    def list_files(cls, _settings: Settings, partition: str, address: str) -> list[str]:
        """Where the partition's files lie below the source's address; an API has none.

        Raises:
            NotImplementedError: if the source is walked by a spider of its own.
        """
        raise NotImplementedError(f"{partition} at {address} is no list of files")

    @classmethod
    def list_shown_parameters(cls, _settings: Settings, _partition: str) -> frozenset[str] | None:
        """Query parameters of its addresses whose values may be shown.

        `None`, for sources whose addresses we know: all but those that sound like a secret.
        """
        return None

    @classmethod
    def reader_of(cls, _settings: Settings, _partition: str) -> FileReader:
        """Who reads the partition's files; the spider itself, unless partitions differ in shape."""
        return cls

    @classmethod
    def describe(cls, _settings: Settings) -> SourceInfo:
        """What the source is, for the archive; `info`, unless an operator's files say more of it."""
        return cls.info

    @classmethod
    def list_parts(cls, _settings: Settings) -> Mapping[str, PartInfo]:
        """Parts of the source with terms of their own, by what their ads' refs begin with; mostly none."""
        return {}

    @classmethod
    def list_refused(cls, _settings: Settings) -> list[YamlFileError]:
        """Files of the operator about parts of the source that cannot be used; mostly none."""
        return []

    @classmethod
    def read_secret(cls, _settings: Settings) -> Secret | None:
        """What the source must be shown to let us in; by default nothing.

        Raises:
            MissingCredentialError: if the operator has not given it.
        """
        return None

    @classmethod
    @abstractmethod
    def read(cls, file: SourceFile) -> Iterator[Reading]:
        """What one file of this source says, in its order."""


def read_delivery(
    reader: FileReader, file: SourceFile, row_hash_key: bytes | None = None
) -> Iterator[Reading]:
    """What a delivered file says, members of a zip one after the other.

    With a key, rows of ads in tables come unread, each with its hash.

    A zip of nothing but descriptions is a piece that could not be read: a run at it has seen no ads and
    must not call any of them gone.
    """
    if row_hash_key is not None:
        file = replace(file, hashing=RowHashing(row_hash_key, describe_reader(reader)))
    holds_data = False
    workbook = refuse_workbook(file)
    for member in (workbook,) if workbook else expand_file(file):
        if isinstance(member, Unreadable):
            holds_data = True
            yield member
        elif member.base_name.lower().startswith("readme"):
            holds_data = holds_data or member is file
            yield NotRead(member.name, "a description for people")
        else:
            holds_data = True
            yield from read_member(reader, member)
    if not holds_data:
        yield Unreadable(
            file=file.name, line=None, reason="there is nothing in it but descriptions"
        )


def read_member(reader: FileReader, file: SourceFile) -> Iterator[Reading]:
    """What one file says; where its reader fails unforeseen, the file is put aside from there on."""
    if workbook := refuse_workbook(file):
        yield workbook
        return
    try:
        yield from _end_hopeless(file, reader.read(file))
    except Exception as error:  # noqa: BLE001 (raised again, if it is no fault of the file)
        yield fail_unforeseen(file, error)


def _end_hopeless(file: SourceFile, readings: Iterator[Reading]) -> Iterator[Reading]:
    """What a file says, up to where it is plain that nothing more in it can be read."""
    in_a_row = 0
    for reading in readings:
        yield reading
        in_a_row = in_a_row + 1 if isinstance(reading, Unreadable) else 0
        if in_a_row > HOPELESS.most:
            yield Unreadable(file=file.name, reason=f"the rest is not tried; {HOPELESS.tell()}")
            return


def page_readings(
    readings: Iterator[Reading], capture_id: int | None, file: SourceFile | None = None
) -> Iterator[ReadingPage]:
    """Readings in pages of the size one transaction takes; at least one page, perhaps empty.

    With the file that they stand in, a page holds no more text of it than memory should.
    """
    reached = file.reached if file else Reached()
    first = _fill_page(readings, reached)
    yield ReadingPage(first, capture_id)
    while batch := _fill_page(readings, reached):
        yield ReadingPage(batch, capture_id)


def _fill_page(readings: Iterator[Reading], reached: Reached) -> list[Reading]:
    page: list[Reading] = []
    end = reached.characters + PAGE_CHARACTERS
    for reading in islice(readings, PAGE_SIZE):
        page.append(reading)
        if reached.characters > end:
            break
    return page
