"""A video without what it says of place, device and people: boxes that nobody needs to play it are blanked.

`cleaning.py` calls it on a copy. A blanked box keeps its length and becomes `free` space, so that every place
named elsewhere in the file stays right (ISO/IEC 14496-12, section 8.1.2).
"""

from typing import BinaryIO

from archive.media.videos import Box, BoxReader, VideoError

CONTAINERS = frozenset(b"moov trak mdia minf dinf stbl edts mvex moof traf mfra".split())
PLAYED = CONTAINERS | frozenset(
    b"ftyp styp mdat sidx ssix pdin mvhd iods tkhd tref trgr elst mdhd hdlr elng vmhd smhd nmhd "
    b"sthd gmhd dref stsd stts ctts cslg stsc stsz stz2 stco co64 stss stsh sdtp sbgp sgpd subs trex "
    b"mehd mfhd tfhd trun tfdt tfra mfro clef prof enof".split()
)
"""All else is blanked: `udta`, `meta` and `uuid`, where cameras and programs write, and what is unknown."""

SHOWN_TRACKS = frozenset({b"vide", b"soun", b"subt", b"text", b"sbtl", b"clcp", b"tmcd"})
CHUNK_BYTES = 1 << 20


def blank_boxes(file: BinaryIO, size: int) -> None:
    """Blank in place what is not needed to play the video.

    Raises:
        VideoError: if its boxes contradict themselves, or a track of it is data: a place for each moment
            may stand among the pictures, where no box tells it from them.
    """
    reader, whole = BoxReader(file), [Box(b"", 0, size)]
    while whole:
        parent = whole.pop()
        for box in list(reader.list_boxes(parent.start, parent.end)):
            if box.kind not in PLAYED:
                _blank(file, box)
            elif box.kind == b"hdlr" and parent.kind == b"mdia":
                _require_shown(reader.read(box)[8:12])
            elif box.kind in CONTAINERS:
                whole.append(box)


def _require_shown(track: bytes) -> None:
    if track not in SHOWN_TRACKS:
        raise VideoError("a track of it is neither picture, sound nor words")


def _blank(file: BinaryIO, box: Box) -> None:
    file.seek(box.kind_at)
    file.write(b"free")
    file.seek(box.start)
    left = box.end - box.start
    while left:
        left -= file.write(bytes(min(left, CHUNK_BYTES)))
