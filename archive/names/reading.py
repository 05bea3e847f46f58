"""Names for readers: how they are spelt, which have some words, and who bears one.

Search, API and pages ask here. What stands in `name` follows the public tables a moment later, and knows only
now.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from urllib.parse import quote

from sqlalchemy import ColumnElement, and_, case, func, or_
from sqlalchemy.orm import aliased
from sqlmodel import Field, Session, SQLModel, col, select

from archive.errors import NotFoundError
from archive.models import (
    Advertiser,
    AdvertiserAlias,
    AdvertiserName,
    Name,
    NameKind,
    NameSpelling,
    NameWord,
)
from archive.reading.freshness import read_data_as_of
from archive.reading.paging import MOST_AT_ONCE, Page, count_rows, cut_page, decode_text
from archive.text.names import fold_name
from config.site_root import SitePath

LISTING = "names"

LAST_CHARACTER = "\U0010ffff"

ADS, STATEMENTS, FILINGS = (
    "Ads that lists show by default and that bear it.",
    "Newest statements about spending that bear it.",
    "Filed expenditures that bear it, or that a committee of this name filed.",
)


class NameItem(SQLModel):
    """One name, and how much of the archive bears it."""

    kind: NameKind = Field(description="As what somebody bears it.")
    key: str = Field(description="What its spellings have in common: folded words.")
    name: str = Field(description="Its commonest spelling.")
    ads: int = Field(description=ADS)
    statements: int = Field(description=STATEMENTS)
    filings: int = Field(description=FILINGS)
    now: list[str] = Field(
        default_factory=list,
        description="What advertisers that bore it are called now, where that is another name.",
    )
    path: SitePath = Field(description="Its page within the site.")


class FoundNames(SQLModel):
    """The names that answer a question, those that most of the archive bears first."""

    total: int = Field(description="Such names.")
    items: list[NameItem] = Field(description="The first of them.")


@dataclass(frozen=True)
class NameWords:
    """Words that all stand in a name; each of several choices, one of which is enough."""

    words: tuple[str, ...]
    """Folded, side by side in the name."""
    is_start: bool = False
    """The last word may go on."""
    is_not: bool = False


@dataclass(frozen=True)
class NameQuestion:
    """Names of some kind, or of all, in which of each group of choices at least one stands."""

    groups: tuple[tuple[NameWords, ...], ...] = ()
    kind: NameKind | None = None


def spell_names(session: Session, kind: NameKind, keys: Collection[str]) -> dict[str, str]:
    """The commonest spelling of each of at most some hundred keys of one kind that the archive knows.

    Keys are those of `archive.text.names.fold_name`.
    """
    query = select(Name.key, Name.name).where(Name.kind == kind, col(Name.key).in_(keys))
    return dict(session.exec(query).all())


def list_spellings(session: Session, kind: NameKind, name: str) -> tuple[str, ...]:
    """Every spelling of the same name that rows bear now, and the given one."""
    query = select(NameSpelling.spelling).join(Name, col(Name.id) == col(NameSpelling.name_id))
    query = query.where(Name.kind == kind, Name.key == fold_name(name))
    return tuple(sorted({*session.exec(query), name}))


def accept_spellings(
    session: Session, kinds: Collection[NameKind], name: str | None, exact: str | None
) -> tuple[str, ...] | None:
    """The spellings a question takes: of a whole name, or letter by letter; `None`: all."""
    if name is None:
        return None if exact is None else (exact,)
    spelt = {one for kind in kinds for one in list_spellings(session, kind, name)}
    return tuple(sorted(spelt if exact is None else spelt & {exact}))


def find_names(session: Session, asked: Sequence[NameQuestion], limit: int) -> FoundNames:
    """The names that answer any of some questions."""
    if not asked:
        return FoundNames(total=0, items=[])
    answers, borne = or_(*(and_(*_list_conditions(question)) for question in asked)), _is_borne()
    counted = select(func.count(), func.count(case((borne, 1)))).select_from(Name).where(answers)
    of_all, total = session.exec(counted).one()
    often = col(Name.ads) + col(Name.statements) + col(Name.filings)
    query = select(Name).where(answers, borne).order_by(often.desc(), col(Name.key), col(Name.kind))
    rows = list(session.exec(query.limit(limit)))
    if of_all > total:
        # Whether they are shown takes as long to ask as all the rest, and mostly there are none.
        others = select(Name).where(answers, ~borne, _is_shown()).order_by(col(Name.key))
        former = session.exec(others).all()
        rows, total = [*rows, *former][:limit], total + len(former)
    return FoundNames(total=total, items=_show(session, rows))


def list_names(
    session: Session, asked: NameQuestion, cursor: str | None = None, limit: int = 50
) -> Page[NameItem]:
    """Names in the order of their keys.

    Raises:
        CursorError: if the cursor is not one of this list.
    """
    limit = min(limit, MOST_AT_ONCE)
    matching = [*_list_conditions(asked), _is_shown()]
    query = select(Name).where(*matching)
    if after := decode_text(LISTING, cursor):
        key, _, kind = after.rpartition(" ")
        is_later = and_(col(Name.key) == key, col(Name.kind) > kind)
        query = query.where(col(Name.key) >= key, or_(col(Name.key) > key, is_later))
    query = query.order_by(col(Name.key), col(Name.kind)).limit(limit + 1)
    rows = session.exec(query).all()
    shown, following = cut_page(LISTING, rows, limit, lambda row: f"{row.key} {row.kind}")
    count = partial(count_rows, session, Name, matching)
    return Page(_show(session, shown), following, read_data_as_of(session), count=count)


def read_name(session: Session, kind: str, key: str) -> NameItem:
    """One name by its kind and its key, or by the last part of its page's address.

    Raises:
        NotFoundError: if nobody bears it.
    """
    keys = (key, key.replace("-", " "))
    query = select(Name).where(Name.kind == kind, col(Name.key).in_(keys), _is_shown())
    row = session.exec(query).first()
    if row is None:
        raise NotFoundError("name", f"{kind} {key}")
    return _show(session, [row])[0]


def name_path(kind: str, key: str) -> str:
    """The page of a name within the site, percent-encoded once; words stand between hyphens."""
    words = key if "-" in key else key.replace(" ", "-")
    return f"/names/{kind}/{quote(words, safe='')}"


def _show(session: Session, rows: Sequence[Name]) -> list[NameItem]:
    now = _find_present(session, rows)
    return [
        NameItem.model_validate(
            row.model_dump(exclude={"id", "registered"})
            | {"now": now.get(row.id, []), "path": name_path(row.kind, row.key)}
        )
        for row in rows
    ]


def _list_conditions(asked: NameQuestion) -> list[ColumnElement[bool]]:
    groups = [or_(*map(_has_words, group)) for group in asked.groups]
    return [*groups, *([col(Name.kind) == asked.kind] if asked.kind else [])]


def _has_words(words: NameWords) -> ColumnElement[bool]:
    """Whether words stand in a name, or in none of its spellings."""
    *whole, last = words.words
    conditions = [_has_word(word) for word in whole] + [_has_word(last, is_start=words.is_start)]
    if whole:
        row = " ".join(("", *words.words, *(() if words.is_start else ("",))))
        conditions.append((" " + col(Name.key) + " ").contains(row, autoescape=True))
    found = and_(*conditions)
    return ~found if words.is_not else found


def _has_word(word: str, *, is_start: bool = False) -> ColumnElement[bool]:
    spelt = col(NameWord.word)
    same = and_(spelt >= word, spelt < word + LAST_CHARACTER) if is_start else spelt == word
    return col(Name.id).in_(select(NameWord.name_id).where(same))


def _is_borne() -> ColumnElement[bool]:
    """Whether rows bear a name, or a committee is registered under it."""
    counts = (Name.ads, Name.statements, Name.filings)
    return or_(*(col(count) > 0 for count in counts), col(Name.kind) == NameKind.COMMITTEE)


@cache
def _is_shown() -> ColumnElement[bool]:
    """The same, or whether rows bear another name of somebody who bore it."""
    other, told = aliased(AdvertiserName), aliased(NameSpelling)
    bearer = col(AdvertiserName.advertiser_id)
    known = (
        select(NameSpelling.id)
        .join(AdvertiserName, col(AdvertiserName.name) == col(NameSpelling.spelling))
        .outerjoin(AdvertiserAlias, col(AdvertiserAlias.old_id) == bearer)
        .join(other, col(other.advertiser_id).in_((bearer, col(AdvertiserAlias.new_id))))
        .join(
            told, and_(col(told.kind) == col(NameSpelling.kind), col(told.spelling) == other.name)
        )
        .where(col(NameSpelling.name_id) == col(Name.id))
        .where(or_(col(told.ads) > 0, col(told.statements) > 0))
        .correlate(Name)
    )
    is_known = and_(col(Name.kind) == NameKind.ADVERTISER, known.exists())
    return or_(_is_borne(), is_known)


def _find_present(session: Session, rows: Sequence[Name]) -> Mapping[int, list[str]]:
    """For each name of advertisers, the other names that those who bore it bear now."""
    keys = {row.id: row.key for row in rows if row.kind == NameKind.ADVERTISER}
    if not keys:
        return {}
    moved = aliased(Advertiser)
    present = func.coalesce(col(moved.name), col(Advertiser.name))
    query = (
        select(NameSpelling.name_id, present)
        .join(AdvertiserName, col(AdvertiserName.name) == col(NameSpelling.spelling))
        .join(Advertiser, col(Advertiser.id) == col(AdvertiserName.advertiser_id))
        .outerjoin(AdvertiserAlias, col(AdvertiserAlias.old_id) == col(Advertiser.id))
        .outerjoin(moved, col(moved.id) == col(AdvertiserAlias.new_id))
        .where(col(NameSpelling.name_id).in_(keys))
        .distinct()
    )
    now: dict[int, list[str]] = {}
    for name_id, name in session.exec(query.order_by(present)):
        if fold_name(name) not in ("", keys[name_id]):
            now.setdefault(name_id, []).append(name)
    return now
