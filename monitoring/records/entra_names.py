"""Names and parts that Entra's sign-in and audit logs have in common."""

from __future__ import annotations

import json
import re
from typing import Any

from monitoring.records.names import low, word
from monitoring.records.objects import Doc, parts, small_keys

LONGEST = 20_000  # letters of an object as text
_TENANT_PATH = re.compile(r"/tenants/([^/]{1,100})/")


def tenant_of(doc: Doc) -> str:
    """The tenant whose log it is, or ''. `doc` is the whole record with keys in small letters.

    In Azure Monitor's envelope it is tenantId; Log Analytics' own TenantId is a workspace's and is not taken for one.
    """
    tenant = doc.get("tenantid") if isinstance(doc.get("properties"), dict) else doc.get("aadtenantid")
    path = _TENANT_PATH.search(word(doc.get("resourceid")) + "/")
    return low(tenant) or (path[1].lower() if path else "")


def home_name(name: str) -> str:
    """A guest's name in the other tenant has the name at home in it: `pat_ashbourne.example#EXT#@other.example`."""
    before, guest, _ = name.partition("#ext#")
    if not guest:
        return name
    user, line, domain = before.rpartition("_")
    return f"{user}@{domain}" if line else before


def object_of(value: Any) -> Doc:
    """An object, also as the text that Log Analytics exports, with keys in small letters."""
    value = _from_text(value, "{")
    return small_keys(value) if isinstance(value, dict) else {}


def list_of(value: Any) -> list[Doc]:
    """The objects of a list, also as text."""
    return parts(_from_text(value, "["))


def _from_text(value: Any, begins: str) -> Any:
    if not isinstance(value, str) or value[:1] != begins or len(value) > LONGEST:
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return None
