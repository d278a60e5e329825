"""How an Entra sign-in ended, by its error code (Microsoft, "Authentication and authorization error codes")."""

from __future__ import annotations

from monitoring.records.names import LONGEST, word
from monitoring.records.objects import whole
from monitoring.records.record import Outcome

# The sign-in waits for something more of the person or the application: how it ends stands in another record.
INTERRUPTS = frozenset(
    {
        16000, 16001, 16003, 50055, 50058, 50072, 50074, 50076, 50078, 50079, 50097, 50125, 50127, 50129, 50140,
        50143, 50158, 50199, 50203, 51006, 65001, 9002341,
    }
)  # fmt: skip
_WORDS = {"success": Outcome.SUCCESS, "failure": Outcome.FAILURE, "interrupted": Outcome.UNKNOWN}


def outcome_of(code: object, result: object, said: object) -> tuple[Outcome, str]:
    """From the status' code, else from resultType, which is a number, its text or a word; and the reason in words."""
    number = whole(code)
    if number is None:
        number = whole(result)
    words = word(said)
    if number is None:
        return _WORDS.get(word(result).lower(), Outcome.UNKNOWN), words
    if number == 0:
        return Outcome.SUCCESS, ""
    reason = f"{number} {words}".strip()
    return (Outcome.UNKNOWN if number in INTERRUPTS else Outcome.FAILURE), reason[:512]


def crosses(kind: object) -> bool | None:
    """What crossTenantAccessType says: `none` is no boundary; a value of tomorrow, or none at all, says nothing."""
    said = kind.strip().lower() if isinstance(kind, str) else ""
    if said in ("", "unknownfuturevalue") or len(said) > LONGEST:
        return None
    return said != "none"
