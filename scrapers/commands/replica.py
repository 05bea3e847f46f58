"""`paidforby replica`: invented sources of any size, served on this machine or laid out in a folder.

It serves nothing outside 127.0.0.1 and writes to no archive.
"""

from collections.abc import Sequence
from pathlib import Path
from socket import socket
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
import uvicorn
from starlette.applications import Starlette
from starlette.responses import FileResponse
from starlette.routing import Mount, Route

from archive.listening import listen
from archive.terminal import WRONG_USAGE, note, say
from scrapers.replica.app import show_robots
from scrapers.replica.meta_ad_library import ACCESS_TOKEN
from scrapers.replica.seeded.days import (
    SeededDay,
    SeedPlan,
    lay_out_day,
    write_api_ads,
    write_truth,
)
from scrapers.replica.seeded.tiktok import CLIENT_KEY, CLIENT_SECRET

HOST = "127.0.0.1"
PORT = 8700
TRUTH = "truth.json"


def replica(
    ads: Annotated[int, typer.Option(min=1, help="Ads on day 1, of all sources together.")] = 1_000,
    seed: Annotated[int, typer.Option(help="The same number makes the same data.")] = 1,
    days: Annotated[int, typer.Option(min=1, help="Days; each changes what was before.")] = 3,
    to: Annotated[
        Path | None, typer.Option(help="Lay the days out in this new folder, and serve nothing.")
    ] = None,
    port: Annotated[int, typer.Option(min=1, max=65_535, help="Port to serve on.")] = PORT,
) -> None:
    """Invented sources to try things on: every ad library, with as many ads as you like.

    Example: paidforby replica --port 8100
    """
    plan = SeedPlan(ads, seed)
    if to is None:
        with listen(HOST, port) as listening, TemporaryDirectory(prefix="replica-") as folder:
            laid_out = lay_out_days(plan, days, Path(folder))
            serve_days(Path(folder), laid_out, listening)
        return
    if to.exists():
        note(f"{to} is there already; name a folder that is not")
        raise typer.Exit(WRONG_USAGE)
    for day in lay_out_days(plan, days, to):
        write_api_ads(day, name_folder(to, day.number))
    say(f"laid out: {to}; everything in it is invented")
    say(f"what an archive of it must hold: {to / TRUTH}")
    say(f"next: paidforby import snap {name_folder(to, 1) / 'snap'}")


def lay_out_days(plan: SeedPlan, days: int, folder: Path) -> list[SeededDay]:
    """Write each day below a folder, and what is true of them beside the days."""
    laid_out: list[SeededDay] = []
    for number in range(1, days + 1):
        note(f"making day {number} of {days}")
        laid_out.append(lay_out_day(plan, number, name_folder(folder, number)))
    write_truth(plan, laid_out, folder / TRUTH)
    return laid_out


def name_folder(folder: Path, day: int) -> Path:
    """Where a day lies."""
    return folder / f"day-{day}"


def create_days(folder: Path, days: Sequence[SeededDay]) -> Starlette:
    """Every day under its own path, and the truth beside them."""
    served = [
        Mount(f"/day-{day.number}", day.serve(name_folder(folder, day.number))) for day in days
    ]
    truth = Route(f"/{TRUTH}", lambda _: FileResponse(folder / TRUTH))
    return Starlette(routes=[Route("/robots.txt", show_robots), truth, *served])


def serve_days(folder: Path, days: Sequence[SeededDay], listening: socket) -> None:
    """Serve until Ctrl-C."""
    address = f"http://{HOST}:{listening.getsockname()[1]}"
    first, last = days[0].number, days[-1].number
    say(f"serving {address}/day-{first} to /day-{last}; everything in it is invented")
    say(f"what an archive of it must hold: {address}/{TRUTH}")
    say(f"Meta's token: {ACCESS_TOKEN}; TikTok's key and secret: {CLIENT_KEY}, {CLIENT_SECRET}")
    say(f"next: paidforby crawl snap --base-url {address}/day-1/snap; Ctrl-C ends the replica")
    config = uvicorn.Config(create_days(folder, days), log_level="warning", access_log=False)
    uvicorn.Server(config).run([listening])
