"""Takes one file from a form, straight from the network to the disk: no transaction is open meanwhile.

    with receiving(request) as upload:      # refuses what is too large before it is read, and leaves nothing behind
        said = upload.read()                # reads the body: the form's fields; upload.received is the file
        with organisation_scope(ticket):
            ...                             # a function of the owning room writes the row
            upload.received.keep()          # the bytes stand before the row is committed

A body that stops before its end, a second file, an empty one and one that takes too long are refused alike.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest, QueryDict, UnreadablePostError
from django.http.multipartparser import MultiPartParser, MultiPartParserError
from django.utils.translation import gettext as _

from portal.api.parsing import drain
from portal.files.kinds import Judge, plain_name
from portal.files.limits import AT_ONCE, AT_ONCE_OF_ONE, ENVELOPE, LARGEST, LONGEST, MEBIBYTE
from portal.files.store import Incoming

FRAME = 256  # bytes of either end that are looked at; a boundary has at most 70 (RFC 2046, 5.1.1)
IN_MEMORY, CAP = MEBIBYTE, 21 * MEBIBYTE  # of a form that is not read by `receiving`


class UploadRefused(Exception):
    """Nothing was kept; the words say why, for the sender. `status` is 400, 411, 413, 422 or 503."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status


@dataclass(frozen=True, slots=True)
class Received:
    """One file that has come whole. `name` is a text to show."""

    incoming: Incoming
    name: str
    content_type: str
    kept: list[bool] = field(default_factory=list)

    @property
    def storage_name(self) -> str:
        return self.incoming.name

    @property
    def size(self) -> int:
        return self.incoming.size

    @property
    def sha256(self) -> bytes:
        return self.incoming.sha256

    def keep(self) -> None:
        """See `Incoming.keep`. The file stays unless the block of `receiving` ends with an exception."""
        self.incoming.keep()
        self.kept.append(True)


class Upload(FileUploadHandler):
    """Django's handler for one file. Before `read()` has come back there is none."""

    chunk_size = 64 * 1024

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request)
        self.ends_at = time.monotonic() + LONGEST.total_seconds()
        self.incoming: Incoming | None = None
        self.judge = Judge()
        self.said_name = ""
        self.trouble: UploadRefused | None = None
        self.is_whole = False
        self._file: Received | None = None

    def read(self) -> QueryDict:
        """Read the whole body; the fields beside the file. CSRF protection may have read it already.

        Raises:
            UploadRefused: there is not exactly one whole file of a size that is taken.
        """
        request: HttpRequest = self.request  # type: ignore[assignment]
        try:
            fields = request.POST  # empty, without a word, when somebody has asked before and it went wrong then
        except (UnreadablePostError, MultiPartParserError):
            fields = QueryDict()
        if self.trouble:
            raise self.trouble
        if not self.is_whole:
            raise UploadRefused(400, _("The file did not come whole. Reload the page, then send it again."))
        if self.incoming is None:
            raise UploadRefused(422, _("Choose a file."))
        if self.incoming.size == 0:
            raise UploadRefused(422, _("This file is empty."))
        self.incoming.finish()
        self._file = Received(self.incoming, self.said_name, self.judge.kind(self.said_name))
        return fields

    @property
    def received(self) -> Received:
        assert self._file is not None, "read() comes first"
        return self._file

    @property
    def is_kept(self) -> bool:
        return self._file is not None and bool(self._file.kept)

    # What Django's parser calls, in this order.
    def handle_raw_input(
        self,
        input_data: Any,
        META: Any,  # noqa: N803 - Django's name
        content_length: int,
        boundary: Any,
        encoding: Any = None,
    ) -> Any:
        """Have the body parsed through a stream that notices when it ends too soon or takes too long."""
        if isinstance(input_data, _Watched):
            return None
        watched = _Watched(input_data, content_length, self.ends_at)
        parsed = MultiPartParser(META, watched, [self], encoding).parse()  # type: ignore[arg-type]
        self.is_whole = watched.is_whole(b"--" + boundary)
        return parsed

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        if self.incoming is not None:
            self._refuse(422, _("Send one file at a time."))
        self.said_name = plain_name(self.file_name or "")
        self.incoming = Incoming()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        assert self.incoming is not None
        if self.incoming.size + len(raw_data) > LARGEST:
            self._refuse(413, too_large())
        self.incoming.write(raw_data)
        self.judge.look(raw_data)

    def file_complete(self, file_size: int) -> None:
        return None

    def _refuse(self, status: int, words: str) -> None:
        """Read what is still coming, which is little, and keep none of it."""
        self.trouble = UploadRefused(status, words)
        raise SkipFile

    def discard(self) -> None:
        if self.incoming is not None:
            self.incoming.discard()


class _Watched:
    """The body, which must be as long as its sender said, soon, and framed as one form from end to end."""

    def __init__(self, body: BinaryIO, length: int, ends_at: float) -> None:
        self.body, self.left, self.ends_at = body, length, ends_at
        self.first = self.last = b""

    def read(self, size: int = -1) -> bytes:
        if time.monotonic() > self.ends_at:
            raise UnreadablePostError("the upload took too long")
        chunk = self.body.read(min(size, self.left) if size >= 0 else self.left)
        self.left -= len(chunk)
        if not chunk and self.left > 0:
            raise UnreadablePostError("the body stopped before its end")
        if len(self.first) < FRAME:
            self.first += chunk[: FRAME - len(self.first)]
        self.last = (self.last + chunk)[-FRAME:]
        return chunk

    def is_whole(self, delimiter: bytes) -> bool:
        """Django's parser also takes a form without an end, and what stands before its first part (RFC 2046, 5.1.1)."""
        ends = self.last.rstrip(b"\r\n").endswith(delimiter + b"--")
        return self.left == 0 and self.first.startswith(delimiter) and ends


def too_large() -> str:
    return _("This file is too large: at most %(n)s MiB are taken.") % {"n": LARGEST // MEBIBYTE}


@contextmanager
def receiving(request: HttpRequest, *, organisation_id: UUID) -> Iterator[Upload]:
    """Take one upload. Unless the block ends well after `received.keep()`, nothing is left on the disk.

    Raises:
        UploadRefused: by what the sender announces; the body has not been looked at.
    """
    length = request.META.get("CONTENT_LENGTH") or ""
    if not length.isdecimal():
        raise UploadRefused(411, _("Your browser did not say how large the file is."))
    if int(length) > LARGEST + ENVELOPE:
        drain(request)
        raise UploadRefused(413, too_large())
    if request.content_type != "multipart/form-data":
        raise UploadRefused(400, _("This is not a form as our page sends it. Reload the page."))
    upload = Upload(request)
    with _turn(organisation_id):
        request.upload_handlers = [upload]
        try:
            yield upload
        except BaseException:
            upload.discard()
            raise
        if not upload.is_kept:
            upload.discard()


_under_way: Counter[UUID] = Counter()
_lock = threading.Lock()


@contextmanager
def _turn(organisation_id: UUID) -> Iterator[None]:
    """Slow senders hold a few threads of this process, and never all of them."""
    with _lock:
        if _under_way.total() >= AT_ONCE or _under_way[organisation_id] >= AT_ONCE_OF_ONE:
            raise UploadRefused(503, _("Other files are being sent just now. Wait a minute, then send it again."))
        _under_way[organisation_id] += 1
    try:
        yield
    finally:
        with _lock:
            _under_way[organisation_id] -= 1


class CappedFiles(FileUploadHandler):
    """Of every other form, and of whoever sends one unasked: so much and no more, in memory or without a name."""

    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(request)
        self.taken = 0
        self.content: Any = None

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.content = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - the request closes it

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self.taken += len(raw_data)
        if self.taken > CAP:
            self.content.close()
            raise SkipFile
        self.content.write(raw_data)

    def file_complete(self, file_size: int) -> UploadedFile | None:
        if self.taken > CAP:
            return None
        self.content.seek(0)
        return UploadedFile(
            file=self.content,
            name=self.file_name,
            content_type=self.content_type,
            size=file_size,
            charset=self.charset,
            content_type_extra=self.content_type_extra,
        )
