"""Health: whether this process lives, whether it can answer, and what is not as it should be."""

from collections.abc import Iterator
from datetime import datetime
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field
from sqlalchemy import Engine

from api.dependencies import Reading, RoomsDep
from archive.errors import OtherTablesError
from archive.reading import read_data_as_of
from archive.records import QuarantineStage
from archive.runs.crawling_stops import find_stop, tell_stop
from archive.runs.quarantine import count_open
from archive.runs.refused_files import RefusedFile
from archive.store.kept_findings import read_findings, tell_findings
from archive.store.realm import read_operator_kind, read_realm
from archive.store.revisions import require_current
from config.settings import DeploymentKind, Realm
from oversight.rules.changed_files import tell_changed_files
from search.answering.standing_in import WITHOUT
from search.copies.status import IndexStatus, index_status
from search.port import SearchUnavailableError

router = APIRouter(tags=["health"])


class Health(BaseModel):
    """Whether this archive works, and how fresh it is."""

    status: Literal["ok", "degraded"] = Field(
        description="ok, or degraded: the archive answers, and something else is not as it should be."
    )
    reasons: list[str] = Field(description="What that is, in sentences; empty: nothing.")
    database: str = Field(description="sqlite or postgresql.")
    engine: str = Field(description="Search engine: embedded or meilisearch.")
    index: IndexStatus | None = Field(
        description="How the search copy stands to the archive; empty: the engine does not answer."
    )
    refused_files: list[RefusedFile] = Field(
        description="Files of configuration that cannot be used; what rests on them is left out."
    )
    realm: Realm | None = Field(
        description="fictional or real; empty: nothing has been collected yet."
    )
    operator_name: str = Field(description="Who runs this archive.")
    deployment_kind: DeploymentKind = Field(
        description="What the operator is, which bounds what its decisions can mean."
    )
    put_aside: dict[QuarantineStage, int] = Field(
        description="What waits until it is tried again or settled, by the step that could not take it."
    )
    crawling: str = Field(
        description="`going on`, or that the operator has stopped it, since when and why."
    )
    rule_files: dict[str, str] = Field(
        description="What happened to the files of rules since they came into use, by id of the rule."
    )
    data_as_of: datetime | None = Field(
        description="When this archive last learned anything or last crawled."
    )


class Alive(BaseModel):
    """That there is an answer."""

    status: Literal["ok"] = Field(default="ok", description="ok")


@router.get("/health/live")
async def get_life() -> Alive:
    """Whether this process answers; it looks at nothing else, so restart it where it does not."""
    return Alive()


@router.get("/health/ready")
def get_readiness(rooms: RoomsDep) -> Alive:
    """Whether the database answers with the tables of this program; 503 until then: send nobody here."""
    require_current(rooms.engine)
    return Alive()


@router.get("/health")
def get_health(rooms: RoomsDep, session: Reading) -> Health:
    """Database, search, how far its copy lags, how fresh the data is; 503 only without the database."""
    try:
        counted = rooms.count_ads(session)
        index = _show_index(index_status(rooms.engine, rooms.search, rooms.now(), counted))
    except SearchUnavailableError:
        index = None
    refused = rooms.list_refused(session)
    contents = tell_findings(read_findings(rooms.settings))
    reasons = [
        *_tell_tables(rooms.engine),
        *_tell_index(index),
        *_tell_files(refused),
        *_tell_contents(contents),
    ]
    return Health(
        status="degraded" if reasons else "ok",
        reasons=reasons,
        refused_files=refused,
        database=rooms.engine.dialect.name,
        engine=rooms.search.name,
        index=index,
        realm=read_realm(session),
        operator_name=rooms.settings.operator_name,
        put_aside=count_open(session),
        crawling=tell_stop(stop) if (stop := find_stop(session)) else "going on",
        deployment_kind=read_operator_kind(session, rooms.settings),
        rule_files=tell_changed_files(rooms.settings, rooms.book.list_in_use(session))
        | rooms.book.list_unreadable(session),
        data_as_of=read_data_as_of(session),
    )


def _tell_tables(engine: Engine) -> Iterator[str]:
    try:
        require_current(engine)
    except OtherTablesError as error:
        yield f"The tables are at {error.revision}, this process is for {error.wanted}: restart it."


def _tell_index(index: IndexStatus | None) -> Iterator[str]:
    if index is None:
        yield f"Search does not answer; {WITHOUT}."
        return
    yield from index.faults
    if index.documents is None and index.ads and not index.faults:
        yield f"Nothing has been indexed for search yet; {WITHOUT}."
    elif index.faults and not index.is_answering:
        yield f"Until search is right again {WITHOUT}."


def _tell_files(refused: list[RefusedFile]) -> Iterator[str]:
    if refused:
        yield f"Files of configuration are left out: {', '.join(file.file for file in refused)}."


def _tell_contents(told: str) -> Iterator[str]:
    if told:
        yield f"The archive is not all as it was written: {told}."


def _show_index(status: IndexStatus) -> IndexStatus:
    """What everybody may know: changes that are not public are numbered too, and an engine quotes."""
    refused = "the search engine would not take it"
    rejected = [row.model_copy(update={"reason": refused}) for row in status.rejected]
    return status.model_copy(update={"mark": None, "rejected": rejected})
