"""What a step put aside is counted for everyone, in plain words, without what failed."""

from archive.records import QuarantineStage
from archive.runs.quarantine import put_aside
from archive.store.database import open_engine, write
from tests.api.conftest import NOON

SECRET = "https://harbour.example/?key=SECRET"


def test_page_api_and_health_count_by_step_and_quote_nothing(client, settings):
    engine = open_engine(settings)
    with write(engine) as session:
        for stage in QuarantineStage:
            put_aside(session, stage, "example", f"at {stage}", ValueError(SECRET), NOON)
    engine.dispose()

    page = client.get("/quarantined").text
    steps = client.get("/api/v1/quarantined/steps").json()["items"]
    health = client.get("/api/v1/health").json()

    assert [(row["stage"], row["count"]) for row in steps] == [(s, 1) for s in QuarantineStage]
    assert health["put_aside"] == dict.fromkeys(QuarantineStage, 1)
    assert all(row["what"][1:] in page for row in steps)
    assert "SECRET" not in page + str(steps) + str(health) + client.get("/api/v1/missing").text
