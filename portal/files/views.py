"""The one view that serves uploaded files: as a download alone, to whoever may read them, recorded each time."""

from __future__ import annotations

from uuid import UUID

from django.db import connections
from django.http import FileResponse, Http404, HttpRequest
from django.utils.http import content_disposition_header

from portal.files.kinds import download_name
from portal.files.store import open_kept

# Also against a browser that would show it all the same: no origin, no script, nothing loaded, kept nowhere.
HEADERS = {
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "private, no-store",
}


class FileMissing(RuntimeError):
    """A row without its file: the folder was lost, or is not the one that the portal writes to."""


def file_download(request: HttpRequest, file_id: UUID) -> FileResponse:
    """The bytes, for GET and HEAD.

    `sec.open_file` decides and records, in the request's transaction, which ends before they are sent.
    """
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT stored, called, weight, looks_like FROM sec.open_file(%s)", [file_id])
        row = cursor.fetchone()
    if row is None:
        raise Http404
    stored, called, weight, looks_like = row
    try:
        handle = open_kept(stored)
    except OSError as error:
        raise FileMissing(f"the file {file_id} has a row and no bytes: look at FILES_ROOT") from error
    response = FileResponse(handle, content_type=looks_like, headers=HEADERS)
    response.headers["Content-Length"] = str(weight)
    response.headers["Content-Disposition"] = content_disposition_header(
        as_attachment=True, filename=download_name(called, looks_like)
    )
    return response
