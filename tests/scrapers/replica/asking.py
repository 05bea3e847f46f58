"""Questions to a running replica, as a spider would ask them; the tests beside this file call them."""

import io
import zipfile
from typing import Any

import httpx2

from scrapers.replica.meta_ad_library import ACCESS_TOKEN, API_PATH

SNAP_2026 = "/snap/political/2026/PoliticalAds.zip"
BUNDLE = "/google_political_ads/google-political-ads-transparency-bundle.zip"
FEC = "/us_fec_bulk/files/bulk-downloads/2020"
EVERYTHING = {
    "access_token": ACCESS_TOKEN,
    "ad_reached_countries": "ALL",
    "ad_active_status": "ALL",
    "search_terms": "*",
}


def get(address: str, path: str, headers: dict[str, str] | None = None) -> httpx2.Response:
    return httpx2.get(address + path, headers=headers or {}, trust_env=False)


def ask_meta(address: str, **query: str) -> httpx2.Response:
    return httpx2.get(address + API_PATH, params=EVERYTHING | query, trust_env=False)


def walk_meta(address: str, **query: str) -> list[dict[str, Any]]:
    page = ask_meta(address, **query).json()
    ads = list(page["data"])
    while "next" in page.get("paging", {}):
        page = httpx2.get(page["paging"]["next"], trust_env=False).json()
        ads += page["data"]
    return ads


def read_member(answer: httpx2.Response, name: str) -> str:
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        return archive.read(name).decode("utf-8")
