"""The one way out to a provider: the portal's egress client, which looks at every address before it connects."""

from __future__ import annotations

from collections.abc import Mapping

from partners.oidc.reading import MOST_BYTES, Answer
from partners.oidc.refusals import ProviderAway
from portal import egress


def through_egress(
    method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None,
    total_seconds: float = 10.0, most_bytes: int = MOST_BYTES,
) -> Answer:  # fmt: skip
    """A `Fetch` for the real world. Never call it inside a transaction."""
    try:
        return egress.request(
            method, url, headers=headers, body=body, total_seconds=total_seconds, most_bytes=most_bytes
        )
    except egress.EgressError as trouble:
        raise ProviderAway(f"{type(trouble).__name__}: {trouble}") from trouble
