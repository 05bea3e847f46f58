"""Health: whether the rooms answer, and how far the search copy lies behind."""

from datetime import datetime
from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from api.dependencies import Reading, RoomsDep
from archive.reading import read_data_as_of
from archive.records import QuarantineStage
from archive.runs.crawling_stops import find_stop, tell_stop
from archive.runs.quarantine import count_open
from archive.runs.refused_files import RefusedFile
from archive.store.realm import read_operator_kind, read_realm
from config.settings import DeploymentKind, Realm
from oversight.rules.changed_files import tell_changed_files
from search.port import SearchUnavailableError
from search.sync import IndexStatus, index_status

router = APIRouter(tags=["health"])


class Health(BaseModel):
    """Whether this archive works, and how fresh it is."""

    status: Literal["ok", "degraded"] = Field(
        description="ok, or degraded: the archive answers; search does not, or a file is left out."
    )
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


@router.get("/health", responses={503: {"model": Health, "description": "Search is down."}})
def get_health(rooms: RoomsDep, session: Reading, response: Response) -> Health:
    """Database, search engine, how far the index lags, how fresh the data is."""
    index = None
    try:
        index = _show_index(index_status(rooms.engine, rooms.search, rooms.now()))
    except SearchUnavailableError:
        response.status_code = 503
    refused = rooms.list_refused(session)
    return Health(
        status="ok" if index and not refused else "degraded",
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


def _show_index(status: IndexStatus) -> IndexStatus:
    """What everybody may know: changes that are not public are numbered too, and an engine quotes."""
    refused = "the search engine would not take it"
    rejected = [row.model_copy(update={"reason": refused}) for row in status.rejected]
    return status.model_copy(update={"mark": None, "rejected": rejected})
