"""Hashes of raw rows: what a row says is known by them as long as whoever reads it is the same.

`scrapers.sources.spider.read_delivery` asks how a reader's rows are hashed, `scrapers.readers.reading` hashes
them.
"""

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b, sha256
from pathlib import Path

HASH_BYTES = 16
"""Rows of one hash would hide a change. With a secret key nobody can make two such rows."""

ROOT = Path(__file__).parents[2]

ROOMS = ("archive.records", "scrapers.readers", "scrapers.spiders")
"""Packages in which rows become records."""

HashRow = Callable[[bytes], bytes]


@dataclass(frozen=True)
class RowHashing:
    """What the hashes of a source's rows rest on."""

    key: bytes
    """Secret of the archive."""
    reader: str
    """All that decides what a row means, beside its table (`describe_reader`)."""

    def open_table(self, name: str, header: Sequence[str]) -> HashRow:
        """How the rows of one table are hashed."""
        said = repr((self.reader, name, *header)).encode()
        salt = blake2b(said, digest_size=blake2b.SALT_SIZE).digest()
        salted = blake2b(digest_size=HASH_BYTES, key=self.key, salt=salt)

        def hash_row(raw: bytes) -> bytes:
            hashed = salted.copy()
            hashed.update(raw)
            return hashed.digest()

        return hash_row


def describe_reader(reader: object) -> str:
    """The reader as it spells itself, maps included, and the hash of its code.

    A reader that does not spell itself bears its address in memory, so its rows are read at each run.
    """
    return f"{reader!r} {hash_code(ROOT, reader.__module__)}"


@lru_cache(maxsize=64)
def hash_code(root: Path, module: str) -> str:
    """The hash of a reader's module and of all that it reads rows by."""
    digest = sha256()
    for path in list_code(root, module):
        digest.update(f"{path.relative_to(root)}\n".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def list_code(root: Path, module: str) -> list[Path]:
    """The files of a module and of what it imports, in order.

    Imports are followed within `ROOMS`. What a room takes from the rest of `archive` is listed, and not
    what stands behind that.
    """
    found, waiting = dict[str, Path](), [module]
    while waiting:
        name = waiting.pop()
        path = _find_file(root, name)
        if path is None or name in found:
            continue
        found[name] = path
        if name == module or name.startswith(ROOMS):
            waiting += [n for n in _list_imports(path) if n.startswith((*ROOMS, "archive."))]
    return sorted(found.values())


def _list_imports(path: Path) -> Iterator[str]:
    """The names of modules that a file imports, and names that may be modules."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def _find_file(root: Path, name: str) -> Path | None:
    below = root.joinpath(*name.split("."))
    candidates = (below.with_suffix(".py"), below / "__init__.py")
    return next((path for path in candidates if path.is_file()), None)
