"""Zips of the replica: the same text gives the same bytes whenever it is packed.

Fixtures and seeded days pack through here.
"""

import zipfile

# The first moment a zip can write down: no clock stands in what is packed.
ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
READABLE_BY_ALL = 0o644 << 16


def name_member(name: str) -> zipfile.ZipInfo:
    """The entry of a packed file."""
    member = zipfile.ZipInfo(name, ZIP_EPOCH)
    member.compress_type = zipfile.ZIP_DEFLATED
    member.external_attr = READABLE_BY_ALL
    return member
