"""An archive with copies, a longer text, and an ad whose picture is kept; and how one asks for them."""

import pytest
from sqlalchemy import select

from archive.duplicates.changes import follow_texts
from archive.media.files import DueAd, FetchOutcome, MachineText, keep_file, note_fetches
from archive.media.pictures import measure_file
from archive.models import Ad
from archive.models.media import MediaState
from archive.store.blobs import BlobStore
from archive.store.database import open_engine, write
from search.copies.sync import sync_index
from search.engines import open_search
from tests.api.conftest import NOON, make_ad
from tests.drawn import draw_scene, encode_picture

TEXT = "On Thursday you can choose a council that listens, so vote for all of us and come along"
LONG = (
    "Come and see the harbour lights this year. Doors open at noon. The hall behind the old bridge has room "
    "for everybody who asks. Bring chairs."
)
PICTURE = "https://cdn.example/f1c710abc.png"


def make_kept(settings, tmp_path):
    """The picture of the ad `p1`, kept."""
    path = tmp_path / "picture.png"
    path.write_bytes(encode_picture(draw_scene()))
    engine = open_engine(settings)
    with write(engine) as session:
        ad = session.exec(select(Ad).where(Ad.ref == "p1")).scalar_one()
        blob = BlobStore(settings.blobs_dir).put_file(path)
        words = MachineText(None, "not_looked", "nobody looked")
        keep_file(session, blob, measure_file(path), words, NOON)
        kept = FetchOutcome(MediaState.KEPT, sha256=blob.sha256)
        note_fetches(
            session, "example", DueAd(ad.id, "p1", ad.id, (PICTURE,)), {PICTURE: kept}, NOON
        )
    engine.dispose()


@pytest.fixture
def held(take_in, settings, tmp_path, client):
    """Three copies, one longer ad, one with a picture: compared, searched, kept."""
    ads = [make_ad(f"t{n}", bodies=[TEXT]) for n in range(3)]
    rest = [
        make_ad("long", bodies=[LONG]),
        make_ad("p1", bodies=["Seagulls above the quay at dawn"], media_urls=[PICTURE]),
        make_ad("short", bodies=["Clean harbour now"]),
    ]
    take_in([*ads, *rest], NOON)
    engine = open_engine(settings)
    with write(engine) as session:
        follow_texts(session, NOON)
    make_kept(settings, tmp_path)
    sync_index(engine, open_search(settings, engine), NOON)
    engine.dispose()
    return client


@pytest.fixture
def find(held):
    """What the API answers."""

    def send(text: str = "", picture: bytes = b"", status: int = 200):
        files = {"picture": ("seen.png", picture)} if picture else None
        answer = held.post("/api/v1/find", data={"text": text}, files=files)
        assert answer.status_code == status, answer.text
        return answer.json()

    return send


def list_ids(answer) -> list[str]:
    return [ad["id"].removeprefix("example:") for ad in answer["ads"]]
