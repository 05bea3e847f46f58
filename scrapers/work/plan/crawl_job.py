"""What a scheduler, a worker or a person wants crawled; whoever finds it due hands it on."""

from dataclasses import dataclass


@dataclass(frozen=True)
class CrawlJob:
    """One partition to crawl."""

    source: str
    partition: str
    base_url: str = ""
    after_run: int | None = None
    """The partition's newest ended crawl when it was found due; if one ends later, nothing is to do."""
