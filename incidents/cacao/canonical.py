"""The canonical form of a document (RFC 8785): the same bytes for the same content, whoever wrote it down.

Numbers are doubles there, as everywhere in JSON's canonical form. A whole number that no double holds exactly has no
canonical form, so a document with one is refused; one that was written as a fraction or with an exponent may come back
from the database as a long whole number, and is a double again here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import rfc8785

SAFE = 2**53 - 1  # the largest whole number below which every one is a double


def canonical(value: Any) -> bytes:
    """The canonical form of a JSON value.

    Raises:
        ValueError: it holds what JSON cannot say: NaN, infinity, half of a surrogate pair.
    """
    try:
        return rfc8785.dumps(value)
    except rfc8785.IntegerDomainError:
        return rfc8785.dumps(as_doubles(value))


def content_of(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document without its signatures: signing one does not make another version of it."""
    return {key: value for key, value in document.items() if key != "signatures"}


def fingerprint_of(document: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical form of a playbook without its signatures, in lower-case hexadecimal."""
    return hashlib.sha256(canonical(content_of(document))).hexdigest()


def as_doubles(value: Any) -> Any:
    """The same value without whole numbers that are longer than JSON's readers take."""
    if isinstance(value, dict):
        return {key: as_doubles(each) for key, each in value.items()}
    if isinstance(value, list):
        return [as_doubles(each) for each in value]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > SAFE:
        return float(value)
    return value
