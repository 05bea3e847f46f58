"""Zips of the replica: the same text gives the same bytes whenever it is packed.

Fixtures, seeded days and file faults pack through here.
"""

import io
import zipfile
from collections.abc import Iterable, Iterator

Member = tuple[str, bytes]
"""A file in a zip: its name and its text."""

# The first moment a zip can write down: no clock stands in what is packed.
ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
READABLE_BY_ALL = 0o644 << 16


def name_member(name: str) -> zipfile.ZipInfo:
    """The entry of a packed file."""
    member = zipfile.ZipInfo(name, ZIP_EPOCH)
    member.compress_type = zipfile.ZIP_DEFLATED
    member.external_attr = READABLE_BY_ALL
    return member


def read_members(body: bytes) -> Iterator[Member]:
    """The files of a zip, in their order."""
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        for name in archive.namelist():
            yield name, archive.read(name)


def pack_members(members: Iterable[Member]) -> bytes:
    """A zip of these files, in their order."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in members:
            archive.writestr(name_member(name), text)
    return packed.getvalue()
