"""Each entry of the corpus tried in a process of its own: what was said, what was lost, what it took.

`tests/benchmarks/hostile.py` tries all of them, `test_corpus.py` a dozen.
"""

import json
import re
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

from api.app import create_app
from archive.media.machine_text import find_tesseract, read_words
from archive.media.pictures import PictureTooLargeError, measure_file
from config.settings import Settings
from scrapers.fetching import network_addresses
from scrapers.fetching.network_addresses import NotFetchedError, find_target, is_public
from scrapers.replica.serve import running_replica
from tests.drawn import draw_scene, encode_picture
from tests.hostile.answers import sending, spell_answer
from tests.hostile.corpus import Entry
from tests.hostile.making import AFTERWARDS, spell_ads
from tests.hostile.processes import Ended, run_alone, type_command
from tests.migrated import lay_tables

TRACEBACK = "Traceback (most recent call last)"
GOOD_PORT = "https://cdn.example/a.png"
PUBLIC = "93.184.215.14"


@dataclass
class Tried:
    """What came of an entry."""

    entry: Entry
    processes: list[Ended] = field(default_factory=list)
    lost: str = ""
    """What of its neighbours was lost."""
    unsaid: str = ""
    """What should have been said instead."""
    seconds: float = 0.0

    @property
    def peak_mb(self) -> int:
        return max((each.peak_mb for each in self.processes), default=0)

    @property
    def has_traceback(self) -> bool:
        return any(TRACEBACK in each.said for each in self.processes)


@dataclass
class Place:
    """Where an entry is tried: a home of its own."""

    folder: Path

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def type(self, number: int, *words: str) -> Ended:
        environ = {
            "PAIDFORBY_HOME": str(self.home),
            "PAIDFORBY_META_ACCESS_TOKEN": "FICTIONAL-TOKEN",
            "PAIDFORBY_META_COUNTRIES": '["US"]',
        }
        return run_alone(self.folder / f"run-{number}", environ, type_command, *words)

    def write(self, name: str, data: bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path


def try_entry(entry: Entry, folder: Path) -> Tried:
    """Do what the entry says, then look at its neighbours."""
    place = Place(folder)
    lay_tables(Settings(home=place.home, meilisearch_url=None))
    tried = Tried(entry)
    started = time.monotonic()
    KINDS[entry.kind](tried, place)
    said = "".join(each.said for each in tried.processes)
    wanted = entry.given.get("said", "")
    if not re.search(wanted, said):
        tried.unsaid = f"{wanted!r} is not in {said[-300:]!r}"
    tried.seconds = time.monotonic() - started
    shutil.rmtree(folder)
    return tried


def try_import(tried: Tried, place: Place) -> None:
    """A file; the good rows in it, two unless it says otherwise, are its neighbours."""
    given = tried.entry.given
    path = place.write(f"in/{given.get('file', 'ads.jsonl')}", tried.entry.make())
    rest = [] if given.get("is_followed") else ["--no-evaluate", "--no-index"]
    ended = place.type(1, "import", given["source"], str(path), "--json", *rest)
    tried.processes.append(ended)
    if ended.exit_code not in given.get("exit", [0, 3]):
        tried.lost = f"exit code {ended.exit_code}"
        return
    new = json.loads(ended.answer)["new"]
    kept = given.get("kept", 2)
    tried.lost = "" if new >= kept else f"{new} of {kept} good rows were kept"
    if given.get("is_followed"):
        good = place.write("in/after.jsonl", spell_ads(*AFTERWARDS))
        after = place.type(2, "import", "ad_feed", str(good), "--json")
        tried.processes.append(after)
        if after.exit_code not in {0, 3} or json.loads(after.answer)["new"] != 2:
            tried.lost = f"the next import ended with {after.exit_code}"


def try_answer(tried: Tried, place: Place) -> None:
    """An answer to a crawl; the next crawl, of the replica, is its neighbour."""
    given = tried.entry.given
    source = given.get("source", "meta_ad_library")
    partition = {"snap": "2026", "meta_ad_library": "US"}[source]
    body = tried.entry.make()
    answer = spell_answer(body, *given.get("headers", []), status=given.get("status", "200 OK"))
    crawl = ("crawl", source, "--partition", partition, "--json", "--no-evaluate", "--no-index")
    with ExitStack() as servers:
        url = servers.enter_context(
            sending({given.get("path", "/"): body if given.get("is_bare") else answer})
        )
        tried.processes.append(place.type(1, *crawl, "--base-url", f"{url}/{source}"))
        lay_tables(Settings(home=place.folder / "next", meilisearch_url=None))
        good = servers.enter_context(running_replica())
        after = place.type(2, *crawl, "--base-url", f"{good}/{source}")
    if given.get("is_deferred"):
        return
    tried.processes.append(after)
    if after.exit_code not in {0, 3} or '"done"' not in after.answer:
        tried.lost = f"the next crawl ended with {after.exit_code}"


def try_picture(tried: Tried, place: Place) -> None:
    """A picture or video; the next picture is its neighbour."""
    path = place.write("file", tried.entry.make())
    good = place.write("good", encode_picture(draw_scene()))
    ended = run_alone(place.folder / "run", {}, measure_both, path, good)
    tried.processes.append(ended)
    tried.lost = "" if "next: 320 x 240" in ended.answer else "the next picture was not measured"


def measure_both(path: Path, good: Path) -> None:
    """Say what a file is, have its words read, then what the good one is."""
    try:
        facts = measure_file(path)
        sys.stdout.write(f"{facts}\n")
        if find_tesseract():
            sys.stdout.write(f"{read_words(path, facts.media_type)}\n")
    except PictureTooLargeError as refusal:
        sys.stdout.write(f"{refusal}\n")
    facts = measure_file(good)
    sys.stdout.write(f"next: {facts.width} x {facts.height}\n")


def try_address(tried: Tried, place: Place) -> None:
    """A network address, or an address of the web; a public one is its neighbour."""
    ended = run_alone(place.folder / "run", {}, check_address, tried.entry.given["address"])
    tried.processes.append(ended)
    tried.lost = "" if "next: allowed" in ended.answer else "a public address is refused too"


def check_address(address: str) -> None:
    """Say whether an address may be asked, then whether a public one may."""
    if "/" in address:
        sys.stdout.write(f"{tell_target(address)}\n")
    else:
        sys.stdout.write("allowed\n" if is_public(address) else "refused\n")
    sys.stdout.write(f"next: {tell_target(GOOD_PORT)}\n")


def tell_target(url: str) -> str:
    """Whether a web address may be asked, when every name leads to the public internet."""
    with patch.object(network_addresses, "resolve_host", lambda _: [PUBLIC]):
        try:
            find_target(url)
        except NotFetchedError as refusal:
            return f"refused: {refusal.reason}"
    return "allowed"


def try_request(tried: Tried, place: Place) -> None:
    """A request to the site; its health, and a plain page, are the neighbours."""
    path = place.write("in/ads.jsonl", spell_ads(*AFTERWARDS))
    place.type(1, "import", "ad_feed", str(path), "--json")
    ended = run_alone(
        place.folder / "run", {"PAIDFORBY_HOME": str(place.home)}, ask_site, tried.entry.given
    )
    tried.processes.append(ended)
    tried.lost = "" if "next: 200 200" in ended.answer else "the site does not answer any more"


def ask_site(given: dict[str, object]) -> None:
    """Say how a request was answered, then whether the site still answers."""
    from fastapi.testclient import TestClient  # noqa: PLC0415 (only these entries need it)

    app = create_app(Settings(meilisearch_url=None))
    with TestClient(app, raise_server_exceptions=False, follow_redirects=False) as client:
        client.headers.update({"Host": "127.0.0.1"})
        for asked in given["asks"]:  # type: ignore[attr-defined]
            method, _, path = str(asked).partition(" ")
            repeat = str(given.get("repeat", ""))
            target = path.replace("REPEATED", repeat * int(str(given.get("times", 0))))
            answer = client.request(
                method,
                target,
                headers=given.get("headers"),  # type: ignore[arg-type]
                content=given.get("body"),  # type: ignore[arg-type]
            )
            kind = answer.headers.get("content-type", "")
            sys.stdout.write(f"status {answer.status_code} {kind} {len(answer.content)} bytes\n")
            sys.stdout.write(f"{answer.headers.get('location', '')}\n{answer.text[:2_000]}\n")
        after = [client.get(path).status_code for path in ("/api/v1/health", "/search")]
    sys.stdout.write(f"next: {after[0]} {after[1]}\n")


def try_configuration(tried: Tried, place: Place) -> None:
    """A file of an operator's own; the rules that are shipped and an import are its neighbours."""
    given = tried.entry.given
    path = place.write(f"home/config/{given['file']}", tried.entry.make())
    for number, command in enumerate(given["commands"]):
        words = [str(path) if word == "FILE" else word for word in command["words"]]
        ended = place.type(number, *words)
        tried.processes.append(ended)
        if ended.exit_code not in command["exit"]:
            tried.unsaid = f"exit code {ended.exit_code} of {' '.join(command['words'])}"
    listed = place.type(8, "rules", "list", "--json")
    good = place.write("in/after.jsonl", spell_ads(*AFTERWARDS))
    after = place.type(9, "import", "ad_feed", str(good), "--json")
    tried.processes += [listed, after]
    if listed.exit_code not in {0, 3} or not json.loads(listed.answer or "[]"):
        tried.lost = f"rules list ended with {listed.exit_code}"
    elif after.exit_code not in {0, 3} or json.loads(after.answer)["new"] != 2:
        tried.lost = f"the next import ended with {after.exit_code}"


KINDS: Mapping[str, Callable[[Tried, Place], None]] = {
    "import": try_import,
    "answer": try_answer,
    "picture": try_picture,
    "address": try_address,
    "request": try_request,
    "configuration": try_configuration,
}
