"""Reading what a provider wrote: strict JSON objects and their fields, and fetching them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from partners.oidc.refusals import OidcRefused, ProviderAway
from portal.documents import Refused, read_json

MOST_BYTES = 65536


class Answer(Protocol):
    """What came back over the network; `portal.egress.Answer` is one."""

    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def body(self) -> bytes: ...


class Fetch(Protocol):
    """One request that follows no redirect. Raises ProviderAway when there is no answer."""

    def __call__(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None,
        total_seconds: float = 10.0, most_bytes: int = MOST_BYTES,
    ) -> Answer: ...  # fmt: skip


def read_object(raw: bytes, *, what: str) -> dict[str, Any]:
    """Parse a JSON object without repeated keys; `what` it is goes into the refusal."""
    try:
        document = read_json(raw)
    except Refused as refused:
        raise OidcRefused(what, f"The {what} cannot be read: {refused}") from None
    if not isinstance(document, dict):
        raise OidcRefused(what, f"The {what} is not a JSON object.")
    return document


def get_object(fetch: Fetch, url: str, *, what: str, seconds: float = 10.0) -> dict[str, Any]:
    """Fetch a JSON object with GET.

    Raises:
        ProviderAway: no answer, or a status other than 200 (a redirect is one).
        OidcRefused: the answer is not one JSON object.
    """
    answer = fetch("GET", url, headers={"Accept": "application/json"}, total_seconds=seconds, most_bytes=MOST_BYTES)
    if answer.status != 200:
        raise ProviderAway(f"The {what} was answered with status {answer.status}.")
    return read_object(answer.body, what=what)


def words_of(document: Mapping[str, Any], name: str) -> list[str] | None:
    """The list of strings under this name; None when the name is absent."""
    value = document.get(name)
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise OidcRefused("metadata", f"{name} is not a list of words.")
    return value
