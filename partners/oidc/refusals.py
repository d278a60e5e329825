"""How the OpenID Connect code says no."""

from __future__ import annotations


class OidcRefused(Exception):
    """A provider, or whoever poses as one, was not believed.

    `what` is one word for the record (`state`, `issuer`, `signature`, …), the message a sentence for administrators.
    Neither is shown to whoever is signing in: it would teach an attacker what to change.
    """

    def __init__(self, what: str, sentence: str) -> None:
        self.what = what
        super().__init__(sentence)


class ProviderSaidNo(OidcRefused):
    """The provider itself ended the sign-in, in a genuine answer. `error` is its code (RFC 6749, section 4.1.2.1)."""

    def __init__(self, error: str) -> None:
        self.error = error
        super().__init__("error", f"The provider answered with the error {error}.")


class ProviderAway(Exception):
    """The provider could not be asked: not reachable, too slow, too large an answer, or not the status that we want."""
