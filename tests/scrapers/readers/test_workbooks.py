"""A workbook of a spreadsheet is refused in one line, whatever the source and wherever it lies."""

import pytest

from scrapers.readers.files import SourceFile
from scrapers.readers.workbooks import refuse_workbook
from scrapers.spiders import find_spiders
from tests.scrapers.samples import pack, read_all, refusal

WORKBOOK = pack({"[Content_Types].xml": "<x/>", "xl/workbook.xml": "<x/>"})
OLD = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(500)


@pytest.mark.parametrize("source", sorted(find_spiders()))
@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("Ads.XLSX", WORKBOOK),
        ("ads (1).xlsx", WORKBOOK),
        ("ads.ods", WORKBOOK),
        ("ads.xls", OLD),
        ("ads.zip", pack({"deep/ads.xlsx": WORKBOOK})),
    ],
)
def test_a_workbook_is_refused_with_what_to_save_in_its_place(source, name, data):
    assert "save each of its sheets as CSV" in refusal(read_all(source, name, data)).reason


def test_what_only_bears_the_name_of_a_workbook_is_none():
    assert refuse_workbook(SourceFile.from_bytes("report.xls", b"Page ID,Page name\n")) is None
