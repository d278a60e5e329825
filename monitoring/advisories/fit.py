"""How well an installed component fits what a document says of a product."""

from __future__ import annotations

from enum import IntEnum


class Fit(IntEnum):
    """In the order of weight: of several statements the heaviest counts, of several that must hold the lightest."""

    NO = 0
    POSSIBLE = 1  # by name alone, or with a condition that the register cannot answer: a person looks
    ASK = 2  # it is this product; whether it is this version is not known
    YES = 3
