"""Everything that the archive says about a source of the world of neighbours, in a form to compare."""

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlmodel import Session, SQLModel, col, select

from archive.exports.downloads import AdvertiserSpendFilter, What, stream_rows
from archive.models import QuarantinedPiece
from archive.reading import (
    AdFilter,
    list_ads,
    list_advertisers,
    list_disclosures,
    list_evidence,
    list_metrics,
    list_runs,
    list_vanished_periods,
    list_versions,
    read_ad,
    read_advertiser,
    what_is_missing,
)
from archive.reading.ads.sightings import list_import_times, read_last_seen
from archive.reading.as_of.moment import NOW, Moment
from archive.reading.corrections import CorrectionFilter, list_corrections
from archive.reading.coverage import cover_source, cover_weeks, summarise_coverage
from archive.reading.disclosures import DisclosureFilter
from archive.reading.sources.quarantined import find_quarantined
from archive.reading.sources.stats import count_archive
from archive.reading.sources.watched_sources import list_watched_sources
from archive.reading.visible import Include
from archive.spending import SpendBasis, SpendBy, SpendMeasure, SpendQuery, summarise_spending
from tests.archive.moments import day
from tests.archive.neighbours import REFS, on

ADS_BY = (SpendBy.ADVERTISER, SpendBy.PAYER, SpendBy.PLATFORM, SpendBy.COUNTRY, SpendBy.ELECTION)
STATED_BY = (None, SpendBy.WEEK, SpendBy.REGION, SpendBy.COUNTRY)
QUERIES: Sequence[SpendQuery] = [
    *(SpendQuery(by=by) for by in ADS_BY),
    SpendQuery(country="CY", include=Include.UNLABELLED),
    SpendQuery(by=SpendBy.COUNTRY, from_on=on(1), to_on=on(5), basis=SpendBasis.LIFETIME),
    SpendQuery(by=SpendBy.PLATFORM, from_on=on(1), to_on=on(5)),
    SpendQuery(by=SpendBy.WEEK, from_on=on(-1), to_on=on(8), basis=SpendBasis.ESTIMATE),
    *(SpendQuery(measure=SpendMeasure.REPORTED, by=by) for by in STATED_BY),
    SpendQuery(measure=SpendMeasure.DISCLOSED, by=SpendBy.PAYER),
    SpendQuery(measure=SpendMeasure.DISCLOSED, by=SpendBy.MONTH),
]

OWN = {"capture_id", "run_id", "version_id", "cursor", "as_of", "valid_at", "data_as_of"}
"""What names a row of this archive alone, or the question."""


def strip(told: Any) -> Any:
    """An answer without what differs by design between two archives or two questions."""
    if isinstance(told, SQLModel):
        return strip(json.loads(told.model_dump_json()))
    if isinstance(told, dict):
        kept = {k: strip(v) for k, v in told.items() if k not in OWN}
        return {k: v for k, v in kept.items() if not (k == "id" and isinstance(v, int))}
    if isinstance(told, list | tuple):
        return [strip(each) for each in told]
    return re.sub(r"batch-\d+", "batch", told) if isinstance(told, str) else told


def tell_then(session: Session, source: str, moment: Moment = NOW) -> dict[str, Any]:
    """Every answer about a source that can be asked for a moment."""
    told: dict[str, Any] = {}
    everything = AdFilter(source=source, include=Include.UNLABELLED)
    ads = list_ads(session, everything, None, 100, moment).items
    told["all ads"] = ads
    for name, value in (
        *(("country", "CY"), ("currency", "USD"), ("state", "vanished"), ("election", "Mayor")),
        *(("election", "unknown"), ("payer", ("New payer",)), ("declared_political", "true")),
    ):
        wanted = AdFilter(source=source, **{name: value})
        told[f"ads by {name}"] = [ad.ref for ad in list_ads(session, wanted, moment=moment).items]
    told["ads"] = [ad.ref for ad in list_ads(session, AdFilter(source=source), moment=moment).items]
    for ad in ads:
        told[ad.ref] = [
            read_ad(session, ad.id, moment),
            *(
                tell(session, ad.id, moment)
                for tell in (list_versions, list_metrics, list_vanished_periods)
            ),
            list_corrections(session, CorrectionFilter(subject=ad.id), moment=moment).items,
            str(read_last_seen(session, ad.id, moment)),
        ]
    told["advertisers"] = [
        read_advertiser(session, one.id, moment)
        for one in list_advertisers(
            session, source, moment=moment, include=Include.UNLABELLED
        ).items
    ]
    for words in ("party", "west", "occident"):
        found = list_advertisers(session, source, moment=moment, name=words).items
        told[f"advertisers named {words}"] = [one.id for one in found]
    told["listed advertisers"] = list_advertisers(session, source, moment=moment).items
    told["corrections"] = list_corrections(
        session, CorrectionFilter(source=source), moment=moment
    ).items
    told["disclosures"] = list_disclosures(
        session, DisclosureFilter(source=source), moment=moment
    ).items
    told["coverage"] = cover_source(session, source, moment=moment)
    told["looked"] = summarise_coverage(session, source, on(0), on(9), moment=moment)
    for number, query in enumerate(QUERIES):
        asked = replace(query, source=source, moment=moment)
        told[f"sums {number}"] = summarise_spending(session, asked)
    for what, wanted in (
        (What.ADS, everything),
        (What.DISCLOSURES, DisclosureFilter(source=source)),
    ):
        told[f"download of {what}"] = stream_all(session, what, wanted, moment)
    return strip(told)


def stream_all(session: Session, what: What, wanted: Any, moment: Moment = NOW) -> list[Any]:
    stream = stream_rows(session.connection().engine, what, wanted, moment=moment)
    names = [column.name for column in stream.columns]
    return [
        {n: read_cell(v) for n, v in zip(names, row, strict=True) if n not in OWN}
        for block in stream.blocks
        for row in block
    ]


def read_cell(value: Any) -> str:
    """A cell as text; JSON may come as it is kept or as its value."""
    is_json = isinstance(value, str) and value[:1] in ("{", "[")
    return str(json.loads(value) if is_json else value)


def tell_now(session: Session, source: str) -> dict[str, Any]:
    """Every answer about a source that is about now only."""
    missing = what_is_missing(session)
    counted = count_archive(session)["by_source"]
    watched = {one.id: one for one in list_watched_sources(session, day(20))}
    pieces = select(QuarantinedPiece).where(QuarantinedPiece.source == source)
    told: dict[str, Any] = {
        "data_gaps": [data_gap for data_gap in missing.data_gaps if data_gap.source == source],
        "not done": [run for run in missing.runs_not_done if run.source == source],
        "counts": counted.get(source),
        "runs": list_runs(session, source).items,
        "weeks": cover_weeks(session, day(20), source=source),
        "held": list(find_quarantined(session).get(source, [])),
        "watched": watched.get(source),
        "imports": sorted(map(str, list_import_times(session, source))),
        "pieces": list(session.exec(pieces.order_by(col(QuarantinedPiece.id)))),
    }
    for ref in REFS:
        told[f"evidence of {ref}"] = list_evidence(session, f"{source}:{ref}")
    wanted = AdFilter(source=source, include=Include.UNLABELLED)
    for what in (What.VERSIONS, What.METRICS, What.TARGETING, What.DELIVERY):
        told[f"download of {what}"] = stream_all(session, what, wanted)
    told["statements ever"] = stream_all(
        session, What.ADVERTISER_SPEND, AdvertiserSpendFilter(source=source)
    )
    return strip(told)
