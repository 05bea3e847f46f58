"""What of the fields that a source adds under its own names everybody may see.

Ingest and every later decision divide a record here, so that a column or key nobody has looked at stays
with the version and out of all that is public. It knows no tables.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from archive.records.base import MissingReason
from archive.records.postal_addresses import cut_address
from archive.records.wages import find_unnamed

Values = dict[str, Any]
"""The fields of a record by name."""

MOST_NESTED = 40
"""What is nested deeper is not looked into, and so not shown."""

HASH = "content_sha256"
"""Has no public value while a field of the content is not shown: a guess could be checked against it."""

NAMES = ("advertiser_name", "payer_name", "sponsor_name", "payee_name", "parent_name", "name")
"""The fields of records that name somebody: no postal address is shown in them."""

NAMED_LIKE_NAMES = re.compile(
    r"name|disclaimer|payer|beneficiary|sponsor|byline|funding|paid.?(?:for.?)?by", re.IGNORECASE
)
"""The same in the source's own names."""

_HIDDEN = object()


@dataclass(frozen=True)
class ShownFields:
    """The names a source may be quoted with: those its spider states and those a person has allowed.

    A key of an object is named with what it stands in, `reach.users`; `reach.*` stands for every key below
    `reach`. `feed/name` is the name in the one feed whose ads' refs begin with `feed/`.
    """

    names: frozenset[str] = frozenset()

    def allows(self, name: str, feed: str = "") -> bool:
        """Whether a text that stands under this name may be shown."""
        if name in self.names:
            return True
        parts = name.split(".")
        above = (".".join(parts[:n]) + ".*" for n in range(1, len(parts)))
        return any(each in self.names or f"{feed}/{each}" in self.names for each in (name, *above))


def show_content(
    values: Mapping[str, Any], shown: ShownFields, redacted: Collection[str] = ()
) -> tuple[Values, Values | None]:
    """The fields as everybody may see them, and what of them is kept back: the values as they were.

    Of a field in `redacted` the value is kept nowhere: `None` stands for it. Nothing is kept back where the
    second is `None`.
    """
    fields, unknown = split_fields(values["source_fields"], shown, find_feed(values))
    named = [(name, text, cut_address(text)) for name in NAMES if (text := values.get(name))]
    withheld = {name: text for name, text, cut in named if cut != text}
    if unknown:
        withheld["source_fields"] = unknown
    withheld |= dict.fromkeys(redacted)
    if not withheld:
        return {**values, "source_fields": fields}, None
    public = {name: cut for name, _, cut in named}
    nameless = [name for name in withheld if public.get(name) == ""]
    return withhold({**values, **public, "source_fields": fields}, [*redacted, *nameless]), withheld


def show_statement(values: Mapping[str, Any], shown: ShownFields) -> tuple[Values, Values | None]:
    """The same of a statement or filing, whose hash is not public at all; of wages no person is named."""
    content, withheld = show_content(values, shown)
    if unnamed := find_unnamed(values):
        content = withhold(content, unnamed)
        withheld = {**(withheld or {}), **{name: values[name] for name in unnamed}}
    if withheld:
        content["missing"].pop(HASH)
    return content, withheld


def restore_content(values: Mapping[str, Any], withheld: Mapping[str, Any] | None) -> Values:
    """The fields as the source gave them, but for those of which nothing is kept."""
    kept = {name: value for name, value in (withheld or {}).items() if value is not None}
    fields = {**values["source_fields"], **kept.pop("source_fields", {})}
    missing = {name: why for name, why in values["missing"].items() if name not in {HASH, *kept}}
    return {**values, **kept, "source_fields": fields, "missing": missing}


def withhold(values: Mapping[str, Any], fields: Collection[str]) -> Values:
    """Content whose named fields are empty, with `redacted` as the reason; its hash has none either."""
    empty = {name: _empty_like(values[name]) for name in fields}
    reasons = dict.fromkeys((*fields, HASH), MissingReason.REDACTED.value)
    return {**values, **empty, "missing": {**values["missing"], **reasons}}


def find_feed(values: Mapping[str, Any]) -> str:
    """What an ad's ref begins with, where its source is made of feeds."""
    return str(values.get("ref", "")).partition("/")[0]


def split_fields(
    source_fields: Mapping[str, str], shown: ShownFields, feed: str = ""
) -> tuple[dict[str, str], dict[str, str]]:
    """The fields without what may not be shown, and whole those that are not shown as they are."""
    public, unknown = {}, {}
    for name, text in sorted(source_fields.items()):
        whole = _read_nested(text)
        part = _cut(name, whole, shown, feed)
        if part is not _HIDDEN:
            is_whole = part == whole
            public[name] = text if is_whole else part if isinstance(part, str) else _spell(part)
        if part is _HIDDEN or not is_whole:
            unknown[name] = text
    return public, unknown


def list_names(source_fields: Mapping[str, str]) -> Iterator[str]:
    """The names of all texts in the fields, those of nested keys with what they stand in."""
    for name, text in source_fields.items():
        yield from _walk_names(name, _read_nested(text), MOST_NESTED)


def _walk_names(name: str, value: object, levels: int) -> Iterator[str]:
    if not (value and levels and isinstance(value, dict | list)):
        yield name
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _walk_names(f"{name}.{key}", inner, levels - 1)
    else:
        for item in value:
            yield from _walk_names(name, item, levels - 1)


def _cut(name: str, value: Any, shown: ShownFields, feed: str, levels: int = MOST_NESTED) -> Any:  # noqa: ANN401 (any JSON)
    """What is left of a value without the keys that may not be shown."""
    if not (value and levels and isinstance(value, dict | list)):
        if not shown.allows(name, feed):
            return _HIDDEN
        return cut_address(value) if isinstance(value, str) and _is_named_so(name) else value
    if isinstance(value, dict):
        cut = {k: _cut(f"{name}.{k}", v, shown, feed, levels - 1) for k, v in value.items()}
        return {k: v for k, v in cut.items() if v is not _HIDDEN} or _HIDDEN
    items = [_cut(name, item, shown, feed, levels - 1) for item in value]
    return [item for item in items if item is not _HIDDEN] or _HIDDEN


@lru_cache(maxsize=1_024)
def _is_named_so(name: str) -> bool:
    """Whether a field names somebody, by its own name."""
    return NAMED_LIKE_NAMES.search(name) is not None


def _read_nested(text: str) -> Any:  # noqa: ANN401 (any JSON)
    """The list or object a text is; else the text."""
    if "[" not in text and "{" not in text:
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _spell(value: object) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def _empty_like(value: object) -> list[Any] | dict[str, Any] | None:
    return [] if isinstance(value, list) else {} if isinstance(value, dict) else None
