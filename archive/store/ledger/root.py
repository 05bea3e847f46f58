"""The ledger's Merkle tree hash (RFC 6962 section 2.1), reckoned from its leaves in one pass.

Backup, restore and tests compare it: equal roots mean equal logs. It adds no leaf and proves nothing.
"""

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from itertools import islice

from sqlmodel import Field, Session, SQLModel, col, select

from archive.errors import EvidenceError
from archive.models import LedgerLeaf

LEAVES_AT_ONCE = 10_000
BLOCK_LEAVES = 256


class LedgerHead(SQLModel):
    """The state of the whole ledger in two values."""

    size: int = Field(description="Leaves in the log.")
    root_sha256: str = Field(
        description="Merkle tree hash over all leaves (RFC 6962); of an empty log, SHA-256 of nothing."
    )


def read_ledger_head(session: Session, first: int | None = None) -> LedgerHead:
    """Size and root of the ledger as the session sees it, holding one hash for each level of the tree.

    `first`: of its first so many leaves, as it once was.

    Raises:
        EvidenceError: if a leaf is missing between others, or is no hash.
    """
    with _read_leaves(session, first) as leaves:
        size, root = hash_tree(leaves)
    return LedgerHead(size=size, root_sha256=root.hex())


def read_block_roots(session: Session, first: int) -> list[str]:
    """The root of each `BLOCK_LEAVES` of the ledger's first so many leaves on their own, in order.

    By them it is told where a ledger differs, which its root alone does not tell.

    Raises:
        EvidenceError: as `read_ledger_head`.
    """
    with _read_leaves(session, first) as leaves:
        blocks = iter(lambda: [*islice(leaves, BLOCK_LEAVES)], [])
        return [hash_tree(block)[1].hex() for block in blocks]


@contextmanager
def _read_leaves(session: Session, first: int | None) -> Iterator[Iterator[bytes]]:
    query = select(LedgerLeaf.leaf_index, LedgerLeaf.leaf_sha256).order_by(
        col(LedgerLeaf.leaf_index)
    )
    if first is not None:
        query = query.where(col(LedgerLeaf.leaf_index) < first)
    with closing(session.exec(query.execution_options(yield_per=LEAVES_AT_ONCE))) as leaves:
        yield _check_order(leaves)


def hash_tree(leaf_hashes: Iterable[bytes]) -> tuple[int, bytes]:
    """Number of leaves and Merkle tree hash over their hashes, in the given order.

    Complete subtrees of equal size are joined as soon as there are two; what is left over at the end
    is joined from the right, which is the split at the largest power of two that RFC 6962 asks for.
    """
    subtrees: list[bytes] = []
    size = 0
    for leaf in leaf_hashes:
        size += 1
        subtrees.append(leaf)
        for _ in range(_count_trailing_zeros(size)):
            _join_last(subtrees)
    while len(subtrees) > 1:
        _join_last(subtrees)
    return size, subtrees[0] if subtrees else hashlib.sha256().digest()


def _join_last(subtrees: list[bytes]) -> None:
    right, left = subtrees.pop(), subtrees.pop()
    subtrees.append(hashlib.sha256(b"\x01" + left + right).digest())


def _count_trailing_zeros(number: int) -> int:
    return (number & -number).bit_length() - 1


def _check_order(leaves: Iterable[tuple[int, str]]) -> Iterator[bytes]:
    for expected, (index, leaf_sha256) in enumerate(leaves):
        if index != expected:
            raise EvidenceError(f"the ledger lacks leaf {expected}: the next one is {index}")
        try:
            yield bytes.fromhex(leaf_sha256)
        except ValueError:
            raise EvidenceError(f"leaf {index} of the ledger is no hash") from None
