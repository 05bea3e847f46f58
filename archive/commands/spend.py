"""`paidforby spend`: sums of money with their bounds in words, or the same as JSON."""

from datetime import date, datetime
from typing import Annotated

import typer

from archive.commands.moment_options import AsOf, ValidAt, read_options, tell_moment
from archive.commands.stats import IncludeToo
from archive.errors import cut_echo
from archive.models.corrections import SpendMeasure
from archive.records import Grain
from archive.records.money import format_bounds, format_units
from archive.spending.exchange_rates import read_rates
from archive.spending.query import SpendBasis, SpendBy, SpendQuery, end_period
from archive.spending.ranks import tell_place
from archive.spending.summary import (
    SpendGroup,
    SpendSummary,
    StatedDays,
    tell_mean,
    tell_route,
)
from archive.store.database import read
from archive.terminal import (
    AsJson,
    emit_json,
    format_table,
    open_or_exit,
    plain_errors,
    say,
    utc_now,
)
from config.counts import write_count
from config.settings import Settings

SHOWN_AT_MOST = 40


def spend(
    by: Annotated[SpendBy | None, typer.Option(help="What to split by.")] = None,
    measure: Annotated[SpendMeasure, typer.Option(help="Whose figure.")] = SpendMeasure.ADS,
    basis: Annotated[
        SpendBasis | None,
        typer.Option(help="Without it: lifetime, or bounds when a period is given."),
    ] = None,
    from_day: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First day.")
    ] = None,
    to_day: Annotated[
        datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Last day, inclusive.")
    ] = None,
    grain: Annotated[
        Grain | None,
        typer.Option(help="Of what sources state: only statements of days, weeks, windows …"),
    ] = None,
    source: Annotated[str | None, typer.Option(help="Only this source.")] = None,
    platform: Annotated[str | None, typer.Option(help="Only this platform.")] = None,
    country: Annotated[str | None, typer.Option(help="Only ads shown in it (ISO alpha-2).")] = None,
    currency: Annotated[str | None, typer.Option(help="Only this currency (ISO 4217).")] = None,
    convert_to: Annotated[
        str | None, typer.Option(help="Currency to bring all amounts into (ISO 4217).")
    ] = None,
    include: IncludeToo = None,
    as_of: AsOf = None,
    valid_at: ValidAt = None,
    as_json: AsJson = False,
) -> None:
    """Sum spending; ranges stay ranges and currencies apart.

    Example: paidforby spend --by advertiser --country FR --from 2026-01-01
    """
    # DuckDB and Arrow take half a second to import, and asking for help needs neither.
    from archive.exports.mirror import find_folder  # noqa: PLC0415
    from archive.exports.mirror.answering import answer_spending  # noqa: PLC0415

    settings = Settings()
    with plain_errors(), read(open_or_exit(settings)) as session:
        from_on, to_on = end_period(_day_of(from_day), _day_of(to_day), utc_now().date())
        query = SpendQuery(
            by=by,
            measure=measure,
            basis=basis,
            from_on=from_on,
            to_on=to_on,
            source=source,
            platform=platform,
            country=country,
            currency=currency,
            convert_to=convert_to,
            grain=grain,
            include=include,
            moment=read_options(as_of, valid_at),
        )
        rates = read_rates(settings) if query.convert_to else None
        summary = answer_spending(session, find_folder(settings), query, rates)
    emit_json(summary) if as_json else say("\n".join(tell_summary(summary)))


def _day_of(value: datetime | None) -> date | None:
    return value.date() if value else None


def tell_summary(summary: SpendSummary) -> list[str]:
    """A summary as people read it: a table, what was counted, how to fix it next."""
    shown = summary.groups[:SHOWN_AT_MOST]
    items = "ads" if summary.measure is SpendMeasure.ADS else "items"
    header = [summary.by or "group", items, "undated", "amount unknown", "spent"]
    rows = [[cut_echo(g.label), g.ads, g.undated, g.unknown_count] for g in shown]
    columns = [[format_bounds(g.lower_minor, g.upper_minor, g.currency, g.rounding) for g in shown]]
    if summary.measure is SpendMeasure.REPORTED:
        header[1:1] = ["statements of", "days missing"]
        rows = [
            [row[0], g.grain, g.days_missing, *row[1:]] for row, g in zip(rows, shown, strict=True)
        ]
    if any(group.rank_best for group in shown):
        header.insert(0, "place")
        rows = [[tell_place(g) or "not ranked", *row] for row, g in zip(rows, shown, strict=True)]
    if summary.basis is SpendBasis.ESTIMATE:
        header.append("estimate")
        columns.append([_tell_estimate(group) for group in shown])
    if summary.conversion:
        header += ["at the mean rate", "as stated"]
        columns += [[tell_mean(g) for g in shown], [_tell_originals(g) for g in shown]]
    amounts = zip(*(_align_right(column) for column in columns), strict=True)
    lines = (
        []
        if summary.stated
        else format_table(
            header, [[*row, *cells] for row, cells in zip(rows, amounts, strict=True)]
        )
    )
    hidden = len(summary.groups) - len(shown)
    lines += (
        [f"… and {write_count(hidden, 'more row')}; --json gives all of them"] if hidden else []
    )
    known = tell_moment(summary.as_of, summary.valid_at) or "nothing known yet"
    return [
        *lines,
        *_tell_settled(summary),
        *(["no statement answers that; there are:"] if summary.stated else []),
        *(f"  {tell_stated(stated, summary.by)}" for stated in summary.stated),
        "",
        f"{summary.measure}, {summary.basis}: {summary.rule}",
        tell_route(summary.route),
        *([summary.conversion.rule] if summary.conversion else []),
        known,
        *(f"{lease.source}: {lease.sentence}" for lease in summary.looked_at),
        *(f"{one.source}: {one.sentence}" for one in summary.rests_on),
        _next(summary),
    ]


def tell_stated(stated: StatedDays, by: SpendBy | None) -> str:
    """Which statements there are, and how to ask for them."""
    there = f"{stated.source}: {stated.statements:,} of grain {stated.grain}"
    how = f"--by {stated.choose_by(by)}"
    if stated.first_on is None or stated.last_on is None:
        return f"{there} ({how}, without days)"
    return (
        f"{there}, {stated.first_on} to {stated.last_on} "
        f"({how} --from {stated.first_on} --to {stated.last_on})"
    )


def _tell_settled(summary: SpendSummary) -> list[str]:
    late = sum(group.settled_late_count for group in summary.groups)
    lowered = sum(group.revised_count for group in summary.groups)
    unstated = sum(group.unknown_step_count for group in summary.groups)
    missed = sum(group.not_in_newest for group in summary.groups)
    told = {
        "counted, but not in the newest file of their data set": missed,
        "amounts settled after the ad's end: what was stated last counts": late,
        "amounts lowered by the source: only the newest counts": lowered,
        "amounts rounded by a step that nobody states, as printed": unstated,
    }
    return [f"{words}: {number:,}" for words, number in told.items() if number]


def _tell_estimate(group: SpendGroup) -> str:
    if group.estimate_minor is None:
        return "unknown"
    unit = group.currency or "(currency not given)"
    return f"about {format_units(group.estimate_minor, group.currency)} {unit}"


def _tell_originals(group: SpendGroup) -> str:
    stated = group.originals if group.converted_from else []
    return " + ".join(
        format_bounds(o.lower_minor, o.upper_minor, o.currency, o.rounding) for o in stated
    )


def _align_right(cells: list[str]) -> list[str]:
    width = max((len(cell) for cell in cells), default=0)
    return [cell.rjust(width) for cell in cells]


def _next(summary: SpendSummary) -> str:
    if summary.measure is SpendMeasure.REPORTED:
        other = SpendBy.WEEK if summary.by is SpendBy.ADVERTISER else SpendBy.ADVERTISER
        return f"next: paidforby spend --measure reported --by {other} --json"
    other = SpendBy.PAYER if summary.by is SpendBy.ADVERTISER else SpendBy.ADVERTISER
    return f"next: paidforby spend --by {other} --json"
