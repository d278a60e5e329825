"""The code for tokens, over the back channel."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

from partners.oidc.flow import Flow
from partners.oidc.metadata import Metadata
from partners.oidc.reading import MOST_BYTES, Fetch, read_object
from partners.oidc.refusals import OidcRefused, ProviderAway

PATIENCE_SECONDS = 8.0


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a provider gives for a code. The access token is only compared with `at_hash`, and not kept."""

    id_token: str = field(repr=False)
    access_token: str = field(repr=False)


def redeem(code: str, *, flow: Flow, metadata: Metadata, client_secret: str, fetch: Fetch) -> Tokens:
    """Give the code back with the verifier that only we know (RFC 7636); one try, because codes work once.

    Raises:
        ProviderAway: no answer, or a server's error.
        OidcRefused: the provider does not take the code, or answers with something else than tokens.
    """
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": flow.redirect_uri,
        "code_verifier": flow.verifier,
    }
    headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
    if not client_secret:
        form["client_id"] = flow.client_id
    elif metadata.proof == "client_secret_basic":
        # Each half is form-encoded before the colon joins them (RFC 6749, section 2.3.1).
        pair = f"{quote(flow.client_id, safe='')}:{quote(client_secret, safe='')}"
        headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
    else:
        form |= {"client_id": flow.client_id, "client_secret": client_secret}
    answer = fetch(
        "POST", metadata.token_endpoint, headers=headers, body=urlencode(form).encode(),
        total_seconds=PATIENCE_SECONDS, most_bytes=MOST_BYTES,
    )  # fmt: skip
    if answer.status >= 500:
        raise ProviderAway(f"The token endpoint answered with status {answer.status}.")
    if answer.status != 200:
        raise OidcRefused("code", f"The provider did not take the code: status {answer.status}.")
    document = read_object(answer.body, what="token answer")
    id_token, access_token = document.get("id_token"), document.get("access_token", "")
    if not isinstance(id_token, str) or not isinstance(access_token, str):
        raise OidcRefused("token", "The provider gave no ID token for the code.")
    if str(document.get("token_type", "")).lower() != "bearer":
        raise OidcRefused("token", "The provider gave a token of a kind that this portal cannot use.")
    return Tokens(id_token, access_token)
