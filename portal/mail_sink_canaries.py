"""The two recipients of the mail sink whose messages are taken like others, and not listed: one comes each minute."""

CANARY_EMAIL, CANARY_SMS = "canary@nobody.invalid", "+447700900999"
