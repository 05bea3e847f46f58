"""A process with an archive's database open and nothing under way; it ends when its input does."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))
from archive.store.database import create_archive_engine

with create_archive_engine(sys.argv[2]).connect() as connection:
    connection.exec_driver_sql("SELECT 1 FROM alembic_version")
    connection.rollback()
    sys.stdout.write("open\n")
    sys.stdout.flush()
    sys.stdin.read()
