"""References that people say on the telephone: short, random, never a counter."""

from __future__ import annotations

import secrets

# No vowels (no words by accident), nothing that is mistaken for another when spoken or written.
ALPHABET = "23456789CDFGHJKMNPQRTVWXYZ"


def new_reference(of: str = "INC") -> str:
    """`INC-` and six characters: 26**6 = 309 million, so that a collision is rare, and the database refuses it.

    `of` is what it names: an incident (INC), or planned work (PLN), which must not be taken for one on the telephone.
    """
    return f"{of}-" + "".join(secrets.choice(ALPHABET) for _ in range(6))
