"""Registers as facts: whether a name or number is listed on a day, and by which copy.

Rules that look something up call `find_listed`. A register that is not there, or of which no copy speaks for
the day, answers nothing: it is not loaded.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from sqlmodel import Session

from archive.curation.registers import RegisterCopy, RegisterEntry, list_copies
from archive.records import MissingReason
from archive.records.projection import fold_text
from config.citations import Evidence
from config.counts import write_count


@dataclass(frozen=True)
class KeptCopy:
    """A copy of a register, cited by its hash."""

    copy: RegisterCopy
    sha256: str

    @cached_property
    def by_word(self) -> Mapping[str, list[RegisterEntry]]:
        """Its entries by folded name and by number."""
        found: dict[str, list[RegisterEntry]] = defaultdict(list)
        for entry in self.copy.entries:
            for word in {fold_text(entry.name), fold_text(entry.ref or "")} - {""}:
                found[word].append(entry)
        return found

    def lists(self, word: str, day: date) -> bool:
        """Whether an entry stands for a day; one that does not say since when, from the copy's own."""
        return any(
            (entry.starts_on or self.copy.holds_on) <= day < (entry.ends_on or self.copy.stale_on)
            for entry in self.by_word.get(word, ())
        )


@dataclass(frozen=True)
class Listed:
    """What a register says of a name: yes, no, or why it says nothing; in a sentence, and by which copies."""

    value: bool | MissingReason
    sentence: str
    sha256s: tuple[str, ...] = ()
    evidence: Evidence | None = None


Registers = Mapping[str, tuple[KeptCopy, ...]]
"""The copies of each register in the order of their days, one a day."""


def read_registers(session: Session, as_of: datetime | None = None) -> Registers:
    """Every register held at a time; of two copies of one day the one that came last counts."""
    copies: dict[str, dict[date, KeptCopy]] = defaultdict(dict)
    for copy, row in list_copies(session, as_of):
        copies[copy.id][copy.holds_on] = KeptCopy(copy, row.sha256)
    return {name: tuple(of[day] for day in sorted(of)) for name, of in copies.items()}


def find_listed(
    registers: Registers, name: str, who: str, first_on: date, last_on: date | None = None
) -> Listed:
    """Whether a name or number is listed on a day; on each day from first to last, where there are two."""
    last_on, word = last_on or first_on, fold_text(who)
    copies = registers.get(name, ())
    days = {first_on, *(d for d in _list_turns(copies, word) if first_on < d <= last_on)}
    found = [_find_on(copies, word, day) for day in sorted(days)]
    using = tuple({kept.sha256: kept for _, kept in found if kept}.values())
    answers = {answer for answer, _ in found}
    value = answers.pop() if len(answers) == 1 else None
    if value is None or not using:
        return Listed(MissingReason.NOT_LOOKED, f"register {name} not loaded{_tell_why(copies)}")
    cited = using[-1].copy
    told = f"{cited.title}, as of {cited.holds_on:%-d %b %Y}: {'' if value else 'not '}listed"
    evidence = max((kept.copy.source.evidence for kept in using), key=list(Evidence).index)
    return Listed(value, told, tuple(kept.sha256 for kept in using), evidence)


def _tell_why(copies: tuple[KeptCopy, ...]) -> str:
    if not copies:
        return ""
    newest = copies[-1].copy
    whole = "" if newest.is_complete else ", and it is not complete"
    speaks = f"its newest copy is of {newest.holds_on} and speaks for {write_count(newest.fresh_days, 'day')}"
    return f" for these days: {speaks}{whole}"


def _find_on(
    copies: tuple[KeptCopy, ...], word: str, day: date
) -> tuple[bool | None, KeptCopy | None]:
    """What is known on one day, and the copy that says so: a later copy may know since when."""
    speaking = [kept for kept in copies if kept.copy.holds_on <= day < kept.copy.stale_on]
    later = [kept for kept in copies if kept.copy.holds_on > day]
    for kept in (*speaking[::-1], *later):
        if kept.lists(word, day):
            return True, kept
    complete = [kept for kept in speaking if kept.copy.is_complete]
    return (False, complete[-1]) if complete else (None, None)


def _list_turns(copies: tuple[KeptCopy, ...], word: str) -> Iterator[date]:
    """The days on which an answer may turn."""
    for kept in copies:
        yield from (kept.copy.holds_on, kept.copy.stale_on)
        for entry in kept.by_word.get(word, ()):
            yield from (day for day in (entry.starts_on, entry.ends_on) if day)
