"""Names as the database keeps them: one of too many octets by its beginning, a digest and its end."""

from __future__ import annotations

import hashlib

# An index entry of PostgreSQL's holds 2,704 octets, and account, target and place stand in one. Readers refuse a name
# of more than 512 letters, but put two of them together, and a letter has up to four octets.
OCTETS = 800
LETTERS = 1100  # of what is only shown
# What is kept of a longer one: with the digest fewer than 512 letters, as many as a claimed name may have. The end
# stays, because a domain ends in whoever it belongs to, and a machine's account in its `$`.
_BEGINS, _ENDS = 150, 270
# Readers take signs of its kind out of every name: so no name is what another is kept as.
_MARK = "…\N{WORD JOINER}"


def kept_as(name: str) -> str:
    """A name as it is kept, looked up and compared in the database; of what is kept already, itself."""
    if 4 * len(name) <= OCTETS or len(octets := name.encode()) <= OCTETS:
        return name
    begins, ends = (each.decode(errors="ignore") for each in (octets[:_BEGINS], octets[-_ENDS:]))
    return f"{begins}{_MARK}{hashlib.sha256(octets).hexdigest()}{ends}"


def is_kept(name: str) -> bool:
    """Whether it is what a longer name is kept as."""
    return _MARK in name


def all_kept_as(names: list[str]) -> list[str]:
    """The same of many, which are nearly always short."""
    return names if 4 * max(map(len, names)) <= OCTETS else [kept_as(each) for each in names]


def shown_as(names: list[str]) -> list[str]:
    """What is only shown, cut where it is too long."""
    return names if max(map(len, names)) <= LETTERS else [each[:LETTERS] for each in names]
