"""Recipients of the mail sink whose messages are taken like others, and not listed: one comes each minute."""

CANARY_EMAIL, CANARY_SMS = "canary@nobody.invalid", "+447700900999"
CANARY_SLACK, CANARY_TEAMS = "/slack/canary", "/teams/canary"
CANARY_WEBHOOK = "/canary"  # where tools are
NOT_LISTED = frozenset({CANARY_EMAIL, CANARY_SMS, CANARY_SLACK, CANARY_TEAMS})
