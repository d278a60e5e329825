"""Ranges written as `vers:<scheme>/<constraint>|…`, as CSAF allows in a `product_version_range` (section 3.1.2.3.2).

Source: the VERS specification of the package-url project. A pair of `>` and `<` constraints is one range; `=` and a
bare version is one version; `*` is all. `!=` and what else cannot be said as a range is left to a person as words.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

Ranges = tuple[list[list[dict[str, str]]], list[str]]
_CONSTRAINT = re.compile(r"(>=|<=|!=|<|>|=)?(.+)")


def ranges_of(text: str) -> Ranges:
    """`(ranges of events, explicit versions)`; two empty lists when it is none that can be said so."""
    if not text.startswith("vers:"):
        return [], []
    _scheme, slash, rest = text[5:].partition("/")
    if not slash or not rest or "!=" in rest:
        return [], []
    if rest.strip() == "*":
        return [[{"introduced": "0"}]], []
    ranges: list[list[dict[str, str]]] = []
    versions: list[str] = []
    begun: dict[str, str] | None = None
    for each in rest.split("|"):
        found = _CONSTRAINT.fullmatch(each.strip())
        if found is None:
            return [], []
        sign, version = found[1] or "=", unquote(found[2].strip())
        if sign == "=":
            versions.append(version)
        elif sign == ">=" and begun is None:
            begun = {"introduced": version}
        elif sign in {"<", "<="}:
            end = {"fixed" if sign == "<" else "last_affected": version}
            ranges.append([begun or {"introduced": "0"}, end])
            begun = None
        else:
            return [], []  # `>` has no event that says it
    if begun is not None:
        ranges.append([begun])
    return ranges, versions
