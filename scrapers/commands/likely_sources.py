"""Whose file it is that a source found nothing in: every other reader is asked for its first rows."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from archive.records import Unreadable
from config.settings import Settings
from scrapers.readers.column_maps import PLAIN, read_column_maps
from scrapers.readers.files import SourceFile
from scrapers.readers.reading import NotRead
from scrapers.sources.spider import FileReader, read_delivery
from scrapers.spiders import find_spiders

ROWS_TRIED = 20


def find_likely_source(settings: Settings, path: Path, but: str) -> str | None:
    """What to write after `paidforby import` for a file; `None`: nobody reads most of its first rows."""
    shares = {
        words: _share_read(reader, path)
        for words, reader in _list_readers(settings)
        if words.split()[0] != but
    }
    best = max(shares, key=lambda words: shares[words], default=None)
    return best if best and shares[best] > 0.5 else None


def _list_readers(settings: Settings) -> Iterator[tuple[str, FileReader]]:
    """Each source's reader, those that know their columns before those that a map tells them."""
    spiders = sorted(find_spiders().items(), key=lambda pair: pair[1].reads_by_map)
    for source, spider in spiders:
        if not spider.reads_by_map:
            yield source, spider
            continue
        for name in (PLAIN, *sorted(read_column_maps(settings).values.keys() - {PLAIN})):
            words = source if name == PLAIN else f"{source} --map {name}"
            yield words, spider.reader_of(settings, name)


def _share_read(reader: FileReader, path: Path) -> float:
    file = SourceFile(path.name, lambda: path.open("rb"))
    readings = (each for each in read_delivery(reader, file) if not isinstance(each, NotRead))
    tried = [not isinstance(each, Unreadable) for each in islice(readings, ROWS_TRIED)]
    return sum(tried) / len(tried) if tried else 0
