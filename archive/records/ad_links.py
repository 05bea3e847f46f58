"""Links to one ad, at its platform or on a site of this archive, read as whose it is.

Nothing is asked of a platform. What the links of a source look like stands in one table.
"""

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlsplit

LONGEST_LINK = 2_000
MOST_PARAMETERS = 50


@dataclass(frozen=True)
class AdLink:
    """What a link names: an ad by its source's id or, where `is_picture`, by the name of its picture."""

    source: str
    ref: str
    is_picture: bool = False


@dataclass(frozen=True)
class LinkForm:
    """What a source's links to one ad look like."""

    source: str
    host: str
    path: re.Pattern[str]
    """Of the whole path; its group is the id, unless a parameter is."""
    parameter: str = ""
    is_picture: bool = False


FORMS = (
    LinkForm(
        "meta_ad_library",
        "facebook.com",
        re.compile(r"/ads/(?:library|archive|archive/render_ad)/?"),
        "id",
    ),
    LinkForm(
        "google_political_ads",
        "adstransparency.google.com",
        re.compile(r"/advertiser/AR\w+/creative/(CR\w+)/?", re.ASCII),
    ),
    LinkForm(
        "snap",
        "snap.com",
        re.compile(r"(?:/[A-Za-z-]+)?/political-ads/asset/(\w+)/?", re.ASCII),
        is_picture=True,
    ),
    LinkForm(
        "tiktok_commercial_content", "library.tiktok.com", re.compile(r"/ads/detail/?"), "ad_id"
    ),
    LinkForm(
        "microsoft_ad_library",
        "adlibrary.ads.microsoft.com",
        re.compile(r"(?:/[A-Za-z-]+)?/ad/(\w+)/?", re.ASCII),
    ),
    LinkForm(
        "microsoft_ad_library",
        "adlibrary.api.bingads.microsoft.com",
        re.compile(r"/api/v1/ads(?:/|\()(\w+)\)?/?", re.ASCII | re.IGNORECASE),
    ),
)

_OURS = re.compile(r"/ads/([^/]+)/([^/]+)/?\Z")
"""The end of the path of an ad's page, below whatever path the site lies."""


def read_ad_link(text: str) -> AdLink | None:
    """The ad that a link names, with or without `https://`; `None`: it is no link to one ad."""
    if len(text) > LONGEST_LINK or "/" not in text or any(map(str.isspace, text)):
        return None
    try:
        parts = urlsplit(text if "://" in text or text.startswith("/") else f"//{text}")
        host = parts.hostname or ""
        given = dict(parse_qsl(parts.query, max_num_fields=MOST_PARAMETERS))
    except ValueError:
        return None
    for form in FORMS:
        is_there = host == form.host or host.endswith(f".{form.host}")
        if is_there and (found := form.path.fullmatch(parts.path)):
            ref = given.get(form.parameter, "") if form.parameter else found[1]
            return AdLink(form.source, ref.strip(), form.is_picture)
    ours = _OURS.search(parts.path)
    return AdLink(unquote(ours[1]), unquote(ours[2])) if ours else None
