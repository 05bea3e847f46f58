from datetime import UTC, date, datetime

import pytest
from sqlmodel import col, select

from archive.models import Correction
from archive.models.runs import Outcome
from archive.records import CommitteeRecord, DisclosureRecord
from archive.spending import SpendMeasure, SpendQuery, summarise_spending
from archive.store.database import read
from scrapers.intake.importing import ImportOrder, ImportReport, import_files
from scrapers.readers.reading import NotRead
from scrapers.spiders import find_spiders
from scrapers.spiders.us_fec_bulk import EXPENDITURE_COLUMNS, UsFecBulkSpider
from tests.scrapers.crawls import Home
from tests.scrapers.samples import (
    SAMPLES,
    import_paths,
    needs_samples,
    pack,
    read_all,
    read_sample,
    records,
    refusal,
    refusals,
)

SOURCE = "us_fec_bulk"

ROW = (
    "C99900001|N|2020|M9|9999|21B|F3X|SB|CHATTERBOX ADS|LAMPTON|ZZ|00002|08/14/2020|125.5|G2020|"
    "DIGITAL ADVERTISING|004|Advertising Expenses |||ORG|990001|9990|HB.1|HB.0|"
)
COMMITTEE = (
    "C99900001|HARBOUR PARTY COMMITTEE|MARROWBY, ENID|1 INVENTED QUAY|SUITE 2|PORT EXAMPLIA|ZZ|00001|"
    "U|Y|HBR|M|L|LANTERN UNION|H0ZZ01001"
)


def read_expenditures(*rows: str) -> list[DisclosureRecord]:
    readings = read_all(SOURCE, "oppexp.txt", "\n".join(rows) + "\n")
    return [record for record in records(readings) if isinstance(record, DisclosureRecord)]


def test_an_expenditure_says_who_paid_whom_how_much_when_and_what_for() -> None:
    (row,) = read_expenditures(ROW)
    assert (row.ref, row.committee_ref, row.filing_ref) == ("990001", "C99900001", "9990")
    assert (row.amount_minor, row.currency, row.spent_on) == (125_50, "USD", date(2020, 8, 14))
    assert (row.payee_name, row.payee_place) == ("CHATTERBOX ADS", "LAMPTON, ZZ")
    assert (row.purpose, row.category) == ("DIGITAL ADVERTISING", "Advertising Expenses")
    assert (row.transaction_ref, row.parent_transaction_ref) == ("HB.1", "HB.0")
    assert (row.is_memo, row.is_notice, row.is_correction) == (False, False, False)


def test_the_filers_name_stands_in_another_file_and_is_not_made_up() -> None:
    (row,) = read_expenditures(ROW)
    assert row.missing["payer_name"] == "not_provided"


def test_a_memo_row_and_a_negative_amount_are_marked() -> None:
    memo, refund = read_expenditures(ROW.replace(" |||ORG", " |X||ORG"), ROW.replace("125.5", "-1"))
    assert memo.is_memo
    assert not memo.is_correction
    assert (refund.is_correction, refund.amount_minor) == (True, -100)


@pytest.mark.parametrize("written", ["08/14/2020", "08142020"])
def test_days_are_read_as_filed_and_as_described(written: str) -> None:
    (row,) = read_expenditures(ROW.replace("08/14/2020", written))
    assert row.spent_on == date(2020, 8, 14)


def test_quotes_and_windows_letters_are_text() -> None:
    readings = read_all(
        SOURCE, "oppexp.txt", ROW.replace("CHATTERBOX", 'CAFÉ "ONE').encode("cp1252")
    )
    (row,) = records(readings)
    assert isinstance(row, DisclosureRecord)
    assert row.payee_name == 'CAFÉ "ONE ADS'


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("125.5", "9900000000", "TRANSACTION_AMT"),
        ("125.5", "1.255", "TRANSACTION_AMT"),
        ("125.5", "", "TRANSACTION_AMT"),
        ("08/14/2020", "8/14/20", "TRANSACTION_DT"),
        ("|N|", "|Q|", "AMNDT_IND"),
        (" |||ORG", " |Y||ORG", "MEMO_CD"),
        ("990001", "9.90001E+18", "SUB_ID"),
    ],
)
def test_a_value_that_cannot_be_true_holds_its_row_and_no_other(
    old: str, new: str, field: str
) -> None:
    broken = ROW.replace(old, new, 1)
    readings = read_all(SOURCE, "oppexp.txt", f"{broken}\n{ROW}\n")
    held = refusal(readings)
    assert (held.line, held.field, held.raw) == (1, field, f"{broken}\n".encode())
    assert len(records(readings)) == 1


def test_a_row_with_a_cell_too_many_is_held() -> None:
    readings = read_all(SOURCE, "oppexp.txt", f"{ROW}\n{ROW}|\n")
    assert "27 cells where 26 columns" in refusal(readings).reason
    assert len(records(readings)) == 1


@pytest.mark.parametrize("change", [lambda row: f"{row}NEW|", lambda row: row.split("|", 1)[1]])
def test_a_file_that_gained_or_lost_a_column_is_held_whole(change) -> None:
    rows = "\n".join([change(ROW)] * 50)
    assert refusal(read_all(SOURCE, "oppexp.txt", rows)).line == 1


def test_a_committee_comes_without_its_treasurer_and_street() -> None:
    (committee,) = records(read_all(SOURCE, "cm20.txt", COMMITTEE))
    assert isinstance(committee, CommitteeRecord)
    assert (committee.ref, committee.name) == ("C99900001", "HARBOUR PARTY COMMITTEE")
    assert (committee.place, committee.party, committee.kind) == ("PORT EXAMPLIA, ZZ", "HBR", "Y")
    said = committee.model_dump_json()
    assert not any(word in said for word in ("MARROWBY", "QUAY", "SUITE", "00001|"))


@pytest.mark.parametrize("name", ["cn.txt", "ccl20.txt", "oppexp_header_file.csv", "README.md"])
def test_files_we_know_and_leave_are_told_with_their_reason(name: str) -> None:
    (left,) = read_all(SOURCE, name, "H0ZZ01001|QUILLFEATHER, ADA\n")
    assert isinstance(left, NotRead)


def test_a_zip_names_the_row_by_zip_member_and_line() -> None:
    readings = read_all(SOURCE, "oppexp20.zip", pack({"oppexp.txt": ROW.replace("125.5", "?")}))
    assert (refusal(readings).file, refusal(readings).line) == ("oppexp20.zip/oppexp.txt", 1)


@pytest.mark.parametrize("data", ["<html>\n<body>\nSorry\n</body>", "", "a|b\n"])
def test_what_is_no_bulk_file_is_held_whole(data: str) -> None:
    assert len(refusals(read_all(SOURCE, "oppexp.txt", data))) == 1


def test_the_cycles_run_from_2020_to_the_one_under_way(home: Home) -> None:
    cycles = UsFecBulkSpider.list_partitions(home.settings, date(2027, 1, 1))
    assert cycles == ["2028", "2026", "2024", "2022", "2020"]
    urls = UsFecBulkSpider.list_files(home.settings, "2020", "https://www.fec.gov")
    assert urls[0] == "https://www.fec.gov/files/bulk-downloads/2020/oppexp20.zip"
    assert len(urls) == 4


@needs_samples
def test_the_real_sample_gives_530_disclosures_worth_2_965_116_dollars_78() -> None:
    readings = read_sample(SOURCE, "fec-bulk/oppexp.txt")
    rows = [reading for reading in readings if isinstance(reading, DisclosureRecord)]
    assert len(rows) == len(readings) == 530
    assert sum(row.is_memo for row in rows) == 98
    assert sum(row.is_correction for row in rows) == 53
    assert len({row.committee_ref for row in rows}) == 133
    assert sum(row.amount_minor for row in rows if not row.is_memo) == 2_965_116_78


@needs_samples
def test_importing_the_real_sample_twice_changes_nothing(home: Home) -> None:
    report = import_paths(home, SOURCE, SAMPLES / "fec-bulk")
    assert (report.outcome, report.counts.new) == ("done", 530 + 133)
    again = import_paths(home, SOURCE, SAMPLES / "fec-bulk")
    assert (again.counts.seen, home.count("disclosures"), home.count("quarantined")) == (0, 530, 0)


def import_week(home: Home, number: int, *rows: str) -> ImportReport:
    """A week's folder, taken in as the whole cycle; the register of committees stays as it is."""
    folder = home.settings.home / f"week-{number}"
    folder.mkdir()
    (folder / "cm.txt").write_text(COMMITTEE)
    (folder / "oppexp20.txt").write_text("".join(f"{row}\n" for row in rows))
    at = datetime(2026, 3, number, 12, tzinfo=UTC)
    order = ImportOrder((folder,), complete_partition="2020")
    return import_files(home.settings, home.engine, find_spiders()[SOURCE], order, lambda: at)


def test_an_amended_report_counts_as_amended_and_what_left_the_file_counts_no_more(
    home: Home,
) -> None:
    filed = ROW.split("|")
    sub_id, file_number = EXPENDITURE_COLUMNS.split().index("SUB_ID"), 22
    amended = list(filed)
    amended[sub_id], amended[file_number], amended[13] = "990099", "9999", "200"
    other = [*filed[:sub_id], "990055", *filed[sub_id + 1 :]]
    other[3], other[23] = "Q3", "HB.9"
    import_week(home, 1, "|".join(filed), "|".join(other))

    report = import_week(home, 2, "|".join(amended))

    assert (report.outcome, report.counts.withdrawn) == (Outcome.DONE, 1)
    with read(home.engine) as session:
        query = SpendQuery(measure=SpendMeasure.DISCLOSED)
        [group] = summarise_spending(session, query).groups
        told = [row.kind for row in session.exec(select(Correction).order_by(col(Correction.id)))]
    assert (group.lower_minor, group.upper_minor, group.ads) == (200_00, 200_00, 1)
    assert told == ["restated", "withdrawn"]


@pytest.mark.parametrize(("sub_id", "withdrawn"), [("990002", 1), ("990003", 0)])
def test_a_refused_row_of_a_known_id_is_there_and_of_another_stands_in_the_way(
    home: Home, sub_id: str, withdrawn: int
) -> None:
    rows = [
        ROW.replace("990001", f"99000{number}").replace("HB.1", f"{number}") for number in (1, 2)
    ]
    import_week(home, 1, ROW.replace("990001", "990009").replace("HB.1", "9"), *rows)

    refused = rows[1].replace("990002", sub_id).replace("125.5", "1.255")
    report = import_week(home, 2, rows[0], refused)

    assert (report.outcome, report.counts.withdrawn) == (Outcome.ATTENTION, withdrawn)
