"""Links to one ad, at each platform and here; the ids are invented."""

import pytest

from archive.records.ad_links import LONGEST_LINK, AdLink, read_ad_link

META = AdLink("meta_ad_library", "999000000000001")
GOOGLE = AdLink("google_political_ads", "CR99000000000000000001")
SNAP = AdLink("snap", "f1c710abc", is_picture=True)
TIKTOK = AdLink("tiktok_commercial_content", "9900000000000000001")
MICROSOFT = AdLink("microsoft_ad_library", "99000000000001")

LINKS = {
    "https://www.facebook.com/ads/library/?id=999000000000001": META,
    "https://www.facebook.com/ads/library?country=NO&id=999000000000001": META,
    "facebook.com/ads/library/?id=999000000000001": META,
    "https://m.facebook.com/ads/archive/render_ad/?id=999000000000001&access_token=x": META,
    "https://adstransparency.google.com/advertiser/AR99000000000000000001/creative/"
    "CR99000000000000000001?region=anywhere": GOOGLE,
    "https://www.snap.com/political-ads/asset/f1c710abc?mediaType=mp4": SNAP,
    "https://snap.com/en-US/political-ads/asset/f1c710abc": SNAP,
    "https://library.tiktok.com/ads/detail/?ad_id=9900000000000000001": TIKTOK,
    "https://adlibrary.ads.microsoft.com/ad/99000000000001": MICROSOFT,
    "https://adlibrary.ads.microsoft.com/en-us/ad/99000000000001/": MICROSOFT,
    "https://adlibrary.api.bingads.microsoft.com/api/v1/Ads(99000000000001)": MICROSOFT,
    "https://adlibrary.api.bingads.microsoft.com/api/v1/Ads/99000000000001": MICROSOFT,
}

OURS = {
    "https://archive.example/ads/example/a2%2Fwith%3Aodd%3Fid?as_of=2026-03-01": (
        "example",
        "a2/with:odd?id",
    ),
    "https://news.example/archive/ads/example/a1#copies": ("example", "a1"),
    "https://news.example/archive/api/v1/ads/example/a1": ("example", "a1"),
    "/ads/example/a1": ("example", "a1"),
}

OTHERS = [
    "",
    "climate",
    "snap:f1c710",
    "https://www.facebook.com/harbour.party",
    "https://facebook.com.evil.example/ads/library/?id=999000000000001",
    "https://evilfacebook.com/ads/library/?id=999000000000001",
    "https://example.org/clean?id=1",
    "https://[not-an-address/ads/example/a1",
    "//user@:99999999/ads/",
    "vote for clean air / water",
    "https://www.facebook.com/ads/library/?" + "&".join(f"a{n}=1" for n in range(60)),
    "/ads/example/" + "a" * LONGEST_LINK,
]


@pytest.mark.parametrize(("text", "link"), LINKS.items())
def test_a_platforms_link_names_its_ad(text, link):
    assert read_ad_link(text) == link


@pytest.mark.parametrize(("text", "key"), OURS.items())
def test_a_link_to_a_page_of_this_archive_names_its_ad(text, key):
    link = read_ad_link(text)
    assert link is not None
    assert (link.source, link.ref) == key


@pytest.mark.parametrize("text", OTHERS)
def test_anything_else_names_no_ad(text):
    assert read_ad_link(text) is None


def test_a_link_of_a_library_without_an_id_names_none_there_is():
    link = read_ad_link("https://www.facebook.com/ads/library/?q=harbour")
    assert link == AdLink("meta_ad_library", "")
