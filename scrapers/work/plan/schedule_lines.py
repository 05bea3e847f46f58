"""The schedule as people and programs read it: standings of sources, windows of rules, spans of time.

`paidforby schedule` shows all of it, and the scheduler prints the windows when it starts.
"""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta

from archive.terminal import format_table, format_time
from scrapers.work.plan.election_mode import Undated
from scrapers.work.plan.planning import Forecast, ScheduleStatus


def tell_windows(forecasts: Sequence[Forecast], undated: Sequence[Undated]) -> list[str]:
    """Lines of a table: each window, and what each source will tell of it; then those without a date."""
    return [*_tell_forecasts(forecasts), *_tell_undated(undated)]


def _tell_forecasts(forecasts: Sequence[Forecast]) -> list[str]:
    if not forecasts:
        return ["no window of a rule is open or ahead: election mode changes nothing now"]
    header = ["rule", "election", "opens", "is over", "source", "a run every", "needed every", ""]
    return format_table(header, [_tell_forecast(forecast) for forecast in forecasts])


def _tell_undated(undated: Sequence[Undated]) -> list[str]:
    if not undated:
        return []
    header = ["rule", "election", "votes until", ""]
    rows = [[u.rule, u.election, u.polling_on, "cannot be said: no date"] for u in undated]
    why = "These windows are counted from the day the election was called, which is not known:"
    return ["", why, *format_table(header, rows)]


def _tell_forecast(forecast: Forecast) -> list[str]:
    demand = forecast.demand
    because = f" ({forecast.because})" if forecast.because else ""
    return [
        demand.rule,
        demand.election,
        format_time(demand.start_at),
        format_time(demand.end_at),
        forecast.source,
        tell_span(forecast.every),
        tell_span(demand.resolution),
        f"{forecast.verdict}{because}",
    ]


def tell_standings(standings: Sequence[ScheduleStatus]) -> list[str]:
    """Lines of a table: each source, how often, when next, and what it has used."""
    header = ["source", "a run every", "partitions", "due now", "next", "asked this hour"]
    return format_table(header, [_tell_standing(standing) for standing in standings])


def _tell_standing(standing: ScheduleStatus) -> list[object]:
    most = f" of {standing.requests_per_hour:,}" if standing.requests_per_hour else ""
    every = "only when asked" if standing.every is None else tell_span(standing.every)
    return [
        standing.source,
        every,
        standing.partitions,
        standing.due,
        format_time(standing.next_at) if standing.next_at else "",
        f"{standing.used:,}{most}",
    ]


def describe_forecast(forecast: Forecast) -> dict[str, object]:
    """A forecast as programs read it."""
    demand = forecast.demand
    return {
        "rule": demand.rule,
        "election": demand.election,
        "country": demand.country,
        "start_at": demand.start_at,
        "end_at": demand.end_at,
        "source": forecast.source,
        "every_seconds": _count_seconds(forecast.every),
        "needed_seconds": _count_seconds(demand.resolution),
        "verdict": forecast.verdict,
        "because": forecast.because,
    }


def describe_undated(window: Undated) -> dict[str, object]:
    """A window without a date as programs read it."""
    return asdict(window) | {"because": "no date"}


def describe_standing(standing: ScheduleStatus) -> dict[str, object]:
    """A standing as programs read it."""
    values = asdict(standing)
    return values | {"every_seconds": _count_seconds(values.pop("every"))}


def _count_seconds(span: timedelta | None) -> float | None:
    return None if span is None else span.total_seconds()


def tell_span(span: timedelta | None) -> str:
    """A length of time as people say it: `6 h`, `3 h 45 min`, `2 d`."""
    if span is None:
        return "not known"
    minutes = max(1, round(span.total_seconds() / 60))
    days, rest = divmod(minutes, 24 * 60)
    hours, minutes = divmod(rest, 60)
    parts = [(days, "d"), (hours, "h"), (minutes, "min")]
    return " ".join(f"{count} {unit}" for count, unit in parts if count)
