"""The copy of a kept picture or video that readers get; the file as it came stays evidence, never shown.

The API calls it for each answer: nothing is kept twice, and what is kept already needs no second look.
"""

import shutil
from tempfile import TemporaryFile
from typing import BinaryIO

from archive.errors import ArchiveError
from archive.media.clean_pictures import PictureError, clean_picture
from archive.media.clean_videos import blank_boxes
from archive.media.pictures import MP4, PICTURES
from archive.media.videos import VideoError
from archive.store.blobs import CHUNK_BYTES, BlobStore

SHOWN_KINDS = PICTURES | {MP4}
"""By the file's own first bytes; every other kind is kept and not shown."""


class NotCleanedError(ArchiveError):
    """A file that cannot be taken apart, so that nobody knows what it says beside its picture."""


def open_clean_copy(blobs: BlobStore, sha256: str, media_type: str) -> BinaryIO:
    """A copy without what it says of place, device and people, at its beginning; it goes when closed.

    Raises:
        EvidenceError: if the store has lost the file.
        NotCleanedError: if there can be no such copy.
    """
    copy: BinaryIO = TemporaryFile()  # noqa: SIM115 (the caller closes it)
    try:
        with blobs.open(sha256) as stream:
            if media_type in PICTURES:
                copy.writelines(clean_picture(stream.read(), media_type))
            else:
                shutil.copyfileobj(stream, copy, CHUNK_BYTES)
                blank_boxes(copy, copy.tell())
    except (PictureError, VideoError) as error:
        copy.close()
        raise NotCleanedError(f"the file {sha256} is kept and not shown: {error}") from None
    except BaseException:
        copy.close()
        raise
    return copy
