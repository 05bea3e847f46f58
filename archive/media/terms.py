"""Whose terms hold for an ad's pictures and videos: its source's, or those of the feed it came in.

`scrapers/media/collecting.py` goes from scope to scope and keeps the feeds' terms up to date;
`archive/reading/ads/media.py` asks before it shows a file. Nothing here fetches or shows anything.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, func, not_
from sqlmodel import Session, col, select

from archive.models import PublicAd, Source, SourcePart
from archive.records import Material, PartInfo, Terms
from archive.records.sources import UNSTATED_TERMS


@dataclass(frozen=True)
class MediaTermsScope:
    """Ads of one source that one word on media holds for: those of a feed, or all the others."""

    source: str
    part: str | None
    """Name of the feed; `None`: ads of no feed that has terms of its own."""
    others: tuple[str, ...]
    """Names of the feeds that are not meant, where `part` is `None`."""
    terms: Terms
    seconds_between_requests: float

    @property
    def name(self) -> str:
        """What people and budgets of requests call it."""
        return f"{self.source}/{self.part}" if self.part else self.source

    def holds_ref(self) -> ColumnElement[bool]:
        """Whether an ad stands on it, by its source and its ref."""
        is_of_source = col(PublicAd.source) == self.source
        if self.part:
            return and_(is_of_source, _begins_with(self.part))
        return and_(is_of_source, *(not_(_begins_with(name)) for name in self.others))


def _begins_with(part: str) -> ColumnElement[bool]:
    """Whether an ad's ref is of a feed; `LIKE` would take capitals for small letters on SQLite."""
    return func.substr(PublicAd.ref, 1, len(part) + 1) == f"{part}/"


def list_terms_scopes(session: Session) -> list[MediaTermsScope]:
    """Every source with its feeds, and what each lets this archive do with its media."""
    return [
        scope
        for source in session.exec(select(Source).order_by(col(Source.id))).all()
        for scope in _divide_source(source, list_parts(session, source.id))
    ]


def _divide_source(source: Source, parts: Mapping[str, SourcePart]) -> Iterator[MediaTermsScope]:
    pace = source.seconds_between_requests
    yield MediaTermsScope(source.id, None, tuple(parts), media_terms(source), pace)
    for name, part in parts.items():
        yield MediaTermsScope(source.id, name, (), media_terms(part), pace)


def list_parts(session: Session, source: str) -> dict[str, SourcePart]:
    """The feeds of a source that have terms of their own, by name, in its order."""
    query = select(SourcePart).where(SourcePart.source == source).order_by(col(SourcePart.name))
    return {part.name: part for part in session.exec(query)}


def show_parts(session: Session, source: str) -> dict[str, PartInfo]:
    """What readers get of the feeds of a source, by name."""
    return {
        # A row is not validated: its terms are plain objects until they are read by a class that is.
        name: PartInfo(**{field: getattr(part, field) for field in PartInfo.model_fields})
        for name, part in list_parts(session, source).items()
    }


def find_part(session: Session, source: str, ref: str) -> Source | SourcePart | None:
    """Whose terms hold for an ad: its feed's, if that has its own, else its source's."""
    part, has_part, _ = ref.partition("/")
    found = session.get(SourcePart, (source, part)) if has_part else None
    return found or session.get(Source, source)


def write_parts(session: Session, source: str, parts: Mapping[str, PartInfo]) -> None:
    """Write what the feeds of a source say of themselves; one that is no longer named stays."""
    for name, part in parts.items():
        # Its own fields alone: the file of a feed says more than what is kept of it here.
        said = part.model_dump(include=set(PartInfo.model_fields))
        session.merge(SourcePart(source=source, name=name, **said))


def media_terms(given: Source | SourcePart) -> Terms:
    """What a source or a feed lets this archive do with its pictures and videos; nothing said: leave."""
    said = given.republish.get(Material.MEDIA)
    return Terms.model_validate(said) if said else UNSTATED_TERMS[Material.MEDIA]
