"""Media: what is kept of an ad's pictures, videos and pages, and why the rest is not."""

from fastapi import APIRouter

from api.dependencies import MomentOf, Reading
from api.listings import Listing, answer_whole
from api.routes.ads import AdId
from archive.reading import read_ad
from archive.reading.ads.media import MediaView, list_media

router = APIRouter(prefix="/ads", tags=["ads"])


@router.get("/{source}/{ref:path}/media")
def get_ad_media(session: Reading, ad_id: AdId, moment: MomentOf) -> Listing[MediaView]:
    """Each address of an ad's media: the kept file, or why there is none to see."""
    media = list_media(session, read_ad(session, ad_id, moment), moment)
    return answer_whole(session, media, moment)
