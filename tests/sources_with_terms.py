"""An invented source whose terms about pictures and videos a test chooses."""

from archive.records import Allowance, Material, SourceInfo, SourceKind, Terms


def make_source(
    allows: Allowance | None,
    name: str = "example",
    pace: float = 0,
    shown: tuple[str, ...] = (),
    *,
    asks_by_country: bool = False,
) -> SourceInfo:
    """A source that allows this with its media; `None`: it says nothing of them."""
    terms = {Material.MEDIA: Terms(allows=allows, because="section 4")} if allows else {}
    return SourceInfo(
        id=name,
        title=name.title(),
        publisher="An invented publisher",
        kind=SourceKind.ADS,
        homepage="https://source.example",
        documentation="https://source.example/about",
        licence="not stated",
        access="robots: obey",
        partition_unit="a country" if asks_by_country else "a year's file",
        asks_by_country=asks_by_country,
        seconds_between_requests=pace,
        republish=terms,
        shown_fields=list(shown),
    )
