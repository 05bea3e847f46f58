"""How much is taken from outside, each bound with its name: what passes one is refused by name and number.

Readers, fetchers and measurers ask here before they hold anything in memory; what they refuse stays in the
evidence as it came. Figures were tried by `python -m tests.benchmarks.hostile`.
"""

from dataclasses import dataclass

KB, MB, GB = 1 << 10, 1 << 20, 1 << 30


@dataclass(frozen=True)
class Bound:
    """The most of something that is taken from a source."""

    name: str
    most: int

    def tell(self) -> str:
        """Why something is refused, as the end of a sentence."""
        return f"refused: it passes the bound of {self.most:,} {self.name}"


ZIP_MEMBERS = Bound("files in one zip", 2_000)
ZIP_LISTING = Bound("bytes of a zip's list of files", 4 * MB)
UNPACKED_FILE = Bound("bytes of one unpacked file", 64 * GB)
UNPACKED_RATIO = Bound("times its packed size", 200)
RATIO_COUNTS_FROM = 50 * MB
"""Below it bytes may be packed as densely as they will."""

TABLE_COLUMNS = Bound("columns or keys in one file", 2_000)
TABLE_RECORD = Bound("characters of one row or line", 16 * MB)
TABLE_LINES = Bound("lines of one row", 10_000)
JSON_DOCUMENT = Bound("bytes of one JSON document", 64 * MB)
JSON_OBJECT = Bound("bytes of one object in a JSON file", 16 * MB)
JSON_PARTS = Bound("parts of one JSON document", 1_000_000)
"""Python takes some hundred bytes for each part, however few it has in the file."""
JSON_DEPTH = Bound("levels of nesting", 40)
LIST_ITEMS = Bound("items of a list in a cell", 200_000)
TEXT = Bound("characters of one text", 4 * MB)
UNKNOWN_TEXT = Bound("characters of the fields of one record that we do not know", 256 * KB)
PIECES = Bound("unreadable pieces of one file that are put aside one by one", 1_000)
HOPELESS = Bound("pieces one after the other of which none can be read", 20_000)
PAGE_CHARACTERS = 32 * MB
"""Text of records that goes into the archive in one transaction."""

ANSWER = Bound("bytes of one answer held in memory", 64 * MB)
DOWNLOAD = Bound("bytes of one file to download", 8 * GB)
REFUSAL = Bound("bytes of an answer that is not the file", 1 * MB)
ROBOTS = Bound("bytes of robots.txt", 512 * KB)
"""What stands behind it is not read (RFC 9309, 2.5: at least 500 KiB are)."""
HEADERS = Bound("headers of one answer", 128)
HEADER = Bound("bytes of one header", 8_190)
REDIRECTS = Bound("redirects in a row", 5)
WAIT = Bound("seconds that a source may ask us to wait", 7 * 24 * 3_600)

MEDIA_FILE = Bound("bytes of one picture or video", 64 * MB)
PICTURE_MEMORY = Bound("bytes of memory for one picture", 160 * MB)
PICTURE_SIDE = Bound("points on one side of a picture", 65_535)
VIDEO_BOXES = Bound("boxes of one video", 2_000)


def list_bounds() -> list[Bound]:
    """All of them."""
    return [each for each in globals().values() if isinstance(each, Bound)]
