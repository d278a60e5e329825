"""Who signs in through a provider of their own in the demonstration: said once for the provider and for the portal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ORGANISATION = "brackenfield"
CLIENT_ID = "bulkhead"
# The others prove themselves twice at their provider; Gareth does not, and is asked for the portal's own second factor.
ONLY_A_PASSWORD = {"gareth.lowe"}


def subject_of(email: str) -> str:
    """What the demonstration's provider calls this person. The portal links it by hand, and never derives it."""
    return email.partition("@")[0]


def people_of(file: Path) -> list[dict[str, Any]]:
    """The claims of each person of the organisation in a partnership file."""
    rows = json.loads(file.read_text())["people"]
    return [
        {
            "sub": subject_of(row["email"]),
            "name": row["name"],
            "email": row["email"],
            "amr": ["pwd"] if subject_of(row["email"]) in ONLY_A_PASSWORD else ["pwd", "otp", "mfa"],
        }
        for row in rows
        if row["organisation"] == ORGANISATION
    ]


def description_of(url: str) -> dict[str, Any]:
    """What the provider says of itself, known before it runs: nothing waits for it at the start."""
    return {
        "issuer": url,
        "authorization_endpoint": f"{url}/oauth2/authorize",
        "token_endpoint": f"{url}/oauth2/token",
        "jwks_uri": f"{url}/jwks",
        "id_token_signing_alg_values_supported": ["RS256"],
    }
