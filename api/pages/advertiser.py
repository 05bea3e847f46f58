"""The page of one advertiser: its names, who paid, what it spent and the ads it ran."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from api.dependencies import MomentOf, RoomsDep
from api.pages.range_bar import find_scales
from api.pages.site import (
    PageHead,
    advertiser_path,
    render_page,
    set_moment,
)
from archive.models import Source
from archive.reading import AdFilter, list_ads, read_advertiser
from archive.reading.as_of.past_money import statements_at
from archive.reading.corrections import CorrectionFilter, list_corrections
from archive.spending import (
    SpendMeasure,
    SpendQuery,
    bound_statement,
    list_newest_statements,
)
from archive.store.database import read

router = APIRouter()

ADS_SHOWN = 20
STATEMENTS_SHOWN = 31


@router.get("/advertisers/{advertiser_id:path}")
def show_advertiser(
    rooms: RoomsDep, moment: MomentOf, advertiser_id: str, cursor: str | None = None
) -> HTMLResponse:
    """One advertiser as one source names it, now or at a moment."""
    with read(rooms.engine) as session:
        advertiser = read_advertiser(session, advertiser_id, moment)
        wanted = CorrectionFilter(advertiser_id=advertiser.id)
        ads = list_ads(session, AdFilter(advertiser_id=advertiser.id), cursor, ADS_SHOWN, moment)
        path = advertiser_path(advertiser.id)
        page = PageHead(
            title=advertiser.name,
            path=path,
            section="/search",
            json=set_moment(f"/api/v1{path}", moment),
            keeps_history=True,
            moment=moment,
        )
        spends = {
            measure: rooms.answer_spending(
                session,
                SpendQuery(measure=measure, advertiser_id=advertiser.id, moment=moment),
            )
            for measure in (SpendMeasure.ADS, SpendMeasure.REPORTED)
        }
        source = session.get(Source, advertiser.source)
        return render_page(
            rooms,
            session,
            page,
            "advertiser.html",
            advertiser=advertiser,
            is_former_id=advertiser.id != advertiser_id,
            asked_id=advertiser_id,
            corrections=list_corrections(session, wanted, moment=moment),
            ads=ads,
            is_later=cursor is not None,
            spends=spends,
            statements=list_newest_statements(
                session, statements_at(moment), advertiser.id, STATEMENTS_SHOWN
            ),
            bound_statement=bound_statement,
            scales=find_scales(ads.items),
            source_title=source.title if source else advertiser.source,
        )
