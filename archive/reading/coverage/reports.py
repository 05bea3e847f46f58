"""All that is told of one source's coverage: days and gaps, what of it is here, and whom its ads name."""

from datetime import date, datetime

from sqlmodel import Field, Session

from archive.models import Source
from archive.models.corrections import SpendMeasure
from archive.reading.coverage.contents import SourceContents, read_contents
from archive.reading.coverage.days import cover_source
from archive.reading.coverage.disclosed import DisclosedField, count_disclosed
from archive.reading.views import SourceCoverage
from archive.records import SourceKind


class SourceReport(SourceCoverage):
    """Where and when this archive crawled one source, and what of it is here."""

    contents: SourceContents = Field(
        description="Years, files and quarantine of what it mainly gives, and what its amounts are."
    )
    disclosed: list[DisclosedField] = Field(
        description="Of how many of its ads payer and sponsor are known."
    )


def report_source(
    session: Session,
    source: str,
    now: datetime,
    start_on: date | None = None,
    end_on: date | None = None,
) -> SourceReport:
    """Everything about a source as it is known now; days as `cover_source`."""
    covered = cover_source(session, source, start_on, end_on, now=now)
    disclosed = count_disclosed(session, source)
    info = session.get(Source, source)
    if info is not None and info.kind == SourceKind.DISCLOSURES:
        measure = SpendMeasure.DISCLOSED
    else:
        measure = SpendMeasure.ADS if disclosed[0].ads else SpendMeasure.REPORTED
    return SourceReport(
        **dict(covered),
        contents=read_contents(session, source, measure, now),
        disclosed=[field for field in disclosed if field.ads],
    )
