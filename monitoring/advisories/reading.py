"""Any of the five kinds of document, told apart by what stands in it, and read into advisories."""

from __future__ import annotations

import json
from typing import Any

from monitoring.advisories.csaf import read_csaf
from monitoring.advisories.kev import read_kev
from monitoring.advisories.normal import Advisory, Refused, Source
from monitoring.advisories.nvd import read_nvd
from monitoring.advisories.osv import read_osv
from monitoring.advisories.stix import read_stix

LARGEST = 32 * 1024 * 1024
DEEPEST = 60


def read_document(raw: bytes, *, wanted: str = "") -> list[Advisory]:
    """The advisories of a file or of an answer. `wanted` is the kind that a feed is said to give; '' is any.

    Raises:
        Refused: no JSON, none of the five, or wrong in itself.
    """
    if len(raw) > LARGEST:
        raise Refused(f"The document is larger than {LARGEST // 1024 // 1024} MB.")
    try:
        document = json.loads(raw, parse_constant=_no_constant, object_pairs_hook=_once)
    except RecursionError:
        raise Refused("The document is nested too deep.") from None
    except (ValueError, UnicodeDecodeError):
        raise Refused("The document is no JSON.") from None
    return read_parsed(document, wanted=wanted)


def read_parsed(document: Any, *, wanted: str = "") -> list[Advisory]:
    """The same of a document that is parsed already, or of a list of documents.

    Raises:
        Refused: none of the five, or wrong in itself.
    """
    _not_too_deep(document)
    if isinstance(document, list):
        return [advisory for each in document for advisory in _read(each, wanted)]
    return _read(document, wanted)


def _read(document: Any, wanted: str) -> list[Advisory]:
    kind = kind_of(document)
    if wanted and kind != wanted:
        raise Refused(f"The document is {kind or 'none that can be read'}, and {wanted} was expected.")
    try:
        if kind == Source.KEV:
            return read_kev(document)
        if kind == Source.NVD:
            return read_nvd(document)
        if kind == Source.STIX:
            return read_stix(document)
        if kind == Source.CSAF:
            return [read_csaf(document)]
        if kind == Source.OSV:
            return [read_osv(document)]
    except (AttributeError, TypeError, KeyError) as wrong:
        raise Refused(f"The document has not the shape of {kind}: {type(wrong).__name__}.") from wrong
    raise Refused("This is neither a KEV catalogue nor CSAF 2.0, OSV, NVD CVE 2.0 or a STIX 2.1 bundle.")


def kind_of(document: Any) -> str:
    if not isinstance(document, dict):
        return ""
    if document.get("type") == "bundle":
        return Source.STIX
    if document.get("format") == "NVD_CVE":
        return Source.NVD
    if "catalogVersion" in document:
        return Source.KEV
    if isinstance(document.get("document"), dict) and "csaf_version" in document["document"]:
        return Source.CSAF
    return Source.OSV if "id" in document and "modified" in document else ""


def _not_too_deep(document: Any) -> None:
    level = [document]
    for _depth in range(DEEPEST):
        level = [child for each in level if isinstance(each, dict | list)
                 for child in (each.values() if isinstance(each, dict) else each)]  # fmt: skip
        if not level:
            return
    raise Refused("The document is nested too deep.")


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Refused("A name stands twice in one object of the document.")
    return found
