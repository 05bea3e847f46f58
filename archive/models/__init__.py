"""Every table of every room, so that one migration line makes the whole archive.

Table classes do not validate: rows are built from records (archive/ingest) or by the one function
that owns the table.
"""

from archive.models.ads import (
    Ad,
    AdAbsence,
    AdMetric,
    AdVersion,
    Advertiser,
    AdvertiserAlias,
    AdvertiserName,
    PublicAd,
)
from archive.models.changes import Change, ConsumerMark, LedgerLeaf
from archive.models.corrections import Correction, Redaction
from archive.models.leases import Duty, RequestBudget
from archive.models.media import AdMedia, MediaFile
from archive.models.monitoring import LookRhythm, MailedAlert, MonitorFinding
from archive.models.oversight import (
    CaseStep,
    Decision,
    Evaluation,
    Flag,
    Notice,
    RuleVersion,
    Signal,
)
from archive.models.people import ApiKey, User
from archive.models.runs import (
    ArchiveFact,
    Capture,
    Checkpoint,
    HeldBatch,
    QuarantinedPiece,
    Run,
    RunCountry,
    Sighting,
    Source,
    SourcePart,
    StatedTotal,
)
from archive.models.spending import AdvertiserSpend, Committee, Disclosure, DisclosureVersion
from archive.models.watch_lists import (
    EntryKind,
    PoliticalLabel,
    WatchList,
    WatchListEntry,
    WatchListEntryView,
)

__all__ = [
    "Ad",
    "AdAbsence",
    "AdMedia",
    "AdMetric",
    "AdVersion",
    "Advertiser",
    "AdvertiserAlias",
    "AdvertiserName",
    "AdvertiserSpend",
    "ApiKey",
    "ArchiveFact",
    "Capture",
    "CaseStep",
    "Change",
    "Checkpoint",
    "Committee",
    "ConsumerMark",
    "Correction",
    "Decision",
    "Disclosure",
    "DisclosureVersion",
    "Duty",
    "EntryKind",
    "Evaluation",
    "Flag",
    "HeldBatch",
    "LedgerLeaf",
    "LookRhythm",
    "MailedAlert",
    "MediaFile",
    "MonitorFinding",
    "Notice",
    "PoliticalLabel",
    "PublicAd",
    "QuarantinedPiece",
    "Redaction",
    "RequestBudget",
    "RuleVersion",
    "Run",
    "RunCountry",
    "Sighting",
    "Signal",
    "Source",
    "SourcePart",
    "StatedTotal",
    "User",
    "WatchList",
    "WatchListEntry",
    "WatchListEntryView",
]
