"""Reads protobuf's wire format: enough of it to take the checked tree that the CEL compiler hands out.

Only the decoder calls it. It knows field numbers, not message types.
Source: https://protobuf.dev/programming-guides/encoding/.
"""

from collections import defaultdict

VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5
FIXED_SIZES = {FIXED64: 8, FIXED32: 4}
SIGN_BIT = 1 << 63


class Message:
    """One message; every reading names a field number, and an absent field reads as zero or empty."""

    def __init__(self, data: bytes) -> None:
        self._numbers: dict[int, list[int]] = defaultdict(list)
        self._chunks: dict[int, list[bytes]] = defaultdict(list)
        place = 0
        while place < len(data):
            tag, place = _read_varint(data, place)
            place = self._read_field(data, place, tag >> 3, tag & 7)

    def _read_field(self, data: bytes, place: int, field: int, wire_type: int) -> int:
        if wire_type == VARINT:
            number, place = _read_varint(data, place)
            self._numbers[field].append(number)
            return place
        if wire_type == LENGTH:
            size, place = _read_varint(data, place)
        else:
            size = FIXED_SIZES[wire_type]
        self._chunks[field].append(data[place : place + size])
        return place + size

    def has(self, field: int) -> bool:
        """Whether the field was written at all."""
        return field in self._numbers or field in self._chunks

    def number(self, field: int) -> int:
        """An unsigned number."""
        return self._numbers[field][-1] if field in self._numbers else 0

    def signed(self, field: int) -> int:
        """A number in two's complement of 64 bits."""
        number = self.number(field)
        return number - (1 << 64) if number & SIGN_BIT else number

    def text(self, field: int) -> str:
        """A text."""
        return self._chunks[field][-1].decode() if field in self._chunks else ""

    def message(self, field: int) -> "Message":
        """A message inside this one."""
        return Message(self._chunks[field][-1] if field in self._chunks else b"")

    def messages(self, field: int) -> list["Message"]:
        """All messages of a repeated field, in order."""
        return [Message(chunk) for chunk in self._chunks.get(field, [])]


def _read_varint(data: bytes, place: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = data[place]
        place += 1
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return number, place
