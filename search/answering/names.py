"""Which names answer a question, whatever ads do: asked of the archive, never of an engine.

All plain words of a question stand in the name; or all words of a field that names somebody, in one of
its kind.
"""

from collections.abc import Iterator

from sqlmodel import Session

from archive.models import NameKind
from archive.names.reading import FoundNames, NameQuestion, NameWords, find_names
from config.counts import write_count
from search.question.language import QueryError, Question, Term, read_question

KINDS = {
    None: None,
    "advertiser": NameKind.ADVERTISER,
    "payer": NameKind.PAYER,
    "sponsor": NameKind.SPONSOR,
}
"""Fields that name somebody; a word without a field may stand in a name of any kind."""

NAMES_SHOWN = 10


def name_answers(session: Session, question: Question) -> FoundNames:
    """The names that answer a question; none answers one without such words."""
    return find_names(session, read_names(question), NAMES_SHOWN)


def read_names(question: Question) -> list[NameQuestion]:
    """A question as questions for names: its plain words, and the words of each field."""
    asked = []
    for field, kind in KINDS.items():
        groups = [group for group in question if all(term.field == field for term in group)]
        if any(not term.is_not for group in groups for term in group):
            asked.append(NameQuestion(tuple(tuple(map(_read_term, g)) for g in groups), kind))
    return asked


def _read_term(term: Term) -> NameWords:
    return NameWords(term.words, is_start=term.is_start, is_not=term.is_not)


def read_listed(text: str, kind: NameKind | None) -> NameQuestion:
    """Words for a list of names of one kind, or of all.

    Raises:
        QueryError: if they cannot be read, or ask for a field.
    """
    question = read_question(text)
    if any(term.field for group in question for term in group):
        raise QueryError("q", "names are asked for by words alone: choose a kind beside them")
    return NameQuestion(tuple(tuple(map(_read_term, group)) for group in question), kind)


def tell_names(found: FoundNames) -> Iterator[str]:
    """Names as people read them on a terminal, one a line."""
    if found.total:
        yield f"{write_count(found.total, 'name')}:"
    for item in found.items:
        told = {"ad": item.ads, "statement": item.statements, "filing": item.filings}
        counts = ", ".join(write_count(number, what) for what, number in told.items() if number)
        now = f"now called {' and '.join(item.now)}" if item.now else ""
        about = "; ".join(filter(None, (counts, now))) or "nothing under this name itself"
        yield f"{item.kind} {item.name}: {about}"
