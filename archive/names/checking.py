"""Whether names are counted as the public rows bear them: a plain count of all rows, beside what is kept.

`paidforby verify` calls it. Names that lag behind are said to, and not counted as bad.
"""

from collections import defaultdict
from datetime import datetime

from sqlalchemy import Engine
from sqlmodel import Session, select

from archive.models import Name, NameKind, NameSpelling
from archive.models.names import NameCounts
from archive.names.bearing import COUNTED_AS, Bearing, count_spellings
from archive.names.counting import COUNTS, choose_spelling
from archive.names.following import bring_names_on, forget_names, has_new_names
from archive.store.checking import ArchiveCheck, TellDone
from archive.store.database import read, write
from archive.text.names import fold_name

Counted = dict[tuple[NameKind, str], tuple[int, ...]]
"""The counts of each kind and spelling, in the order of `COUNTS`."""


def check_names(session: Session, tell: TellDone) -> ArchiveCheck:
    """Count every row anew and compare; a line about what differs repeats no name."""
    check = ArchiveCheck(name="names")
    if has_new_names(session):
        check.detail = "changes wait to be counted; paidforby index sync does it"
        return check
    expected = count_plainly(session)
    check.checked = len(expected)
    tell(len(expected))
    spelt = session.exec(select(NameSpelling)).all()
    held = {(NameKind(row.kind), row.spelling): list_counts(row) for row in spelt}
    for kind, spelling in sorted({borne for borne, _ in expected.items() ^ held.items()}):
        rows, told = expected.get((kind, spelling)), held.get((kind, spelling))
        check.note_bad(f"a spelling of a {kind} is counted as {told}; rows bear it as {rows}")
    names = {(NameKind(row.kind), row.key): row for row in session.exec(select(Name))}
    for (kind, key), (name, counts) in sum_names(expected).items():
        row = names.pop((kind, key), None)
        if row is None or (row.name, list_counts(row)) != (name, counts):
            check.note_bad(f"a {kind} is not told as its spellings are")
    for kind, _ in names:
        check.note_bad(f"a {kind} is told whom no row names")
    return check


def count_names_anew(engine: Engine, now: datetime) -> bool:
    """Count all names from the first change on, where they are not what the rows bear; says whether so."""
    with read(engine) as session:
        is_right = check_names(session, lambda _: None).ok
    if not is_right:
        with write(engine) as session:
            forget_names(session)
        bring_names_on(engine, now)
    return not is_right


def count_plainly(session: Session) -> Counted:
    """How often every spelling stands in the public rows, counted from them alone."""
    counted: defaultdict[tuple[NameKind, str], list[int]] = defaultdict(lambda: [0] * len(COUNTS))
    for bearing in Bearing:
        place = COUNTS.index(COUNTED_AS[bearing])
        for kind, spelling, count in count_spellings(session, bearing):
            if fold_name(spelling):
                counted[kind, spelling][place] += count
    return {borne: tuple(counts) for borne, counts in counted.items()}


def sum_names(counted: Counted) -> dict[tuple[NameKind, str], tuple[str, tuple[int, ...]]]:
    """Each name by kind and key: its commonest spelling, and its counts."""
    spelt: defaultdict[tuple[NameKind, str], list[tuple[str, tuple[int, ...]]]] = defaultdict(list)
    for (kind, spelling), counts in counted.items():
        spelt[kind, fold_name(spelling)].append((spelling, counts))
    return {
        name: (choose_spelling(of_it), tuple(map(sum, zip(*(c for _, c in of_it), strict=True))))
        for name, of_it in spelt.items()
    }


def list_counts(row: NameCounts) -> tuple[int, ...]:
    """The counts of a row in the order of `COUNTS`."""
    return tuple(getattr(row, name) for name in COUNTS)
