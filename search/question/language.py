"""What a question in the search box means: the same on every engine and as of every time.

`search.question.query` reads a question here, engines put it in their own words; its plain meaning is in
`search.indexed.word_lists`. Words beside each other are all looked for; what is not understood is refused,
never guessed at.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from archive.errors import QuestionError, cut_echo
from archive.text.words import split_words
from search.question.addresses import join_id, read_address

MOST_WORDS = 30
FEWEST_LETTERS = 2
"""Before `*`: half of all words begin with some letters."""

WORD_FIELDS: Mapping[str, tuple[str, ...]] = {
    "text": ("title", "body"),
    "picture": ("picture",),
    "advertiser": ("advertiser",),
    "payer": ("payer",),
    "sponsor": ("sponsor",),
    "link": ("landing",),
    "id": ("id",),
}
"""Names of fields as they are typed, and the word lists of a document that each stands for."""

WORD_LISTS = tuple(name for lists in WORD_FIELDS.values() for name in lists)
"""Every word list of a document; a word without a field is looked for in all of them."""

WAYS_TO_ASK: Mapping[str, str] = {
    "clean air": "ads with both words, anywhere",
    '"clean air"': "these words side by side",
    "clean -air": "ads with the one word and without the other",
    "clean OR air": "ads with at least one of them; it joins its neighbours only",
    "clean*": "words that begin so",
    "payer:clean": f"in one field only: {', '.join(WORD_FIELDS)}",
}
"""How a question is written, for whoever asks; a word is that word, without accents and case."""

_QUOTES = str.maketrans(dict.fromkeys("“”„«»", '"'))
# Behind a field's name stands anything but an address; behind another word and a colon, a word.
_TOKEN = re.compile(
    rf"""(?P<minus>-?)(?:(?P<field>(?:{"|".join(WORD_FIELDS)})(?=:[^\s/])|[^\W\d_][\w-]*(?=:["\w-])):)?"""
    r"""(?:"(?P<phrase>[^"]*)(?P<closed>"?)(?P<star>\*?)|(?P<plain>[^\s"]+))""",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"(?:https?://|www\.)\S", re.IGNORECASE)
_AD_ID = re.compile(r"[a-z][a-z0-9_-]*:[\w.-]*\d[\w.-]*", re.ASCII)
_STAR_IN_PHRASE = re.compile(r"(?<=\w)\*")
_IN_QUOTES = "put it in quotation marks to look for these words"
_OPERATORS: Mapping[str, str] = {
    "AND": "words beside each other are all looked for: leave it out",
    "NOT": "write -word to leave ads with that word out",
    "NEAR": f"there is no such operator: {_IN_QUOTES}",
}
_FOREIGN: Mapping[re.Pattern[str], str] = {
    re.compile(r"&&"): "words beside each other are all looked for: leave it out",
    re.compile(r"\|"): "write OR between two words",
    re.compile(r"^\+(?=[^\W\d])"): "every word is looked for: leave the + out",
    re.compile(
        r"~(?=[\w])|(?<=\w)~"
    ): "near spellings are always told beside the answer: leave the ~ out",
    re.compile(r"(?<=\w)\^(?=\d)"): "no word can weigh more than another: leave the ^ out",
    re.compile(r"\*(?=.*\w)"): "a * stands at the end of a word, such as econom*",
    re.compile(r"(?<=\w)\?(?=\w)"): "no letter can be left open: write econom* for what begins so",
    re.compile(r"^NEAR[(/]"): f"there is no such operator: {_IN_QUOTES}",
}


class QueryError(QuestionError):
    """A query that cannot be answered; the message says what is allowed instead."""


@dataclass(frozen=True)
class Term:
    """Something an ad has, or has not: a word, or words side by side in one field."""

    words: tuple[str, ...]
    """Folded as `archive.text.words` folds them."""
    field: str | None = None
    """A key of `WORD_FIELDS`; `None`: whichever."""
    is_start: bool = False
    """The last word may go on."""
    is_not: bool = False
    is_exact: bool = False
    """In quotation marks: no other spelling is offered."""

    @property
    def lists(self) -> tuple[str, ...]:
        """The word lists it may stand in."""
        return WORD_FIELDS[self.field] if self.field else WORD_LISTS


Question = tuple[tuple[Term, ...], ...]
"""Each group must hold; a group holds if any of its terms does. No groups: every ad."""


def read_question(text: str) -> Question:
    """The groups of a question, in the order typed.

    Raises:
        QueryError: with the place, if something looks like a language and is not this one; if there is no
            word, or more than `MOST_WORDS`.
    """
    text = text.translate(_QUOTES)
    groups: list[tuple[Term, ...]] = []
    pending: re.Match[str] | None = None
    for token in _TOKEN.finditer(text):
        if token[0] == "OR":
            if pending or not groups:
                raise _refuse(token, "OR stands between two words")
            pending = token
            continue
        term = _read_term(token)
        if term is None:
            continue
        if pending:
            groups[-1] = (*groups[-1], term)
        else:
            groups.append((term,))
        pending = None
    if pending:
        raise _refuse(pending, "OR stands between two words")
    _check_groups(text, groups)
    return tuple(groups)


def spell_question(question: Question) -> str:
    """A question as it is typed, in folded words."""
    return " ".join(" OR ".join(map(_spell_term, group)) for group in question)


def _spell_term(term: Term) -> str:
    # What touches stands side by side, as in quotation marks, behind which no * can stand.
    written = ("'" if term.is_start else " ").join(term.words)
    if not term.is_start and (term.is_exact or len(term.words) > 1):
        written = f'"{written}"'
    name = f"{term.field}:" if term.field else ""
    return f"{'-' if term.is_not else ''}{name}{written}{'*' if term.is_start else ''}"


def count_words(question: Sequence[Sequence[Term]]) -> int:
    """How many words a question has."""
    return sum(len(term.words) for group in question for term in group)


def _check_groups(text: str, groups: list[tuple[Term, ...]]) -> None:
    if text.strip() and not groups:
        raise QueryError("q", f"there is no word in {cut_echo(text.strip())!r} to search for")
    words = count_words(groups)
    if words > MOST_WORDS:
        raise QueryError("q", f"a question has at most {MOST_WORDS} words; this one {words}")
    grouping = re.search(r"\((?=\S)", text)
    if grouping and any(len(group) > 1 for group in groups):
        told = "parentheses are not read beside OR: a OR b c means c and one of a and b"
        raise QueryError("q", f"at character {grouping.start() + 1}, '(': {told}")


def _read_term(token: re.Match[str]) -> Term | None:
    """What a token asks for; `None`: it has no word, as a dash or a smiley between words has none."""
    written = token["plain"] if token["phrase"] is None else token["phrase"]
    if token["phrase"] is not None and not token["closed"]:
        raise _refuse(token, 'the quotation mark is never closed: write a " behind the last word')
    if token["phrase"] is not None and (token["star"] or _STAR_IN_PHRASE.search(written)):
        raise _refuse(token, "a * stands at the end of a word without quotation marks")
    term = _read_field(token, written) if token["field"] else _read_words(token, written)
    if not term.words and (token["minus"] or token["field"] or token["phrase"] is not None):
        raise _refuse(token, "there is no word in it to search for")
    return replace(term, is_not=bool(token["minus"])) if term.words else None


def _read_field(token: re.Match[str], written: str) -> Term:
    """What is asked of a field, or of the id of an ad as it is written."""
    name = token["field"].lower()
    whole = f"{token['field']}:{written}"
    if name in WORD_FIELDS and written.startswith("-"):
        raise _refuse(token, f"write -{name}:{written.lstrip('-')}")
    if name == "id" or (token["phrase"] is None and _AD_ID.fullmatch(whole)):
        return _read_id(token, written if name == "id" else whole)
    if name not in WORD_FIELDS:
        fields = ", ".join(WORD_FIELDS)
        told = (
            f"there is no field {name!r}; fields are {fields}; a filter stands beside the question"
        )
        raise _refuse(token, f"{told}; {_IN_QUOTES}")
    return replace(_read_words(token, written), field=name)


def _read_words(token: re.Match[str], written: str) -> Term:
    if token["phrase"] is not None:
        return Term(_cut(written), is_exact=True)
    return _read_plain(token, written)


def _read_plain(token: re.Match[str], written: str) -> Term:
    """A word as typed without quotation marks; what touches, as in d'or or 教育, stands side by side."""
    if _ADDRESS.match(written):
        return Term(_cut(read_address(written)), "link")
    if token["minus"] and written.startswith("-"):
        raise _refuse(token, "write one - before a word to leave ads with it out")
    if written in _OPERATORS:
        raise _refuse(token, _OPERATORS[written])
    is_start = written.endswith("*") and len(written) > 1
    stem = written.removesuffix("*")
    for sign, instead in _FOREIGN.items():
        if sign.search(stem):
            raise _refuse(token, instead)
    if not is_start and written.endswith(":") and written[:-1].lower() in WORD_FIELDS:
        raise _refuse(token, f"write {written.lower()}word, without a space")
    words = _cut(stem)
    if is_start and words and sum(map(len, words)) < FEWEST_LETTERS:
        raise _refuse(token, f"a * has at least {FEWEST_LETTERS} letters before it")
    return Term(words, is_start=is_start and bool(words))


def _cut(text: str) -> tuple[str, ...]:
    return tuple(word.term for word in split_words(text))


def _read_id(token: re.Match[str], written: str) -> Term:
    stem = written.removesuffix("*")
    if stem != written and len(stem) < FEWEST_LETTERS:
        raise _refuse(token, f"a * has at least {FEWEST_LETTERS} letters before it")
    words = _cut_id(stem)
    return Term(words, "id", is_start=stem != written and bool(words))


def _cut_id(written: str) -> tuple[str, ...]:
    """An id with its source is one word, as documents have it; a reference by itself is its words."""
    source, colon, _ = written.partition(":")
    return (join_id(written),) if colon and source else _cut(written)


def _refuse(token: re.Match[str], why: str) -> QueryError:
    shown = cut_echo(token[0])
    return QueryError("q", f"at character {token.start() + 1}, {shown!r}: {why}")
