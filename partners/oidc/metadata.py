"""What a provider says of itself, and what of it is pinned: a later change raises an alarm, and is not followed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import parse_qsl

from partners.oidc.addresses import check_address, check_issuer
from partners.oidc.reading import Fetch, get_object, words_of
from partners.oidc.refusals import OidcRefused

# Never `none`, and nothing with a shared secret: whoever can check such a token could also make one.
ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
PATIENCE_SECONDS = 3.0
# What we send with a browser ourselves; an endpoint that brings one of them along would have a say in it.
OURS = {
    "response_type", "response_mode", "client_id", "redirect_uri", "scope", "state", "nonce", "code_challenge",
    "code_challenge_method", "max_age", "acr_values", "prompt", "request", "request_uri",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Metadata:
    """The part of a discovery document that sign-in uses. `proof` is how we prove ourselves to the token endpoint.

    `names_itself` means that each answer must carry the issuer (RFC 9207).
    """

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    algorithms: tuple[str, ...]
    names_itself: bool
    proof: str

    def document(self) -> dict[str, Any]:
        """As it is stored; `pinned` reads it back."""
        return {**asdict(self), "algorithms": list(self.algorithms)}

    @property
    def fingerprint(self) -> str:
        """SHA-256 over what is pinned: the same as long as nothing that matters to sign-in changes."""
        canonical = json.dumps(self.document(), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return hashlib.sha256(canonical.encode()).hexdigest()


def pinned(document: Mapping[str, Any]) -> Metadata:
    """What an administrator has accepted, from its stored form."""
    return Metadata(**{**document, "algorithms": tuple(document["algorithms"])})


def discovery_address(issuer: str) -> str:
    """Where a provider describes itself (OpenID Connect Discovery 1.0, section 4)."""
    return f"{issuer.removesuffix('/')}/.well-known/openid-configuration"


def discover(
    issuer: str, *, fetch: Fetch, allow: Collection[str] = (), seconds: float = PATIENCE_SECONDS
) -> Metadata:  # fmt: skip
    """Ask the provider what it says of itself now.

    Raises:
        ProviderAway: it does not answer within `seconds`.
        OidcRefused: the issuer or the document is not one that we take.
    """
    check_issuer(issuer, allow=allow)
    return read_metadata(get_object(fetch, discovery_address(issuer), what="metadata", seconds=seconds), issuer, allow)


def read_metadata(document: Mapping[str, Any], issuer: str, allow: Collection[str] = ()) -> Metadata:
    """Check a discovery document for the issuer that is pinned; equal means equal to the letter, the last slash too."""
    check_issuer(issuer, allow=allow)
    if document.get("issuer") != issuer:
        raise OidcRefused("issuer", "The provider calls itself by another name than the one that is pinned.")
    endpoints = ("authorization_endpoint", "token_endpoint", "jwks_uri")
    for name in endpoints:
        check_address(document.get(name), what=name, allow=allow)
    query = document["authorization_endpoint"].partition("?")[2]
    if OURS & {name for name, _ in parse_qsl(query, keep_blank_values=True)}:
        raise OidcRefused("authorization_endpoint", "The authorization endpoint sets a parameter that is ours to set.")
    _check_offers(document)
    names_itself = document.get("authorization_response_iss_parameter_supported", False)
    if not isinstance(names_itself, bool):
        raise OidcRefused("metadata", "authorization_response_iss_parameter_supported is neither true nor false.")
    return Metadata(
        issuer=issuer,
        authorization_endpoint=document["authorization_endpoint"],
        token_endpoint=document["token_endpoint"],
        jwks_uri=document["jwks_uri"],
        algorithms=_algorithms(document),
        names_itself=names_itself,
        proof=_proof(document),
    )


def _check_offers(document: Mapping[str, Any]) -> None:
    """What is listed must hold what we do; a list that is absent says nothing."""
    for name, wanted in (
        ("response_types_supported", "code"),
        ("response_modes_supported", "query"),
        ("code_challenge_methods_supported", "S256"),
        ("scopes_supported", "openid"),
    ):
        offered = words_of(document, name)
        if offered is not None and wanted not in offered:
            raise OidcRefused("metadata", f"The provider does not offer {wanted} among its {name}.")
    if document.get("require_pushed_authorization_requests") is True:
        raise OidcRefused("metadata", "The provider wants pushed authorization requests, which this portal cannot do.")


def _algorithms(document: Mapping[str, Any]) -> tuple[str, ...]:
    # RS256 is what a provider must offer (Discovery, section 3); one that names nothing is taken at that word.
    offered = words_of(document, "id_token_signing_alg_values_supported")
    taken = tuple(each for each in ALGORITHMS if each in (["RS256"] if offered is None else offered))
    if not taken:
        raise OidcRefused("algorithm", f"The provider signs with none of {', '.join(ALGORITHMS)}.")
    return taken


def _proof(document: Mapping[str, Any]) -> str:
    offered = words_of(document, "token_endpoint_auth_methods_supported")
    for method in ("client_secret_basic", "client_secret_post"):
        if offered is None or method in offered:
            return method
    raise OidcRefused("metadata", "The provider's token endpoint takes no client secret.")
