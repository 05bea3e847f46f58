"""A file of Snap's, invented, how it changes from day to day, and looks at it."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from scrapers.intake.importing import ImportOrder, ImportReport, import_files
from scrapers.spiders import find_spiders
from scrapers.spiders.snap import COLUMNS
from tests.scrapers.crawls import Home

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
SNAP = find_spiders()["snap"]
FILE = "PoliticalAds.csv"
NAMES = (
    *("ADID", "CreativeUrl", "Currency Code", "Spend", "Impressions", "StartDate", "EndDate"),
    *("OrganizationName", "PayingAdvertiserName", "CountryCode", "CreativeProperties"),
    *sorted(COLUMNS.expected),
)
HEADER = ",".join(NAMES)


def spell_row(
    ref: str, spend: int = 100, name: str = "Harbour Party", header: Sequence[str] = NAMES
) -> str:
    values = {
        "ADID": ref,
        "CreativeUrl": f"https://media.example/{ref.strip()}",
        "Currency Code": "EUR",
        "Spend": str(spend),
        "Impressions": "10",
        "StartDate": "2026/01/02 23:30:00Z",
        "OrganizationName": name,
        "PayingAdvertiserName": name,
        "CountryCode": "finland",
    }
    cells = (values.get(column, "").replace('"', '""') for column in header)
    return ",".join(f'"{cell}"' if {*cell} & {*',"\n'} else cell for cell in cells)


def spell_file(*rows: str, header: str = HEADER) -> bytes:
    return "\n".join((header, *rows, "")).encode(errors="surrogateescape")


def run(
    home: Home,
    data: bytes,
    day: int,
    *,
    partition: str | None = "2026",
    folder: str = "",
    name: str = FILE,
) -> ImportReport:
    """One run of a file on a day; without a partition it sweeps nothing.

    On a day that has passed by then it is a file of that day, read late: no clock goes back.
    """
    path = home.settings.home / "given" / folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    at = START + timedelta(days=day)
    now = max([at, *(each.started_at for each in home.runs())])
    observed_on = at.date() if at < now else None
    order = ImportOrder((path,), observed_on, complete_partition=partition)
    return import_files(home.settings, home.engine, SNAP, order, lambda: now)


ROWS = [spell_row(f"ad{number}") for number in range(6)]


class Story:
    """A source whose file changes from day to day, in every way that files do."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.rows = [spell_row(f"ad{number}") for number in range(24)]
        self.gone: list[str] = []
        self.header = HEADER

    def pick(self) -> int:
        return self.dice.randrange(len(self.rows))

    def change(self) -> None:
        ref = self.rows[self.pick()].split(",")[0].strip('"')
        name = self.dice.choice(["Harbour Party", "Tide, Inc.", 'The "Tide"', "Two\nlines", "ÄÖ"])
        self.rows[self.pick()] = spell_row(ref, self.dice.choice([100, 90, 250]), name)

    def vanish(self) -> None:
        self.gone.append(self.rows.pop(self.pick()))

    def come_back(self) -> None:
        if self.gone:
            self.rows.insert(self.pick(), self.gone.pop())

    def add(self) -> None:
        self.rows.insert(self.pick(), spell_row(f"new{self.dice.randrange(10_000)}"))

    def repeat(self) -> None:
        self.rows.insert(self.pick(), self.rows[self.pick()])

    def contradict(self) -> None:
        ref = self.rows[self.pick()].split(",")[0].strip('"')
        self.rows.insert(self.pick(), spell_row(f" {ref}" if self.dice.random() < 0.3 else ref, 77))

    def hide_rows_in_text(self) -> None:
        others = "\n".join(self.dice.sample(self.rows, 2))
        self.rows.insert(self.pick(), spell_row("ad3", 5, f"quoted:\n{others}\n,end"))

    def break_quotes(self) -> None:
        self.rows.insert(self.pick(), spell_row("broken").replace("Harbour", '"Harb"our'))

    def open_quote(self) -> None:
        self.rows.insert(self.pick(), spell_row("open").replace(",Harbour", ',"Harbour'))

    def write_latin_1(self) -> None:
        self.rows.insert(self.pick(), spell_row("latin", name="B\udce4r"))

    def use_carriage_return(self) -> None:
        self.rows[self.pick()] += "\r"

    def leave_blank(self) -> None:
        self.rows.insert(self.pick(), "")

    def add_separator(self) -> None:
        self.rows.insert(self.pick(), spell_row("unit", name="a\x1fb"))

    def refuse(self) -> None:
        self.rows.insert(self.pick(), spell_row("refused", spend=-1))

    def add_column(self) -> None:
        self.header = HEADER if self.header != HEADER else f"{HEADER},Mood"

    def lower_all(self) -> None:
        self.rows = [row.replace(",100,", ",1,") for row in self.rows]

    def shuffle(self) -> None:
        self.dice.shuffle(self.rows)

    EVENTS = (
        *((change, 8), (vanish, 3), (come_back, 3), (add, 3), (repeat, 2), (contradict, 2)),
        *((hide_rows_in_text, 1), (break_quotes, 1), (open_quote, 1), (write_latin_1, 1)),
        *((use_carriage_return, 1), (leave_blank, 1), (add_separator, 1), (refuse, 1)),
        *((add_column, 1), (lower_all, 1), (shuffle, 1)),
    )

    def tell_day(self) -> bytes:
        events, weights = zip(*self.EVENTS, strict=True)
        for event in self.dice.choices(events, weights, k=self.dice.randrange(4)):
            event(self)
        self.rows = [row for row in self.rows if self.dice.random() < 0.97 or "\n" not in row]
        rows = [f"{row},glad" for row in self.rows] if self.header != HEADER else self.rows
        return spell_file(*rows, header=self.header)
