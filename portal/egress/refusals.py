"""Why there is no answer. `why` is a sentence for operators, without any text that came from the other side, and
without path or query of the address, which may hold a secret."""

from __future__ import annotations


class EgressError(Exception):
    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Forbidden(EgressError):
    """The address is none that may be called: nothing was connected."""


class Unreachable(EgressError):
    """Nobody answered, or not in HTTP, or with a certificate that does not hold."""


class NotConnected(Unreachable):
    """No connection came about, so that the other side has seen nothing."""


class TooSlow(EgressError):
    """The time was over before the answer was whole."""


class TooLarge(EgressError):
    """The answer is longer than agreed; none of it is given out."""
