"""Ids and names of MITRE CWE, for 6.1.11: the weakness exists, and it is called so or was once.

One file, read once. What has a higher number than all of it is newer than the list and passes: a list that has grown
old holds no warning back.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

LIST = Path(__file__).with_name("cwe.json")
ID = re.compile(r"CWE-[1-9]\d{0,5}", re.ASCII)


@cache
def _names() -> dict[int, frozenset[str]]:
    found = json.loads(LIST.read_text())["names"]
    return {int(number): frozenset(names) for number, names in found.items()}


def fault_of_weakness(ident: object, name: object) -> str:
    """What is wrong with an id and a name beside each other, in words; '' when nothing is."""
    if not isinstance(ident, str) or not ID.fullmatch(ident):
        return "An id as CWE-79 is wanted."
    if not isinstance(name, str) or not name:
        return "A name is wanted."
    number = int(ident.removeprefix("CWE-"))
    if number > max(_names()):
        return ""
    if number not in _names():
        return f"{ident} is no weakness."
    return "" if name in _names()[number] else f"{ident} is not called so."
