"""Bringing files into the register as people do it: through the pages, with the worker's dry run in between."""

from __future__ import annotations

import html
import re
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from partners.importing.checking import check_due
from tests.notifications.stage import as_worker

PAGE = "/register/import/"


def upload(client: Any, kind: str, raw: str | bytes, name: str = "list.csv") -> Any:
    data = raw.encode() if isinstance(raw, str) else raw
    return client.post(PAGE, {"kind": kind, "file": SimpleUploadedFile(name, data)})


def chosen(page: str) -> dict[str, str]:
    """The columns that the page has chosen beforehand, as its form would send them."""
    found = {}
    for name, options in re.findall(r'<select [^>]*name="(column-\w+)"[^>]*>(.*?)</select>', page, re.DOTALL):
        said = re.search(r'value="(\d+)" selected', options)
        found[name] = said[1] if said else ""
    return found


def dry_run(client: Any, kind: str, raw: str | bytes, **columns: str) -> str:
    """Upload, match the columns as offered, have the dry run made; the address of the file."""
    sent = upload(client, kind, raw)
    assert sent.status_code == 302, words(sent)
    matched = client.post(f"{sent.url}columns/", chosen(client.get(sent.url).content.decode()) | columns)
    assert matched.status_code == 302, words(matched)
    with as_worker():
        assert check_due() == 1
    return str(sent.url)


def counts(client: Any, address: str) -> dict[str, int]:
    page = client.get(address).content.decode()
    found = re.findall(r'href="\?fate=(\w+)"[^>]*>[^<]*: ([\d,]+)</a>', page)
    return {fate: int(n.replace(",", "")) for fate, n in found if n != "0"}


def press(client: Any, address: str) -> Any:
    page = client.get(address).content.decode()
    said = re.search(r'name="checked_at" value="([^"]+)"', page)
    return client.post(f"{address}write/", {"checked_at": html.unescape(said[1]) if said else ""})


def words(response: Any) -> str:
    text = re.sub(r"(?s)<(script|style|head).*?</\1>|<[^>]+>", " ", response.content.decode())
    return " ".join(html.unescape(text).split())
