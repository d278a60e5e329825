"""Discovery documents that must not be pinned, and issuers that are nobody's, written from the standards."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.partners.hostile_provider import OTHERS, OURS

ENTRA = "https://login.microsoftonline.com"


@dataclass(frozen=True)
class Swap:
    name: str
    stops: str
    changes: dict[str, Any]
    honest: dict[str, Any] = field(default_factory=dict)


METADATA = [
    Swap("changed issuer", "issuer", {"issuer": "https://attacker.example"}, {"issuer": OURS}),
    Swap("issuer with a slash at its end", "issuer", {"issuer": OURS + "/"}),
    Swap("issuer of another organisation", "issuer", {"issuer": OTHERS}),
    Swap("issuer is a template", "issuer", {"issuer": ENTRA + "/{tenantid}/v2.0"}),
    Swap("no issuer", "issuer", {"issuer": None}),
    Swap("issuers in a list", "issuer", {"issuer": [OURS]}),
    Swap("keys by plain http", "jwks_uri", {"jwks_uri": "http://login.brackenfield.example/keys"},
         {"jwks_uri": "https://keys.brackenfield.example/"}),
    Swap("keys in a file", "jwks_uri", {"jwks_uri": "file:///etc/passwd"}),
    Swap("keys in the address", "jwks_uri", {"jwks_uri": "data:application/json,{}"}),
    Swap("no keys", "jwks_uri", {"jwks_uri": None}),
    Swap("token endpoint by plain http", "token_endpoint", {"token_endpoint": "http://127.0.0.1:5432/"}),
    Swap("token endpoint with a password", "token_endpoint", {"token_endpoint": "https://a:b@c.example/token"}),
    Swap("token endpoint with a new line", "token_endpoint", {"token_endpoint": "https://c.example/a\r\nX: y"}),
    Swap("sign-in page is a script", "authorization_endpoint", {"authorization_endpoint": "javascript:alert(1)"}),
    Swap("sign-in page for every tenant", "authorization_endpoint",
         {"authorization_endpoint": ENTRA + "/common/oauth2/v2.0/authorize"},
         {"authorization_endpoint": ENTRA + "/4a1f0f4e-8a1c-4f0e-9d3b-0b8f6f1b2c3d/oauth2/v2.0/authorize"}),
    Swap("sign-in page sets our state", "authorization_endpoint",
         {"authorization_endpoint": OURS + "/authorize?state=fixed"},
         {"authorization_endpoint": OURS + "/authorize?tenant=brackenfield"}),
    Swap("sign-in page sets our redirect", "authorization_endpoint",
         {"authorization_endpoint": OURS + "/authorize?redirect_uri=https://attacker.example"}),
    Swap("only none", "algorithm", {"id_token_signing_alg_values_supported": ["none"]},
         {"id_token_signing_alg_values_supported": ["none", "ES256"]}),
    Swap("only shared secrets", "algorithm", {"id_token_signing_alg_values_supported": ["HS256", "HS512"]}),
    Swap("only SHA-1", "algorithm", {"id_token_signing_alg_values_supported": ["RS1"]}),
    Swap("algorithms are a word", "metadata", {"id_token_signing_alg_values_supported": "RS256"}),
    Swap("PKCE only plain", "metadata", {"code_challenge_methods_supported": ["plain"]},
         {"code_challenge_methods_supported": None}),
    Swap("no code", "metadata", {"response_types_supported": ["id_token"]}),
    Swap("answers only by form", "metadata", {"response_modes_supported": ["form_post"]}),
    Swap("wants its requests pushed", "metadata", {"require_pushed_authorization_requests": True},
         {"require_pushed_authorization_requests": False}),
    Swap("maybe names itself", "metadata", {"authorization_response_iss_parameter_supported": "yes"}),
    Swap("no client secret", "metadata", {"token_endpoint_auth_methods_supported": ["private_key_jwt"]},
         {"token_endpoint_auth_methods_supported": ["client_secret_post"]}),
]  # fmt: skip

NO_ISSUER = [
    f"{ENTRA}/common/v2.0", f"{ENTRA}/organizations/v2.0", f"{ENTRA}/consumers/v2.0", f"{ENTRA}/Common/v2.0",
    f"{ENTRA}/{{tenantid}}/v2.0", f"{ENTRA}/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0", f"{ENTRA}./common/v2.0",
    f"{ENTRA}:443/common/v2.0", f"{ENTRA}//common/v2.0", "https://sts.windows.net/common/", ENTRA,
    f"{ENTRA}/%7Btenantid%7D/v2.0", "http://login.brackenfield.example", "login.brackenfield.example", "",
    "https://", "https://LOGIN.brackenfield.example", "https://a@login.brackenfield.example", f"{OURS}?x=1",
    f"{OURS}#x", f"{OURS}?", "https://login.brackenfield.example:99999/", "https://lögin.brackenfield.example",
    "https://login.brackenfield.example/ ", "ftp://login.brackenfield.example", "https://[::1",
    "https://login.brackenfield.example\\@attacker.example", "https://a.example/" + "x" * 2000,
    f"{ENTRA}/x/../common/v2.0", f"{ENTRA}/%63ommon/v2.0",
]  # fmt: skip
