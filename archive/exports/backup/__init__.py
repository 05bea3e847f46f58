"""A whole archive in one folder, and back into an empty one, on either database.

Usual use: `make_backup(engine, settings, folder, now, tell)`, later `restore_backup(settings, folder,
tell)`. The folder's form is in `folder.py`. The search copy and the mirror are no part of a backup: they are
made anew from what it holds.
"""

from archive.exports.backup.folder import BackupError, Manifest, Tell
from archive.exports.backup.making import make_backup
from archive.exports.backup.restoring import restore_backup

__all__ = ["BackupError", "Manifest", "Tell", "make_backup", "restore_backup"]
