"""One line of Meta's Ad Library Report, and the lines of one page put together.

The spider `meta_ad_library_report` reads its tables through here. Meta writes a line for each page and
disclaimer, and now and then two: these become one statement, which keeps both lines.
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Any

from archive.records import AdvertiserSpendRecord, Grain, Unreadable
from archive.records.postal_addresses import cut_address
from scrapers.readers.delivery import read_page_id
from scrapers.readers.fields import FieldError, Fields
from scrapers.readers.files import SourceFile
from scrapers.readers.parsing import (
    ABSURD_TOTAL_UNITS,
    Range,
    read_amount,
    read_count,
    read_currency,
    read_text,
)
from scrapers.readers.reading import Columns, Reading, Table, read_rows
from scrapers.readers.tables import TableFormat, TableRow, read_table

# The names of columns were in title case until 2022.
TABLE = TableFormat(folds_names=True)

AMOUNT_COLUMN = re.compile(r"amount spent(?: \((?P<currency>[a-z]{3})\))?")
PAGE_ID, PAGE_NAME, DISCLAIMER = "page id", "page name", "disclaimer"
COUNTS = ("number of ads in library", "number of ads in archive")

NO_DISCLAIMER = "These ads ran without a disclaimer"
"""What Meta writes in the place of a payer; the column is blank in no file seen."""

BYTE_ORDER_MARK = "\ufeff"
"""Stood not only at the beginning but before every five hundredth line, collectors report."""

AT_MOST = "≤"
CURRENCY_OF_2018 = {"US": "USD"}
"""Files of 2018 name no currency; their README says: accounts in USD, of the report for the US."""

DAY_ZONE = "America/Los_Angeles"
"""The README in each zip: days are Pacific time."""

FILE_NAME = re.compile(
    r"FacebookAd(?:Archive|Library)Report_(?P<day>\d{4}-\d\d-\d\d)_(?P<country>[A-Z]{2})_"
    r"(?P<preset>yesterday|last_7_days|last_30_days|last_90_days|lifelong)_advertisers\.csv"
)
FILE_NAME_OF_2018 = re.compile(
    r"FacebookAdArchiveReport(?P<country>[A-Z]{2})(?P<day>\d{4}-\d\d-\d\d)"
    r"(?P<preset>ThisWeekSpending)\.csv"
)

# A week of 2018 began where the one before ended; windows of 7 days and more are given anew each day.
SPANS = {
    "yesterday": (Grain.DAY, 1),
    "ThisWeekSpending": (Grain.WEEK, 7),
    "last_7_days": (Grain.WINDOW, 7),
    "last_30_days": (Grain.WINDOW, 30),
    "last_90_days": (Grain.WINDOW, 90),
}


Payment = tuple[str, str]
"""A page and who paid, as both are shown; the second is empty where nobody is named."""


@dataclass(frozen=True)
class Report:
    """What a file is about; only its name says so."""

    country: str
    preset: str
    last_on: date
    """Last day covered, by the source's day (`DAY_ZONE`)."""

    @property
    def dataset(self) -> str:
        """The series of files it belongs to: amounts of different countries never replace one another."""
        return f"{self.country}_{self.preset}"

    @property
    def grain(self) -> Grain:
        """The span of time it covers."""
        return SPANS[self.preset][0] if self.preset in SPANS else Grain.LIFETIME

    @property
    def period(self) -> dict[str, Any]:
        """The record's fields of the first and last day; a whole life has none."""
        if self.preset not in SPANS:
            return {}
        before = timedelta(days=SPANS[self.preset][1] - 1)
        return {"period_start_on": self.last_on - before, "period_end_on": self.last_on}


def read_file_name(name: str) -> Report | None:
    """What a file without folders in its name is about; `None` where the name does not say.

    Raises:
        ValueError: if its day does not exist.
    """
    match = FILE_NAME.fullmatch(name) or FILE_NAME_OF_2018.fullmatch(name)
    if match is None:
        return None
    return Report(match["country"], match["preset"], date.fromisoformat(match["day"]))


def find_amount_column(header: Iterable[str]) -> str | None:
    """The column of amounts, which has the currency in its name since 2020."""
    return next((name for name in header if AMOUNT_COLUMN.fullmatch(name)), None)


def read_report(file: SourceFile, report: Report, amount_column: str) -> Iterator[Reading]:
    """One statement for each page and payer of a file; those of several lines come last.

    Only these are held, so that memory does not grow with the file.
    """
    columns = Columns(
        required=frozenset({PAGE_NAME, DISCLAIMER, amount_column}),
        optional=frozenset({PAGE_ID, *COUNTS}),
    )
    lines_of = count_lines(file)
    held: defaultdict[Payment, list[AdvertiserSpendRecord]] = defaultdict(list)
    reader = partial(read_line, report=report, amount_column=amount_column)
    for reading in read_rows(file, Table(columns, reader), TABLE):
        if isinstance(reading, AdvertiserSpendRecord):
            who = reading.advertiser_ref or reading.advertiser_name or ""
            payment = who, cut_address(reading.payer_name or "")
            if lines_of[payment] > 1:
                held[payment].append(reading)
                continue
        yield reading
    for payment, lines in held.items():
        is_whole = len(lines) == lines_of[payment]
        yield join_lines(lines) if is_whole else _refuse_sum(file, payment)


def count_lines(file: SourceFile) -> Counter[Payment]:
    """How many lines each page and payer have; the page by its id or, without one, its name."""
    rows = (row.cells for row in read_table(file, TABLE) if isinstance(row, TableRow))
    return Counter((_name_page(cells), _name_payer(cells)) for cells in rows)


def read_payer(value: object) -> str | None:
    """Who a disclaimer says has paid; `None` where it is blank, or says that there was none."""
    text = read_text(value)
    return None if text in ("", NO_DISCLAIMER) else text


def _name_page(cells: Mapping[str, str]) -> str:
    """A line's page as statements name it; of an id that cannot be read, the name: its line is refused."""
    with suppress(ValueError):
        if ref := read_line_page_id(cells.get(PAGE_ID, "").strip() or "0"):
            return ref
    return cells.get(PAGE_NAME, "").strip()


def _name_payer(cells: Mapping[str, str]) -> str:
    with suppress(ValueError):
        return cut_address(read_payer(cells.get(DISCLAIMER, "")) or "")
    return ""


def read_line(fields: Fields, report: Report, amount_column: str) -> AdvertiserSpendRecord:
    """One line as a statement about its page.

    Raises:
        FieldError: naming the column that cannot be read.
    """
    currency = read_column_currency(amount_column) or CURRENCY_OF_2018.get(report.country)
    amount = fields.require(amount_column, partial(read_spent, currency=currency))
    words = fields.keep([DISCLAIMER]).get(DISCLAIMER, "")
    fields.leave(DISCLAIMER, words)
    fields.rename({COUNTS[1]: COUNTS[0]})
    values = fields.take_present(
        {
            "advertiser_ref": (PAGE_ID, read_line_page_id),
            "advertiser_name": (PAGE_NAME, read_text),
            "payer_name": (DISCLAIMER, read_payer),
            "ads_count": (COUNTS[0], read_count),
        }
    )
    # The words stay beside, as they were kept before the payer was a field of its own.
    fields.leave(DISCLAIMER, words)
    return AdvertiserSpendRecord(
        dataset=report.dataset,
        platform="meta",
        grain=report.grain,
        **report.period,
        day_zone=DAY_ZONE,
        countries=[report.country],
        currency=currency,
        spend_lower_minor=amount[0],
        spend_upper_minor=amount[1],
        **values,
        source_fields=fields.rest(),
    )


def join_lines(lines: list[AdvertiserSpendRecord]) -> AdvertiserSpendRecord:
    """The lines of one page and payer as one statement: bounds and counts added, each line kept beside.

    The order of the lines says nothing: Meta sorts them by amount.
    """
    ordered = sorted(lines, key=lambda line: json.dumps(line.model_dump(mode="json")))
    counts = [line.ads_count for line in ordered if line.ads_count is not None]
    parts = [
        {
            "disclaimer": line.source_fields.get(DISCLAIMER, ""),
            "spend_lower_minor": line.spend_lower_minor,
            "spend_upper_minor": line.spend_upper_minor,
            "ads_count": line.ads_count,
        }
        for line in ordered
    ]
    return ordered[0].model_copy(
        update={
            "spend_lower_minor": sum(line.spend_lower_minor or 0 for line in ordered),
            "spend_upper_minor": sum(line.spend_upper_minor or 0 for line in ordered),
            "ads_count": sum(counts) if counts else None,
            "source_fields": {"lines": json.dumps(parts, ensure_ascii=False)},
        }
    )


def read_line_page_id(value: object) -> str | None:
    """A page's id, with the mark that Meta has left before some lines taken off."""
    return read_page_id(read_text(value).removeprefix(BYTE_ORDER_MARK))


def read_column_currency(column: str) -> str | None:
    """The currency in the name of the column of amounts.

    Raises:
        FieldError: if it is none.
    """
    match = AMOUNT_COLUMN.fullmatch(column)
    if match is None or match["currency"] is None:
        return None
    try:
        return read_currency(match["currency"].upper())
    except ValueError as error:
        raise FieldError(column, str(error)) from None


def read_spent(value: object, currency: str | None) -> Range:
    """An amount; `≤100` is anything from nothing to 100."""
    text = read_text(value)
    upper = read_amount(text.removeprefix(AT_MOST).strip(), currency, ABSURD_TOTAL_UNITS)
    return (0 if text.startswith(AT_MOST) else upper), upper


def _refuse_sum(file: SourceFile, payment: Payment) -> Unreadable:
    told = ", paid by ".join(repr(name[:80]) for name in payment if name)
    reason = f"a line of {told} cannot be read, so its other lines are no sum of its spend"
    return Unreadable(file=file.name, field=PAGE_NAME, reason=reason)
