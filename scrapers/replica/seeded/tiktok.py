"""Seeded ads as TikTok's Commercial Content API gives them: a token first, then page by page."""

from datetime import date
from itertools import islice
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from scrapers.replica.answers import read_request
from scrapers.replica.seeded.shown import ShownAds, pick_run, say_no_price, show_countries
from scrapers.replica.seeded.states import DayStep, Series
from scrapers.replica.seeded.truth import PartitionTruth
from scrapers.replica.seeded.words import name_group, name_odd_group

SOURCE = "tiktok_commercial_content"
TOKEN_PATH = f"/{SOURCE}/v2/oauth/token/"
QUERY_PATH = f"/{SOURCE}/v2/research/adlib/ad/query/"
CLIENT_KEY, CLIENT_SECRET = "FICTIONAL-KEY", "FICTIONAL-SECRET"
TOKEN = "clt.FICTIONAL"  # noqa: S105 (it opens nothing)

COUNTRIES = ("IT", "IT", "IT", "FR")

FIRST_REF = 888_000_000_000_000
ADS_A_BUSINESS = 10
RANGES = ("0-1K", "1K-10K", "10K-100K", "100K-1M", "1M-10M")
TOP_LEVEL = len(RANGES) - 1
SEARCH = "SEEDED-"
"""A `search_id` is this and the number of the last ad that was shown."""


def make_ads(seed: int, count: int) -> Series:
    """TikTok's share of the ads."""
    return Series(seed, "tiktok", count, TOP_LEVEL)


def show_ads(ads: Series, day: int) -> tuple[list[Route], list[PartitionTruth]]:
    """Where the API answers on a day, with the truth of each country."""
    shown, tallies = show_countries(SOURCE, ads, day, COUNTRIES, name_ad, say_no_price)

    async def query_ads(request: Request) -> JSONResponse:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return refuse("access_token_invalid", "The access token is invalid or not found.", 401)
        asked = await read_request(request)
        number = str(asked.get("search_id", f"{SEARCH}-1")).removeprefix(SEARCH)
        if not number.removeprefix("-").isdecimal():
            return refuse("invalid_params", "There is no such search_id.", 400)
        return JSONResponse(show_page(shown, asked, int(number)))

    routes = [
        Route(TOKEN_PATH, give_token, methods=["POST"]),
        Route(QUERY_PATH, query_ads, methods=["POST"]),
    ]
    return routes, tallies


async def give_token(request: Request) -> JSONResponse:
    """A token for the one key and secret that are let in; a refusal has status 200, too."""
    asked = await read_request(request)
    if (asked.get("client_key"), asked.get("client_secret")) != (CLIENT_KEY, CLIENT_SECRET):
        return JSONResponse({"error": "invalid_client", "log_id": "FICTIONAL"})
    return JSONResponse({"access_token": TOKEN, "expires_in": 7200, "token_type": "Bearer"})


def refuse(code: str, message: str, status: int) -> JSONResponse:
    """An error as the API words it."""
    return JSONResponse({"error": {"code": code, "message": message, "log_id": "F"}}, status)


def show_page(shown: ShownAds, asked: dict[str, Any], after: int) -> dict[str, Any]:
    """The ads of a search that follow a number, as many as are asked for at most."""
    words = str(asked.get("search_term", "")).casefold()
    pairs = (
        (step.index, describe_pair(shown.ads, step))
        for step in shown.find_steps(str(asked["filters"]["country_code"]), after)
    )
    found = (pair for pair in pairs if words in str(pair[1]).casefold())
    page = list(islice(found, int(asked["max_count"])))
    data = {
        "ads": [pair for _, pair in page],
        "has_more": next(found, None) is not None,
        "search_id": f"{SEARCH}{page[-1][0] if page else after}",
    }
    return {"data": data, "error": {"code": "ok", "message": "", "log_id": "FICTIONAL"}}


def name_ad(index: int) -> str:
    """The id of an ad."""
    return str(FIRST_REF + index)


def describe_pair(ads: Series, step: DayStep) -> dict[str, Any]:
    """An ad and whose it is; addresses of media are signed anew for each answer."""
    dice, business = ads.roll_for(step.index, "parts"), step.index // ADS_A_BUSINESS
    started_on, ended_on = pick_run(dice, date(2022, 10, 1), 1_400)
    media = f"https://media.tiktok.example/{step.index}"
    signature = f"?x-expires={step.now.changed_day}&x-signature=f"
    reached = RANGES[step.now.level]
    ad = {
        "id": FIRST_REF + step.index,
        "first_shown_date": write_day(started_on),
        "last_shown_date": write_day(ended_on),
        "status": "inactive",
        "image_urls": [f"{media}-{step.now.wording}.jpeg{signature}"],
        "videos": [{"url": f"{media}.mp4{signature}"}] if dice.hits(0.5) else [],
        "reach": {"unique_users_seen": reached},
    }
    business_dice = ads.roll_for(business, "business")
    advertiser = {
        "business_id": FIRST_REF + business,
        "business_name": name_odd_group(business, business_dice),
        "paid_for_by": name_group(dice),
    }
    return {"ad": ad, "advertiser": advertiser}


def write_day(day: date) -> int:
    """A day as TikTok writes it: 20261002."""
    return int(f"{day:%Y%m%d}")
