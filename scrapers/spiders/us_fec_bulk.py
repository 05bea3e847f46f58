"""US Federal Election Commission, bulk files: what registered committees spent, and who they are.

Documentation: https://www.fec.gov/campaign-finance-data/operating-expenditures-file-description/ and
its neighbours; the files have no header line, the column names come from `*_header_file.csv`.
Licence: work of the US government, public domain; 52 U.S.C. 30111(a)(4) limits the use of names and
addresses of individual contributors, who are not in these files.
Shapes: `|` between cells, no quotes, Windows-1252; `oppexp` ends every line with a `|` too many.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from functools import partial

from archive.records import (
    Allowance,
    AmountBasis,
    CommitteeRecord,
    DisclosureRecord,
    Material,
    SourceInfo,
    SourceKind,
    Terms,
)
from config.settings import Settings
from scrapers.readers.fields import Fields
from scrapers.readers.files import SourceFile
from scrapers.readers.moments import read_day_as
from scrapers.readers.parsing import (
    read_choice,
    read_count,
    read_ref,
    read_signed_amount,
    read_text,
)
from scrapers.readers.reading import Columns, Reading, Table, leave_file, read_rows, refuse_file
from scrapers.readers.tables import TableFormat, has_rows
from scrapers.sources.spider import SourceSpider

FIRST_CYCLE = 2020
CURRENCY = "USD"
FILES = ("oppexp", "cm", "cn", "ccl")

EXPENDITURE_COLUMNS = (
    "CMTE_ID AMNDT_IND RPT_YR RPT_TP IMAGE_NUM LINE_NUM FORM_TP_CD SCHED_TP_CD NAME CITY STATE "
    "ZIP_CODE TRANSACTION_DT TRANSACTION_AMT TRANSACTION_PGI PURPOSE CATEGORY CATEGORY_DESC MEMO_CD "
    "MEMO_TEXT ENTITY_TP SUB_ID FILE_NUM TRAN_ID BACK_REF_TRAN_ID"
)
COMMITTEE_COLUMNS = (
    "CMTE_ID CMTE_NM TRES_NM CMTE_ST1 CMTE_ST2 CMTE_CITY CMTE_ST CMTE_ZIP CMTE_DSGN CMTE_TP "
    "CMTE_PTY_AFFILIATION CMTE_FILING_FREQ ORG_TP CONNECTED_ORG_NM CAND_ID"
)
AFTER_LAST = ""
"""The empty cell behind the last `|` of an expenditure."""

EXPENDITURE_NOT_TAKEN = {"ZIP_CODE": "it says where a payee lives"}
COMMITTEE_NOT_TAKEN = {"TRES_NM": "it names a treasurer, often a private person"} | dict.fromkeys(
    ("CMTE_ST1", "CMTE_ST2", "CMTE_ZIP"), "it is often where the treasurer lives"
)

NOT_READ = {
    r".*_header_file\.csv": "the names of the columns, which this reader has",
    r"cn\d*\.txt": "candidates; no record of ours holds them yet",
    r"ccl\d*\.txt": "which candidate a committee stands for; no record holds it yet",
}

# The file description promises MMDDYYYY; every row of the 2019-2020 file has slashes.
read_filed_day = read_day_as("%m/%d/%Y", "%m%d%Y")
read_dollars = partial(read_signed_amount, currency=CURRENCY)


class UsFecBulkSpider(SourceSpider):
    """Four files a two-year cycle, written anew as reports and amendments come in."""

    info = SourceInfo(
        id="us_fec_bulk",
        title="FEC bulk data: operating expenditures and committees",
        publisher="US Federal Election Commission",
        kind=SourceKind.DISCLOSURES,
        homepage="https://www.fec.gov/data/browse-data/?tab=bulk-data",
        documentation="https://www.fec.gov/campaign-finance-data/"
        "operating-expenditures-file-description/",
        licence="public domain (work of the US government)",
        access="robots: obey",
        partition_unit="one two-year election cycle",
        first_partition_year=FIRST_CYCLE,
        years_per_partition=2,
        amounts=AmountBasis.BILLED,
        amounts_because="payments that committees report as made; nothing is said of tax",
        seconds_between_requests=5,
        data_gaps="no ads; expenditures of outside groups for or against candidates are in other files",
        withheld=EXPENDITURE_NOT_TAKEN | COMMITTEE_NOT_TAKEN,
        shown_fields=[
            *("CATEGORY", "IMAGE_NUM", "LINE_NUM", "MEMO_TEXT", "SCHED_TP_CD"),
            *("CMTE_FILING_FREQ", "ORG_TP"),
        ],
        republish={
            Material.MEDIA: Terms(
                allows=Allowance.LEAVE,
                because="there are no ads in it",
            )
        },
    )
    base_url = "https://www.fec.gov"

    @classmethod
    def list_partitions(cls, _settings: Settings, today: date) -> list[str]:
        """The cycles, each named by its even year."""
        current = today.year + today.year % 2
        return [str(year) for year in range(current, FIRST_CYCLE - 1, -2)]

    @classmethod
    def list_files(cls, _settings: Settings, partition: str, address: str) -> list[str]:
        """The cycle's zips."""
        folder = f"{address}/files/bulk-downloads/{partition}"
        return [f"{folder}/{name}{partition[2:]}.zip" for name in FILES]

    @classmethod
    def read(cls, file: SourceFile) -> Iterator[Reading]:
        """The expenditures or committees of one file; a file is known by its name and its shape."""
        if left := leave_file(file, NOT_READ):
            yield left
            return
        for pattern, form, read_row in TABLES:
            if re.fullmatch(pattern, file.base_name.lower()) and has_rows(file, form):
                row_id = "SUB_ID" if "SUB_ID" in form.columns else ""
                table = Table(Columns(frozenset(form.columns)), read_row, row_id=row_id)
                yield from read_rows(file, table, form)
                return
        yield refuse_file(file, cls.info.title)


def read_expenditure(fields: Fields) -> DisclosureRecord:
    """One row of oppexp.

    Raises:
        FieldError: naming the column that cannot be read.
        ValidationError: if the values contradict one another.
    """
    fields.keep(EXPENDITURE_NOT_TAKEN)
    amount = fields.require("TRANSACTION_AMT", read_dollars)
    values = fields.take_present(
        {
            "filing_ref": ("FILE_NUM", read_ref),
            "filing_kind": ("FORM_TP_CD", read_text),
            "transaction_ref": ("TRAN_ID", read_text),
            "parent_transaction_ref": ("BACK_REF_TRAN_ID", read_text),
            "payee_name": ("NAME", read_text),
            "payee_kind": ("ENTITY_TP", read_text),
            "purpose": ("PURPOSE", read_text),
            "category": ("CATEGORY_DESC", read_text),
            "spent_on": ("TRANSACTION_DT", read_filed_day),
            "election_name": ("TRANSACTION_PGI", read_text),
            "report_year": ("RPT_YR", read_count),
            "report_kind": ("RPT_TP", read_text),
            "amendment": ("AMNDT_IND", read_choice("N", "A", "T")),
        }
    )
    return DisclosureRecord(
        ref=fields.require("SUB_ID", read_ref),
        committee_ref=fields.require("CMTE_ID", read_ref),
        payee_place=take_place(fields, "CITY", "STATE"),
        currency=CURRENCY,
        amount_minor=amount,
        is_notice=False,
        is_memo=fields.take("MEMO_CD", read_choice("X")) is not None,
        is_correction=amount < 0,
        **values,
        source_fields=fields.rest(),
    )


def read_committee(fields: Fields) -> CommitteeRecord:
    """One row of cm.

    Raises:
        FieldError: naming the column that cannot be read.
    """
    fields.keep(COMMITTEE_NOT_TAKEN)
    values = fields.take_present(
        {
            "name": ("CMTE_NM", read_text),
            "party": ("CMTE_PTY_AFFILIATION", read_text),
            "kind": ("CMTE_TP", read_text),
            "designation": ("CMTE_DSGN", read_text),
            "parent_name": ("CONNECTED_ORG_NM", read_text),
            "candidate_ref": ("CAND_ID", read_ref),
        }
    )
    return CommitteeRecord(
        ref=fields.require("CMTE_ID", read_ref),
        place=take_place(fields, "CMTE_CITY", "CMTE_ST"),
        **values,
        source_fields=fields.rest(),
    )


def take_place(fields: Fields, city: str, state: str) -> str | None:
    """City and state as one text; `None` where neither is given."""
    parts = [fields.take(column, read_text) for column in (city, state)]
    return ", ".join(part for part in parts if part) or None


BULK = TableFormat(delimiter="|", is_quoted=False, encoding="cp1252")

TABLES = (
    (
        r"oppexp\d*\.txt",
        replace(BULK, columns=(*EXPENDITURE_COLUMNS.split(), AFTER_LAST)),
        read_expenditure,
    ),
    (
        r"cm\d*\.txt",
        replace(BULK, columns=tuple(COMMITTEE_COLUMNS.split())),
        read_committee,
    ),
)
