"""Scrapy's side of a source: what is asked of it for one partition, and what is done with the answers.

`walk.WalkCrawler` loads the one that a source names (`SourceSpider.crawler_path`). Sources of files
share `FileSpider`; an API has its own beside its paging (`meta_paging`, `microsoft_paging`,
`tiktok_paging`).
"""

from abc import abstractmethod
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Any

import scrapy
from scrapy import Request
from scrapy.http import Response

from config.settings import Settings
from scrapers.fetching.answers import ResponseVerdict, classify_status
from scrapers.fetching.spooled import open_answer, request_file
from scrapers.sources.spider import SourceSpider, page_readings, read_delivery


class PartitionSpider(scrapy.Spider):
    """Fetches one partition of a source."""

    def __init__(
        self,
        source: type[SourceSpider],
        settings_of_archive: Settings,
        partition: str,
        cursor: str | None,
        base_url: str = "",
    ) -> None:
        super().__init__(name=source.info.id)
        self.source = source
        self.archive_settings = settings_of_archive
        self.partition = partition
        self.cursor = cursor
        address = base_url or source.find_address(settings_of_archive, partition)
        self.address = address.rstrip("/")

    @abstractmethod
    def requests(self) -> Iterable[Request]:
        """What to fetch for this partition, from the cursor on."""

    def classify_response(self, response: Response) -> ResponseVerdict:
        """What an answer means; by its status, unless the source says it in the body."""
        return classify_status(response)

    async def start(self) -> AsyncIterator[Any]:
        """Scrapy's entry: the partition's requests."""
        for request in self.requests():
            yield request


class FileSpider(PartitionSpider):
    """Fetches the files of a partition, one after the other."""

    def requests(self) -> Iterable[Request]:
        """The partition's files."""
        files = self.source.list_files(self.archive_settings, self.partition, self.address)
        return [request_file(url) for url in files]

    def parse(self, response: Response, **_: Any) -> Iterator[Any]:  # noqa: ANN401 (Scrapy's signature)
        """The pages of a fetched file."""
        reader = self.source.reader_of(self.archive_settings, self.partition)
        with open_answer(response) as answer:
            readings = read_delivery(reader, answer, response.meta.get("row_hash_key"))
            yield from page_readings(readings, response.meta["capture_id"], answer)
