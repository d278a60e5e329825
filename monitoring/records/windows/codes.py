"""What Windows says in numbers: logon types, NTSTATUS of a failed logon, Kerberos results (RFC 4120, 7.5.9)."""

from __future__ import annotations

from monitoring.records.record import Outcome

# Microsoft, "4624(S): An account was successfully logged on", Logon Type.
INTERACTIVE = frozenset({2, 7, 10, 11, 12, 13})
LOGON_TYPES = {
    0: "system", 2: "interactive", 3: "network", 4: "batch", 5: "service", 7: "unlock", 8: "network-cleartext",
    9: "new-credentials", 10: "remote-interactive", 11: "cached", 12: "cached-remote", 13: "cached-unlock",
}  # fmt: skip
SERVICE_LOGON = 5

# Microsoft, "4625(F): An account failed to log on", Status and Sub Status.
_FAILURES = {
    0xC0000064: "no such user", 0xC000006A: "bad password", 0xC000006D: "bad user name or password",
    0xC000006E: "account restriction", 0xC000006F: "outside allowed hours", 0xC0000070: "workstation not allowed",
    0xC0000071: "password expired", 0xC0000072: "account disabled", 0xC000015B: "logon type not granted",
    0xC0000193: "account expired", 0xC0000224: "password must change", 0xC0000234: "account locked",
    0xC0000133: "clocks too far apart", 0xC000018C: "trust failed", 0xC0000413: "authentication firewall",
}  # fmt: skip
_KERBEROS = {
    0x6: "no such user", 0x7: "no such service", 0x9: "null key", 0xC: "policy", 0xD: "cannot accommodate",
    0xE: "encryption type not supported", 0x12: "disabled, expired or locked", 0x17: "password expired",
    0x18: "bad password", 0x19: "pre-authentication required", 0x1B: "user to user required", 0x1F: "integrity failed",
    0x20: "ticket expired", 0x25: "clocks too far apart", 0x3C: "generic error", 0x44: "wrong realm",
}  # fmt: skip
PRE_AUTHENTICATION_REQUIRED = 0x19

_PACKAGES = {
    "kerberos": "kerberos", "ntlm": "ntlm", "negotiate": "negotiate",
    "microsoft_authentication_package_v1_0": "ntlm", "wdigest": "digest", "schannel": "tls",
}  # fmt: skip

# Relative identifiers of groups that rule a domain or its controllers; S-1-5-32-… are those of one machine.
PRIVILEGED_GROUPS = frozenset({512, 516, 518, 519, 520, 526, 527, 544, 547, 548, 549, 550, 551, 578, 580})
PRIVILEGED_NAMES = frozenset({"dnsadmins", "domain admins", "enterprise admins", "schema admins", "administrators"})


def protocol_of(package: str) -> str:
    return _PACKAGES.get(package.lower(), package.lower())


def reason_of(*codes: int | None) -> str:
    """The words for the most telling of the codes; the number itself where it has none here; '' for success."""
    said = [code for code in codes if code]
    for code in said:
        if words := _FAILURES.get(code):
            return words
    return f"0x{said[0]:x}" if said else ""


def kerberos_reason(code: int | None) -> str:
    return _KERBEROS.get(code, f"0x{code:x}") if code else ""


def kerberos_outcome(code: int | None) -> Outcome:
    """No code at all is no outcome; a demand for pre-authentication is a step of a logon that goes on."""
    if code is None or code == PRE_AUTHENTICATION_REQUIRED:
        return Outcome.UNKNOWN
    return Outcome.FAILURE if code else Outcome.SUCCESS
