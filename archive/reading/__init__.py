"""What this archive knows, for reading: one module a subject, each answer a typed value.

Routes, pages and commands call these functions with a reading session; nothing here writes, and
nothing here knows of HTTP. Every answer can say how fresh it is (`read_data_as_of`).
"""

from archive.reading.ads.ads import AdFilter, list_ads, list_newest_ads, read_ad
from archive.reading.ads.advertisers import list_advertisers, read_advertiser
from archive.reading.ads.evidence import list_evidence, read_evidence
from archive.reading.ads.history import list_metrics, list_vanished_periods, list_versions
from archive.reading.coverage import cover_days, cover_source
from archive.reading.disclosures import list_disclosures
from archive.reading.freshness import read_data_as_of
from archive.reading.paging import CursorError, Page
from archive.reading.sources.data_gaps import what_is_missing
from archive.reading.sources.sources import list_runs, list_sources

__all__ = [
    "AdFilter",
    "CursorError",
    "Page",
    "cover_days",
    "cover_source",
    "list_ads",
    "list_advertisers",
    "list_disclosures",
    "list_evidence",
    "list_metrics",
    "list_newest_ads",
    "list_runs",
    "list_sources",
    "list_vanished_periods",
    "list_versions",
    "read_ad",
    "read_advertiser",
    "read_data_as_of",
    "read_evidence",
    "what_is_missing",
]
