"""What a source says, one class a kind: a spider yields it, a table inherits it, the API shows it.

Each field's meaning stands in its `Field(description=…)` and nowhere else; the data dictionary,
OpenAPI and CSV headers follow from it. Records validate as they are made; tables do not, so a
table row is only ever built from a record.
"""

from archive.records.ads import (
    BOUNDS,
    AdContent,
    AdNumbers,
    AdRecord,
    AdvertiserMove,
    CountriesFrom,
)
from archive.records.base import MAX_MINOR, MISSING_IN_WORDS, MissingReason, Record, Row
from archive.records.money import AmountBasis, Rounding, TaxBasis
from archive.records.sources import (
    Allowance,
    Material,
    PartInfo,
    QuarantineStage,
    SourceInfo,
    SourceKind,
    SourceTotalRecord,
    Terms,
    Unreadable,
)
from archive.records.spending import (
    AdvertiserSpendRecord,
    CommitteeRecord,
    DisclosureRecord,
    Grain,
)

AnyRecord = (
    AdRecord
    | AdvertiserSpendRecord
    | DisclosureRecord
    | CommitteeRecord
    | SourceTotalRecord
    | AdvertiserMove
)

__all__ = [
    "BOUNDS",
    "MAX_MINOR",
    "MISSING_IN_WORDS",
    "AdContent",
    "AdNumbers",
    "AdRecord",
    "AdvertiserMove",
    "AdvertiserSpendRecord",
    "Allowance",
    "AmountBasis",
    "AnyRecord",
    "CommitteeRecord",
    "CountriesFrom",
    "DisclosureRecord",
    "Grain",
    "Material",
    "MissingReason",
    "PartInfo",
    "QuarantineStage",
    "Record",
    "Rounding",
    "Row",
    "SourceInfo",
    "SourceKind",
    "SourceTotalRecord",
    "TaxBasis",
    "Terms",
    "Unreadable",
]
