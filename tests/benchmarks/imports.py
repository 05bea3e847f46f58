"""How fast a file becomes records and an archive: `python -m tests.benchmarks.imports --rows 200000`.

Prints one JSON line of seconds and microseconds; `tests.benchmarks.ingest` makes ratios of them. The
file is invented, in Snap's shape, and lives in a temporary folder.
"""

import argparse
import csv
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

from archive.ingest.rows import prepare_record
from archive.records import AdRecord
from archive.store.database import create_archive_engine
from scrapers.readers.files import SourceFile
from scrapers.sources.spider import PAGE_SIZE
from scrapers.spiders.snap import SnapSpider
from tests.benchmarks.flat import dump_flat, make_flat

SEED = 20_261_103
ROUNDS = 3
VALIDATED_AT_A_TIME = 20_000
ROOT = Path(__file__).parents[2]

COUNTRIES = ("finland", "norway", "netherlands", "sweden", "united states", "australia", "canada")
CURRENCIES = ("EUR", "NOK", "EUR", "SEK", "USD", "AUD", "CAD")
TOWNS = tuple(f"{a}{b}" for a in ("Harbour", "Salt", "Lamp", "Oak") for b in ("ton", "marsh", "by"))
WORDS = ("tide", "bridge", "lantern", "orchard", "ferry", "meadow", "signal", "quarry", "beacon")


def write_snap_csv(path: Path, rows: int, seed: int = SEED) -> None:
    """Write invented ads in Snap's 38 columns; about as full and as long as a file of 2023."""
    chance = random.Random(seed)
    with path.open("w", encoding="utf-8", newline="") as file:
        first = invent_row(chance, 0)
        table = csv.DictWriter(file, list(first), lineterminator="\n")
        table.writeheader()
        table.writerow(first)
        table.writerows(invent_row(chance, number) for number in range(1, rows))


def invent_row(chance: random.Random, number: int) -> dict[str, str]:
    """One invented ad as a row of Snap's file."""
    advertiser = chance.randrange(1_000)
    at = advertiser % len(COUNTRIES)
    started = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=chance.randrange(500_000))
    ended = started + timedelta(hours=chance.randrange(24, 900))
    words = " ".join(chance.choices(WORDS, k=3))

    def fill(share: float, text: str) -> str:
        return text if chance.random() < share else ""

    def list_towns(most: int) -> str:
        return ",".join(chance.choices(TOWNS, k=chance.randint(1, most)))

    return {
        "ADID": f"{chance.getrandbits(256):064x}",
        "CreativeUrl": f"https://media.example/asset/{number}?sha={chance.getrandbits(256):064x}",
        "Currency Code": CURRENCIES[at],
        "Spend": str(int(chance.lognormvariate(5, 2))),
        "Impressions": str(int(chance.lognormvariate(9, 2))),
        "StartDate": started.strftime("%Y/%m/%d %H:%M:%SZ"),
        "EndDate": fill(0.96, ended.strftime("%Y/%m/%d %H:%M:%SZ")),
        "OrganizationName": f"{WORDS[advertiser % 9].title()} Agency {advertiser % 400}",
        "BillingAddress": f"{advertiser} Invented Quay,{TOWNS[advertiser % 12]},{advertiser:05}",
        "CandidateBallotInformation": fill(0.15, f"The {words} ballot"),
        "PayingAdvertiserName": f"{WORDS[advertiser % 7].title()} Party № {advertiser}",
        "CommitteeName": fill(0.03, "N/A"),
        "CommitteeIdentificationNumber": fill(0.03, f"HP-{advertiser}"),
        "DisclosureNameOfCommittee": fill(0.03, "N/A"),
        "AdvertisingJurisdiction": fill(0.03, "na"),
        "Gender": fill(0.27, "FEMALE"),
        "AgeBracket": fill(0.95, chance.choice(("18-", "18+", "18-34", "35++"))),
        "CountryCode": COUNTRIES[at],
        "Regions (Included)": fill(0.32, list_towns(3)),
        "Regions (Excluded)": fill(0.01, list_towns(12)),
        "Electoral Districts (Included)": "",
        "Electoral Districts (Excluded)": "",
        "Radius Targeting (Included)": fill(0.08, ",".join(["latitude 1.5;radius 40.0"] * 30)),
        "Radius Targeting (Excluded)": "",
        "Metros (Included)": fill(0.24, list_towns(9)),
        "Metros (Excluded)": fill(0.02, list_towns(20)),
        "Postal Codes (Included)": fill(0.08, ",".join(map(str, range(53_703, 53_758)))),
        "Postal Codes (Excluded)": fill(0.01, ",".join(map(str, range(10_000, 10_150)))),
        "Location Categories (Included)": "",
        "Location Categories (Excluded)": "",
        "Interests": fill(0.37, f"Readers of {words},Friends of the {words}"),
        "OsType": "",
        "Segments": fill(0.81, "Provided by Advertiser"),
        "Language": fill(0.39, chance.choice(("en", "fi", "nl", "sv"))),
        "AdvancedDemographics": fill(0.03, "Parents,Students,Commuters"),
        "Targeting Connection Type": "",
        "Targeting Carrier (ISP)": "",
        "CreativeProperties": fill(
            0.91, f"web_view_url:https://{words.replace(' ', '-')}.example/{number}?utm_source=snap"
        ),
    }


def make_full_values(number: int) -> dict[str, Any]:
    """Ready values for a record in which 35 fields are given, as a parser hands them over."""
    started_at = datetime(2026, 1, 2, 8, 30, tzinfo=UTC) + timedelta(minutes=number % 10_000)
    return {
        "ref": f"{number:016x}",
        "platform": "examplatform",
        "url": f"https://ads.example/{number}",
        "surfaces": ["feed", "stories"],
        "advertiser_ref": f"page-{number % 1_000}",
        "advertiser_name": "Harbour Party",
        "payer_name": "Friends of the Harbour",
        "sponsor_name": "Harbour Committee",
        "registration_refs": ["HP-1"],
        "countries": ["FI"],
        "languages": ["fi", "sv"],
        "titles": ["A bridge for everyone"],
        "bodies": ["Vote for the harbour, the ferry and the bridge on the third of November."],
        "descriptions": ["Paid for by Friends of the Harbour"],
        "landing_urls": ["https://harbour.example/bridge"],
        "media_type": "image",
        "media_urls": [f"https://media.example/{number}.png"],
        "election_name": "Harbour council 2026",
        "declared_political": True,
        "declared_by": "advertiser",
        "started_at": started_at,
        "ended_at": started_at + timedelta(days=9),
        "started_on": date(2026, 1, 2),
        "ended_on": date(2026, 1, 20),
        "day_zone": "UTC",
        "targeting": [{"dimension": "age", "mode": "include", "text": "18+"}],
        "currency": "EUR",
        "spend_lower_minor": 100_00,
        "spend_upper_minor": 199_00,
        "spend_conversions": {"USD": [11_000, 22_000]},
        "impressions_lower": 10_000,
        "impressions_upper": 14_999,
        "reach_lower": 9_000,
        "reach_upper": 9_999,
        "delivery": [{"by": "country", "label": "FI", "share": 1.0}],
    }


def read_cells(path: Path) -> None:
    """The least any import must do: Python's csv reader over the file."""
    with path.open(encoding="utf-8", newline="") as file:
        for _ in csv.reader(file):
            pass


def validate_records(values: list[dict[str, Any]]) -> None:
    """Records from ready values, each thrown away at once."""
    for one in values:
        AdRecord(**one)


def read_records(path: Path) -> None:
    """Rows to records, with nothing written."""
    for _ in SnapSpider.read(SourceFile.from_path(path)):
        pass


def dump_file(database: Path, path: Path) -> float:
    """Seconds to dump the file's records flat, their rows made beforehand, a page at a time."""
    engine = create_archive_engine(f"sqlite:///{database}")
    flat = make_flat(engine, "flat")
    records = (record for record in SnapSpider.read(SourceFile.from_path(path)))
    seconds = 0.0
    while page := [
        prepare_record(r) for r in islice(records, PAGE_SIZE) if isinstance(r, AdRecord)
    ]:
        seconds += dump_flat(engine, flat, page)
    engine.dispose()
    database.unlink()
    return seconds


def run_import(home: Path, path: Path) -> None:
    """The whole command, as an operator types it."""
    command = [sys.executable, "-m", "paidforby", "import", "snap", str(path)]
    environment = os.environ | {"PAIDFORBY_HOME": str(home)}
    environment.pop("PAIDFORBY_DATABASE_URL", None)
    subprocess.run(
        [*command, "--no-evaluate", "--no-index"],
        cwd=ROOT,
        env=environment,
        check=True,
        capture_output=True,
    )


def reorder_rows(path: Path, to: Path) -> None:
    """The same rows from last to first: other bytes, the same ads. No cell holds a line break."""
    header, *rows = path.read_bytes().splitlines(keepends=True)
    to.write_bytes(b"".join([header, *reversed(rows)]))


def time_call(call: Callable[..., None], *given: object) -> float:
    """Seconds one call takes."""
    started = time.perf_counter()
    call(*given)
    return time.perf_counter() - started


def measure_round(folder: Path, path: Path, reordered: Path) -> Iterator[tuple[str, float]]:
    """Every figure once, in seconds."""
    values = [make_full_values(number) for number in range(VALIDATED_AT_A_TIME)]
    home = folder / "home"
    yield "csv_s", time_call(read_cells, path)
    yield "validate_s", time_call(validate_records, values)
    yield "read_s", time_call(read_records, path)
    yield "flat_s", dump_file(folder / "flat.sqlite3", path)
    yield "import_new_s", time_call(run_import, home, path)
    yield "import_same_s", time_call(run_import, home, path)
    yield "import_reordered_s", time_call(run_import, home, reordered)
    shutil.rmtree(home)


def measure_import(rows: int) -> dict[str, float]:
    """Medians of three interleaved rounds over one file of so many ads.

    `validate_us` and `read_us` are microseconds a record; the others are seconds for the whole file:
    `csv_s` Python's csv reader, `flat_s` the dump of its records into a table without keys,
    `import_new_s` the command on an empty archive, `import_same_s` on the same bytes again,
    `import_reordered_s` on the same rows in other bytes.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path, reordered = folder / "PoliticalAds.csv", folder / "reordered.csv"
        write_snap_csv(path, rows)
        reorder_rows(path, reordered)
        rounds = [dict(measure_round(folder, path, reordered)) for _ in range(ROUNDS)]
    middle = {name: median(one[name] for one in rounds) for name in rounds[0]}
    middle["validate_us"] = middle.pop("validate_s") / VALIDATED_AT_A_TIME * 1e6
    middle["read_us"] = middle.pop("read_s") / rows * 1e6
    return {name: round(figure, 3) for name, figure in sorted(middle.items())}


def main() -> None:
    """Print the figures as one JSON line."""
    parser = argparse.ArgumentParser(description="Time the reading and the import of a file.")
    parser.add_argument("--rows", type=int, default=200_000, help="Ads in the file.")
    sys.stdout.write(json.dumps(measure_import(parser.parse_args().rows)) + "\n")


if __name__ == "__main__":
    main()
