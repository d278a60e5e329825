"""From what the browser brought back to who it is."""

from __future__ import annotations

from datetime import datetime

from partners.oidc.exchange import redeem
from partners.oidc.flow import Flow, check_callback
from partners.oidc.jwks import KeyRing
from partners.oidc.metadata import Metadata
from partners.oidc.reading import Fetch
from partners.oidc.tokens import Identity, verify_id_token


def complete(
    query: str, *, flow: Flow, browser: str, metadata: Metadata, client_secret: str, keys: KeyRing, fetch: Fetch,
    now: datetime,
) -> Identity:  # fmt: skip
    """Take an answer through every check. The flow must have been spent before: this asks the network.

    Raises:
        ProviderSaidNo, OidcRefused: nobody is signed in, and the flow is gone.
        ProviderAway: the provider could not be asked; the person has to begin again.
    """
    code = check_callback(query, flow=flow, browser=browser, metadata=metadata, now=now)
    tokens = redeem(code, flow=flow, metadata=metadata, client_secret=client_secret, fetch=fetch)
    return verify_id_token(
        tokens.id_token, flow=flow, metadata=metadata, keys=keys, fetch=fetch, now=now,
        access_token=tokens.access_token, code=code,
    )  # fmt: skip
