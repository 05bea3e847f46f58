"""How pages write days, times, numbers, ranges, reasons and codes: one way each, for every template.

The template environment offers these as filters; nothing here reads the archive.
"""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime

from babel import Locale
from markupsafe import Markup, escape

from archive.records import MISSING_IN_WORDS, MissingReason
from archive.records.sources import ALLOWANCE_IN_WORDS, Allowance
from archive.spending.groups import name_country
from archive.spending.summary import tell_route
from config.counts import write_count
from search.hits import MARK_END, MARK_START

ENGLISH = Locale("en")

MARKED = re.compile(f"{MARK_START}([^{MARK_START}{MARK_END}]*){MARK_END}")

NAMES = {
    "meta": "Meta",
    "google": "Google",
    "snap": "Snap",
    "age_gender": "age and gender",
    "civil_society": "a civil-society organisation",
    "newsroom": "a newsroom",
    "research": "a research group",
    "authority": "a public authority",
    "demo": "a demonstration",
    "copy_of": "copies of",
}
"""Codes whose English name is not the code itself with its underscores opened."""


FIELDS = {
    "advertiser_name": "Advertiser",
    "payer_name": "Paid for by",
    "sponsor_name": "Stands behind it",
    "titles": "Headline",
    "bodies": "Main text",
    "descriptions": "Smaller text",
    "landing_urls": "Leads to",
    "surfaces": "Placed on",
    "countries": "Shown in",
    "started_on": "First day",
    "ended_on": "Last day",
    "started_at": "Start",
    "ended_at": "End",
    "media_urls": "Addresses of pictures and videos",
    "source_fields": "What else the source says",
}
"""The reader's words for fields whose own name is not one."""


def write_day(value: date) -> Markup:
    """A day as `23 Nov 2026`, with the raw date for machines."""
    return Markup('<time datetime="{}">{}</time>').format(value.isoformat(), plain_day(value))


def write_instant(value: datetime) -> Markup:
    """An instant as `23 Nov 2026, 07:20 UTC`, with the raw time for machines."""
    raw = value.astimezone(UTC).isoformat()
    return Markup('<time datetime="{0}" title="{0}">{1}</time>').format(raw, plain_instant(value))


def write_when(value: date) -> Markup:
    """A day or an instant, whichever the source gave."""
    return write_instant(value) if isinstance(value, datetime) else write_day(value)


def plain_day(value: date) -> str:
    """`3 Nov 2026`."""
    return f"{value.day} {value:%b %Y}"


def plain_instant(value: datetime) -> str:
    """`3 Nov 2026, 07:20 UTC`."""
    utc = value.astimezone(UTC)
    return f"{plain_day(utc.date())}, {utc:%H:%M} UTC"


def plain_local(value: datetime) -> str:
    """A time in its own zone: `20 May 2023, 00:00 EEST`."""
    return f"{plain_day(value.date())}, {value:%H:%M %Z}"


def write_number(value: int) -> str:
    """Thousands separated: `1,284`."""
    return f"{value:,}"


def write_range(lower: int | None, upper: int | None) -> str:
    """A range of people or views in words: `exactly 540`, `1,000 to 1,999`, `at least 1,000,000`."""
    if lower is None:
        return "unknown" if upper is None else f"at most {upper:,}"
    if upper is None:
        return f"at least {lower:,}"
    return f"exactly {lower:,}" if lower == upper else f"{lower:,} to {upper:,}"


def write_share(share: float) -> str:
    """A share as a percentage; what would round to nothing is said to be small, not zero."""
    percent = share * 100
    return "under 0.1 %" if 0 < percent < 0.1 else f"{percent:.1f} %"


def write_bytes(size: int) -> str:
    """A size people can judge: `812 bytes`, `3.1 MB`."""
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return write_count(size, "byte")


def write_reason(reason: str | None) -> Markup:
    """Why a value is missing: `unknown: this source does not give it`."""
    if reason is None:
        return Markup('<span class="unknown">unknown</span>')
    words = MISSING_IN_WORDS[MissingReason(reason)]
    return Markup('<span class="unknown">unknown: {}</span>').format(words)


def join_words(words: Sequence[str], last: str = "and") -> Markup:
    """`a, b and c`."""
    if len(words) < 2:
        return escape("").join(words)
    return escape("{} {} {}").format(escape(", ").join(words[:-1]), last, words[-1])


def name_place(code: str) -> str:
    """A jurisdiction in words: `United States (US)`; a part of a country by its code alone."""
    if code == "EU":
        return "European Union (EU)"
    return code if "-" in code else f"{name_country(code)} ({code})"


def name_language(code: str) -> str:
    """`Greek` for `el`; a code nobody knows stays itself."""
    return str(ENGLISH.languages.get(code.lower(), code))


def name_field(field: str) -> str:
    """The reader's word for a field of an ad."""
    return FIELDS.get(field, field.replace("_", " ").capitalize())


def name_platform(code: str) -> str:
    """A platform's name as a name: `Meta`."""
    return start_sentence(name_code(code))


def name_code(code: str) -> str:
    """A code of ours as words: `not_met` as `not met`, `meta` as `Meta`."""
    return NAMES.get(code, code.replace("_", " "))


def write_said(value: object, field: str = "") -> str:
    """A field's value before or after a change, as text: what it was, or that there was nothing."""
    if value is None or value in ("", [], {}):
        return "nothing"
    match value:
        case bool():
            return "yes" if value else "no"
        case list() | tuple():
            return "; ".join(write_said(item) for item in value)
        case dict():
            return ", ".join(f"{name}: {write_said(item)}" for name, item in value.items())
        case str():
            return _write_text(value, field)
    return str(value)


def _write_text(text: str, field: str) -> str:
    """Days and times stand in a version's content as ISO 8601."""
    if field.endswith("_on"):
        return plain_day(date.fromisoformat(text))
    return plain_instant(datetime.fromisoformat(text)) if field.endswith("_at") else text


def start_sentence(text: str) -> str:
    """The text with a capital first letter and all others as they are."""
    return text[:1].upper() + text[1:]


def write_snippet(text: str) -> Markup:
    """A piece of an ad with what matched marked; escaped first, marked afterwards."""
    marked = MARKED.sub(r"<mark>\1</mark>", str(escape(text)))
    return Markup(marked.replace(MARK_START, "").replace(MARK_END, ""))  # noqa: S704 (escaped above)


def write_link(address: str) -> Markup:
    """A source's address: a link if it is one of the web, else plain text.

    Addresses are hostile: only http and https become links, and nothing of this site goes along.
    """
    if not address.lower().startswith(("http://", "https://")):
        return escape(address)
    return Markup('<a href="{0}" rel="noopener noreferrer nofollow">{0}</a>').format(address)


def name_allowance(allows: Allowance) -> str:
    """What may be done with material of a source, as the rest of a sentence."""
    return ALLOWANCE_IN_WORDS[allows]


FILTERS = {
    "allowance": name_allowance,
    "day": write_day,
    "instant": write_instant,
    "when": write_when,
    "capitalise": start_sentence,
    "said": write_said,
    "plain_day": plain_day,
    "plain_instant": plain_instant,
    "plain_local": plain_local,
    "number": write_number,
    "count": write_count,
    "range": write_range,
    "route": tell_route,
    "share": write_share,
    "bytes": write_bytes,
    "reason": write_reason,
    "words": join_words,
    "country": name_country,
    "place": name_place,
    "platform": name_platform,
    "language": name_language,
    "field": name_field,
    "code": name_code,
    "snippet": write_snippet,
    "weblink": write_link,
}
