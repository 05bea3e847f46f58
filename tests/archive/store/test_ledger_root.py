"""The ledger's root is RFC 6962's Merkle tree hash, whatever the number of leaves."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete
from sqlmodel import col, select

from archive.errors import EvidenceError
from archive.models import LedgerLeaf
from archive.store.database import read, write
from archive.store.ledger.root import hash_tree, read_ledger_head


def hash_leaf(entry: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + entry).digest()


def tree_by_definition(entries: list[bytes]) -> bytes:
    """MTH of RFC 6962 section 2.1, word for word: split at the largest power of two below n."""
    if not entries:
        return hashlib.sha256(b"").digest()
    if len(entries) == 1:
        return hash_leaf(entries[0])
    k = 1
    while 2 * k < len(entries):
        k *= 2
    left, right = tree_by_definition(entries[:k]), tree_by_definition(entries[k:])
    return hashlib.sha256(b"\x01" + left + right).digest()


@given(st.lists(st.binary(max_size=8), max_size=70))
def test_the_streamed_root_is_the_root_by_definition(entries):
    assert hash_tree(map(hash_leaf, entries)) == (len(entries), tree_by_definition(entries))


@given(st.lists(st.binary(max_size=4), min_size=1, max_size=20), st.data())
def test_a_leaf_that_changes_changes_the_root(entries, data):
    place = data.draw(st.integers(0, len(entries) - 1))
    changed = [*entries[:place], entries[place] + b"x", *entries[place + 1 :]]

    assert hash_tree(map(hash_leaf, entries)) != hash_tree(map(hash_leaf, changed))


def test_an_empty_ledger_has_the_hash_of_nothing(engine):
    with read(engine) as session:
        head = read_ledger_head(session)

    assert (head.size, head.root_sha256) == (0, hashlib.sha256().hexdigest())


def test_the_root_covers_every_leaf_in_the_order_of_the_log(engine, ingest_run, make_ad):
    ingest_run([make_ad(f"a{i}") for i in range(5)])

    with read(engine) as session:
        query = select(LedgerLeaf.leaf_sha256).order_by(col(LedgerLeaf.leaf_index))
        hashes = [bytes.fromhex(leaf) for leaf in session.exec(query)]
        head = read_ledger_head(session)

    assert (head.size, head.root_sha256) == (5, hash_tree(hashes)[1].hex())


def test_a_ledger_with_a_hole_has_no_root(engine, ingest_run, make_ad):
    ingest_run([make_ad(f"a{i}") for i in range(3)])
    with write(engine) as session:
        session.connection().execute(delete(LedgerLeaf).where(col(LedgerLeaf.leaf_index) == 1))

    with read(engine) as session, pytest.raises(EvidenceError, match="lacks leaf 1"):
        read_ledger_head(session)
