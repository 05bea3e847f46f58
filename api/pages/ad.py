"""The page of one ad: what it says, who paid, how it changed, what was decided, and the evidence.

Signals are not shown: they are not public before a person has reviewed them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from sqlmodel import Session

from api.dependencies import MomentOf, Rooms, RoomsDep
from api.pages.decisions import OUTCOMES
from api.pages.formatting import write_share
from api.pages.range_bar import find_scale
from api.pages.site import PageHead, render_page, set_moment
from archive.curation.watch_lists import find_list_id
from archive.duplicates.reading import list_copies
from archive.models import Source
from archive.reading import (
    list_evidence,
    list_metrics,
    list_vanished_periods,
    list_versions,
    read_ad,
)
from archive.reading.ads.ads import find_ad_row
from archive.reading.ads.media import list_media
from archive.reading.ads.sightings import list_import_times, read_last_seen
from archive.reading.as_of.moment import Moment
from archive.reading.corrections import CorrectionFilter, list_corrections
from archive.reading.views import AdView, EvidenceView, MetricView, VersionView
from archive.records import CountriesFrom, MissingReason
from archive.records.identity import ad_path, public_id
from archive.store.database import read
from config.counts import write_count
from oversight.cases import list_ad_decisions
from oversight.language import Facts
from oversight.rules.loading import Rule
from oversight.rules.made_facts import derive_countries, list_regions

router = APIRouter()

SHARE_STEPS = 10_000
"""Shares are drawn in steps of a hundredth of a percent."""


EU_MEMBERS = "eu_member_states"
"""The parameter that says which countries a rule of the European Union reaches."""

CountRow = tuple[str, int | None, int | None, str, int]
"""What is counted, least, most, the field that says why it is missing, and the band's scale."""


@dataclass(frozen=True)
class AudienceRow:
    """One group of people who saw an ad."""

    labels: list[str]
    words: str
    drawn: int | None


@dataclass(frozen=True)
class DeliveryGroup:
    """Who saw an ad, by one dimension."""

    by: str
    labels: list[str]
    measure: str
    scale: int
    rows: list[AudienceRow]


@router.get("/ads/{source}/{ref:path}")
def show_ad(rooms: RoomsDep, moment: MomentOf, source: str, ref: str) -> HTMLResponse:
    """One ad, now or as it was at a moment."""
    with read(rooms.engine) as session:
        ad = read_ad(session, public_id(source, ref), moment)
        path = ad_path(source, ref)
        page = PageHead(
            title=f"Ad {ad.id}",
            path=path,
            section="/search",
            json=set_moment(f"/api/v1{path}", moment),
            keeps_history=True,
            moment=moment,
        )
        rules = find_rules(
            rooms.book.list_in_use(session), _list_stated(ad), _list_regions(ad), ad.started_on
        )
        return render_page(
            rooms,
            session,
            page,
            "ad.html",
            ad=ad,
            rules=rules,
            outcomes=OUTCOMES,
            **_gather(rooms, session, ad, moment),
        )


def _gather(rooms: Rooms, session: Session, ad: AdView, moment: Moment) -> dict[str, Any]:
    """Everything else the page shows, as known at the same time as the ad."""
    versions = list_versions(session, ad.id, moment)
    metrics = list_metrics(session, ad.id, moment)
    vanished_periods = list_vanished_periods(session, ad.id, moment)
    source = session.get(Source, ad.source)
    spends = [(m.spend_lower_minor, m.spend_upper_minor) for m in metrics]
    shown = [(m.impressions_lower, m.impressions_upper) for m in metrics]
    return {
        "media": list_media(session, ad, moment),
        # Which ads say the same is known of now only.
        "copies": list_copies(session, ad.id) if moment.is_now else None,
        "versions": versions,
        "metrics": metrics,
        "corrections": list_corrections(session, CorrectionFilter(subject=ad.id), moment=moment),
        "vanished_periods": vanished_periods,
        "vanished_period": vanished_periods[-1] if vanished_periods else None,
        "decisions": [
            decision
            for decision in list_ad_decisions(session, rooms.book, ad.id)
            if moment.knows(decision.decided_at)
        ],
        "evidence": _pick_evidence(list_evidence(session, ad.id), [*versions, *metrics]),
        "undated": list_import_times(session, ad.source),
        "watch_list": find_list_id(find_ad_row(session, ad.id).partition),
        "last_seen_at": read_last_seen(session, ad.id, moment),
        "source_title": source.title if source else ad.source,
        "scales": {"spend": find_scale(spends), "impressions": find_scale(shown)},
        "ranges": _list_ranges(ad, find_scale(shown)),
        "delivery": group_delivery(ad.delivery),
    }


def _pick_evidence(
    captures: Sequence[EvidenceView], rows: Sequence[VersionView | MetricView]
) -> list[EvidenceView]:
    """The captures in which these very rows stand."""
    cited = {row.capture_id for row in rows}
    return [capture for capture in captures if capture.id in cited]


def _list_ranges(ad: AdView, shown_scale: int) -> list[CountRow]:
    """Counts of views and people, each with the scale its band is drawn on."""
    reach = (ad.reach_lower, ad.reach_upper)
    audience = (ad.audience_lower, ad.audience_upper)
    shown = (ad.impressions_lower, ad.impressions_upper)
    return [
        ("Times shown", *shown, "impressions_lower", shown_scale),
        ("People reached", *reach, "reach_lower", find_scale([reach])),
        ("Size of audience aimed at", *audience, "audience_lower", find_scale([audience])),
    ]


def find_rules(
    rules: Sequence[Rule],
    countries: Sequence[str],
    regions: Sequence[str] = (),
    started_on: date | None = None,
) -> list[Rule]:
    """The rules in use or on trial whose jurisdiction an ad shown in these countries falls under.

    Where its source states none, a rule that has tables of regions takes them from those; `started_on` is the
    day whose tables count.
    """
    days = (started_on, started_on) if started_on else None
    seen: Facts = {"ad.delivery_regions": tuple(regions)}
    found = []
    for rule in rules:
        derived = {} if countries else derive_countries(rule.parameters, seen, days)
        shown_in = derived.get("ad.countries", ())
        known = {*countries, *(shown_in if isinstance(shown_in, tuple) else ())}
        if rule.is_evaluated and _reaches(rule, known):
            found.append(rule)
    return found


def _list_stated(ad: AdView) -> list[str]:
    """The countries that rules take an ad to be shown in by its source's word."""
    return ad.countries if ad.countries_from == CountriesFrom.STATED else []


def _list_regions(ad: AdView) -> list[str]:
    """Where people saw it; none where its source says that it was shown in no country."""
    is_told = ad.missing.get("countries") not in {None, MissingReason.NOT_PROVIDED}
    regions = MissingReason.NOT_PROVIDED if is_told else list_regions(ad.delivery)
    return [] if isinstance(regions, MissingReason) else regions


def _reaches(rule: Rule, countries: set[str]) -> bool:
    where = rule.file.jurisdiction.partition("-")[0]
    if where == "EU":
        members = rule.parameters[EU_MEMBERS].newest if EU_MEMBERS in rule.parameters else None
        return not isinstance(members, tuple) or not countries.isdisjoint(members)
    return where == "*" or where in countries


def group_delivery(rows: Sequence[Mapping[str, Any]]) -> list[DeliveryGroup]:
    """Who saw an ad, one group for each dimension, in the source's order and words."""
    ordered = sorted(rows, key=lambda row: str(row.get("by", "")))
    return [
        _make_group(by, list(some))
        for by, some in groupby(ordered, key=lambda row: str(row.get("by", "")))
    ]


def _make_group(by: str, rows: Sequence[Mapping[str, Any]]) -> DeliveryGroup:
    labels = list(dict.fromkeys(name for row in rows for name in row))
    labels = [name for name in labels if name not in ("by", "share", "count")]
    made = [_make_row(row, labels) for row in rows]
    is_share = any("share" in row for row in rows)
    return DeliveryGroup(
        by=by,
        labels=labels,
        measure="Share" if is_share else "Number",
        scale=SHARE_STEPS if is_share else find_scale((row.drawn, row.drawn) for row in made),
        rows=made,
    )


def _make_row(row: Mapping[str, Any], labels: Sequence[str]) -> AudienceRow:
    named = [str(row.get(name, "")) for name in labels]
    if "share" in row:
        share = float(row["share"])
        return AudienceRow(named, write_share(share), round(share * SHARE_STEPS))
    if "count" not in row:
        return AudienceRow(named, "unknown", None)
    count = int(row["count"])
    return AudienceRow(named, write_count(count, "time"), count)
