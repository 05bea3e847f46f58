"""What is said of ads that a source gave when it was asked for a country, and the archive without that."""

from sqlalchemy import delete
from sqlmodel import select

from archive.models import AskedCountry, PublicAd, RunCountry
from archive.reading import read_ad
from archive.reading.as_of.moment import NOW
from archive.reading.shown_rows import check_shown
from archive.store.database import write
from tests.archive.moments import ask

LIBRARY = "library"
"""A source that is asked by country; `example` is not."""

AD = f"{LIBRARY}:a1"


def where(engine, moment=NOW, ad=AD):
    """Where an ad was shown, how that is known, and why it is not."""
    view = ask(engine, read_ad, ad, moment)
    return view.countries, view.countries_from, view.missing.get("countries")


def is_sound(engine):
    return check_shown(engine, lambda _: None).bad == []


def forget_asked(engine):
    """The archive as if nobody had ever noted what was asked for."""
    with write(engine) as session:
        session.connection().execute(delete(AskedCountry))
        session.connection().execute(delete(RunCountry))
        silent = {"countries": [], "countries_from": None}
        for ad in session.exec(select(PublicAd).where(PublicAd.countries_from == "asked")).all():
            ad.sqlmodel_update(silent | {"missing": ad.missing | {"countries": "not_provided"}})
            session.add(ad)
