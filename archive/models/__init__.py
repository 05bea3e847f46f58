"""Every table of every room, so that one migration line makes the whole archive.

Table classes do not validate: rows are built from records (archive/ingest) or by the one function
that owns the table.
"""

from archive.models.ads import (
    Ad,
    AdMetric,
    AdVersion,
    Advertiser,
    AdvertiserAlias,
    AdvertiserName,
    AskedCountry,
    PublicAd,
    VanishedPeriod,
)
from archive.models.changes import Change, ConsumerPosition, LedgerLeaf
from archive.models.corrections import AllowedField, Correction, Redaction
from archive.models.duplicates import AdText, ShownText, TextBand
from archive.models.leases import CrawlingStop, RequestBudget, SingletonLease, WorkerHeartbeat
from archive.models.media import AdMedia, MediaFile
from archive.models.monitoring import CrawlPromise, MailedAlert, MonitorFinding
from archive.models.names import Name, NamedRow, NameKind, NameSpelling, NameWord
from archive.models.notices import Notice
from archive.models.oversight import (
    CaseStep,
    Decision,
    Evaluation,
    Flag,
    ReferenceVersion,
    RuleUse,
    RuleVersion,
    Signal,
    SourceQuestion,
)
from archive.models.people import ApiKey, User
from archive.models.runs import (
    ArchiveFact,
    ArchiveSecret,
    Capture,
    Checkpoint,
    QuarantinedBatch,
    QuarantinedPiece,
    Run,
    RunCountry,
    Sighting,
    Source,
    SourcePart,
    SourceTotal,
)
from archive.models.spending import AdvertiserSpend, Committee, Disclosure, DisclosureVersion
from archive.models.watch_lists import (
    AdLabel,
    EntryKind,
    LabelTerm,
    WatchList,
    WatchListEntry,
    WatchListEntryView,
)

__all__ = [
    "Ad",
    "AdLabel",
    "AdMedia",
    "AdMetric",
    "AdText",
    "AdVersion",
    "Advertiser",
    "AdvertiserAlias",
    "AdvertiserName",
    "AdvertiserSpend",
    "AllowedField",
    "ApiKey",
    "ArchiveFact",
    "ArchiveSecret",
    "AskedCountry",
    "Capture",
    "CaseStep",
    "Change",
    "Checkpoint",
    "Committee",
    "ConsumerPosition",
    "Correction",
    "CrawlPromise",
    "CrawlingStop",
    "Decision",
    "Disclosure",
    "DisclosureVersion",
    "EntryKind",
    "Evaluation",
    "Flag",
    "LabelTerm",
    "LedgerLeaf",
    "MailedAlert",
    "MediaFile",
    "MonitorFinding",
    "Name",
    "NameKind",
    "NameSpelling",
    "NameWord",
    "NamedRow",
    "Notice",
    "PublicAd",
    "QuarantinedBatch",
    "QuarantinedPiece",
    "Redaction",
    "ReferenceVersion",
    "RequestBudget",
    "RuleUse",
    "RuleVersion",
    "Run",
    "RunCountry",
    "ShownText",
    "Sighting",
    "Signal",
    "SingletonLease",
    "Source",
    "SourcePart",
    "SourceQuestion",
    "SourceTotal",
    "TextBand",
    "User",
    "VanishedPeriod",
    "WatchList",
    "WatchListEntry",
    "WatchListEntryView",
    "WorkerHeartbeat",
]
