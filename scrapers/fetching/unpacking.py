"""Bodies that a source packed on their way although it was asked not to, unpacked as they come.

`downloads.py` puts every body it spools through here. Nothing is unpacked beyond what the caller takes.
"""

import zlib
from collections.abc import Iterator

from scrapers.readers.files import check_growth

PIECE_BYTES = 1 << 20
EITHER_HEADER = zlib.MAX_WBITS | 32
"""gzip's or zlib's, whichever is there (zlib manual, `inflateInit2`)."""
PACKED = frozenset({"gzip", "x-gzip", "deflate"})


class BodyUnpacker:
    """Turns the bytes on the wire into those of the file."""

    def __init__(self, encoding: str) -> None:
        """`encoding`: the header Content-Encoding, empty if there is none.

        Raises:
            ValueError: for one that cannot be unpacked as it comes.
        """
        if encoding not in PACKED | {"", "identity"}:
            raise ValueError(f"the source packed it as {encoding[:40]!r}, which nobody asked for")
        self.is_packed = encoding in PACKED
        self._inflater = zlib.decompressobj(EITHER_HEADER)
        self._taken = self._given = 0

    def unpack(self, chunk: bytes) -> Iterator[bytes]:
        """The pieces that a chunk holds, none larger than `PIECE_BYTES` if they were packed.

        Raises:
            zlib.error: if the chunk is damaged.
            BoundError: if the body grows beyond what any honest file does.
        """
        if not self.is_packed:
            yield chunk
            return
        self._taken += len(chunk)
        # Asked until nothing comes: what was quarantined last may be due without another byte of input.
        while piece := self._inflater.decompress(chunk, PIECE_BYTES):
            self._given += len(piece)
            check_growth(self._taken, self._given)
            yield piece
            chunk = self._inflater.unconsumed_tail

    @property
    def is_whole(self) -> bool:
        """Whether the packed body has come to its own end; one that is not packed has none."""
        return self._inflater.eof or not self.is_packed
