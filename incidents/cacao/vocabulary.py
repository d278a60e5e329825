"""Values that CACAO 2.0 names. Closed lists refuse what is not on them; of an open one a note is made."""

from __future__ import annotations

PLAYBOOK_TYPES = frozenset(  # 3.1.1
    ["attack", "detection", "engagement", "investigation", "mitigation", "notification", "prevention", "remediation"]
)
ACTIVITIES = frozenset(  # 3.1.2
    [
        "compose-content", "deliver-content", "identify-audience", "identify-channel", "scan-system", "match-indicator",
        "analyze-collected-data", "identify-indicators", "scan-vulnerabilities", "configure-systems", "restrict-access",
        "disconnect-system", "eliminate-risk", "revert-system", "restore-data", "restore-capabilities", "map-network",
        "identify-steps", "step-sequence", "prepare-engagement", "execute-operation", "analyze-engagement-results",
    ]
)  # fmt: skip
TLP_LEVELS = frozenset(["TLP:RED", "TLP:AMBER", "TLP:AMBER+STRICT", "TLP:GREEN", "TLP:CLEAR"])  # closed, 9.4
REGIONS = frozenset(  # closed, 10.2
    [
        "africa", "eastern-africa", "middle-africa", "northern-africa", "southern-africa", "western-africa", "americas",
        "caribbean", "central-america", "latin-america-caribbean", "northern-america", "south-america", "asia",
        "central-asia", "eastern-asia", "southern-asia", "south-eastern-asia", "western-asia", "europe",
        "eastern-europe", "northern-europe", "southern-europe", "western-europe", "oceania",
        "antarctica", "australia-new-zealand", "melanesia", "micronesia", "polynesia",
    ]
)  # fmt: skip
SECRETS = ("password", "token", "oauth_header")  # 6: literal values of these are refused
# The official marking objects of TLP 2.0 that must be used for its labels: the UUID after `marking-tlp--`.
TLP_IDS = {
    "TLP:CLEAR": "94868c89-83c2-464b-929b-a1a8aa3c8487",
    "TLP:GREEN": "bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
    "TLP:AMBER": "55d920b0-5e8b-4f79-9ee9-91f868d9b421",
    "TLP:AMBER+STRICT": "939a9414-2ddd-4d32-a0cd-375ea402b003",
    "TLP:RED": "e828b379-4e03-4974-9ac4-e53a884c97c1",
}
