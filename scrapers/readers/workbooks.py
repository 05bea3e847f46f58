"""Workbooks of spreadsheets, which no reader opens: told apart, so that they are refused in plain words."""

from archive.records import Unreadable
from scrapers.readers.files import BREAKING_ERRORS, SourceFile

NAMES = (".xls", ".xlsx", ".xlsm", ".xlsb", ".ods")
STARTS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""A zip, and what Excel wrote before 2007 (MS-CFB, 2.2). Portals call their CSV and HTML `.xls` too."""


def refuse_workbook(file: SourceFile) -> Unreadable | None:
    """The file as put aside, if it is a workbook."""
    if not file.base_name.lower().endswith(NAMES):
        return None
    try:
        with file.open() as stream:
            is_workbook = stream.read(4) in STARTS
    except BREAKING_ERRORS:
        return None
    reason = (
        "a workbook of a spreadsheet is not read; save each of its sheets as CSV and take in these"
    )
    return Unreadable(file=file.name, reason=reason) if is_workbook else None
