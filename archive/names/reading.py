"""Names for readers: how they are spelt, which answer a question, and who bears one.

Search, API and pages ask here. What stands in `name` follows the public tables a moment later.
"""

from collections.abc import Collection

from sqlmodel import Session, col, select

from archive.models import Name, NameKind


def spell_names(session: Session, kind: NameKind, keys: Collection[str]) -> dict[str, str]:
    """The commonest spelling of each of at most some hundred keys of one kind that the archive knows.

    Keys are those of `archive.text.names.fold_name`.
    """
    query = select(Name.key, Name.name).where(Name.kind == kind, col(Name.key).in_(keys))
    return dict(session.exec(query).all())
