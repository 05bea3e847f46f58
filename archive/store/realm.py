"""Whether this archive holds invented data or real data: set by its first run, never mixed.

Crawls and imports ask before they write; pages and releases read it to say so.
"""

from sqlmodel import Session

from archive.errors import RealmError
from archive.models import ArchiveFact
from config.settings import DeploymentKind, Realm, Settings

FACT = "realm"


def read_realm(session: Session) -> Realm | None:
    """The archive's realm; `None` before its first run."""
    fact = session.get(ArchiveFact, FACT)
    return Realm(fact.value) if fact else None


def read_operator_kind(session: Session, settings: Settings) -> DeploymentKind:
    """What the operator is to readers: whoever serves invented ads gives a demonstration."""
    is_fictional = read_realm(session) is Realm.FICTIONAL
    return DeploymentKind.DEMO if is_fictional else settings.deployment_kind


def claim_realm(session: Session, realm: Realm) -> None:
    """Make sure that data of this realm may enter.

    Raises:
        RealmError: if the archive is of the other realm.
    """
    current = read_realm(session)
    if current is None:
        session.add(ArchiveFact(name=FACT, value=realm))
        session.flush()
    elif current != realm:
        raise RealmError(
            f"this archive is {current} from its first run on and takes no {realm} data; "
            "choose another home: PAIDFORBY_HOME=…"
        )
