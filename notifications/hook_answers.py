"""What an answer, or none, means for a webhook: delivered, again later, never again. In our words; nothing of what the
other side wrote, and nothing of where a name led, is shown to anybody."""

from __future__ import annotations

import random
from email.utils import parsedate_to_datetime

from notifications.deliveries import RETRY_SECONDS
from notifications.hook_queue import Held, Settlement
from portal.egress import Answer, EgressError, Forbidden, TooLarge, TooSlow
from portal.reasons import reason

GONE, TOO_MANY = 410, 429
GONE_FOR_GOOD = reason("It answered that it is gone for good (410).")
HAD_TOO_MANY = reason("It had too many requests (429).")
ANOTHER_TRY = reason("It asked for another try (%(status)s).")
REFUSED = reason("It refused the message (%(status)s).")
ANOTHER_ADDRESS = reason("It answered with another address (%(status)s), which is never followed.")
COULD_NOT = reason("It could not take it (%(status)s).")
NOT_SENT = reason("Bulkhead could not send it.")
FORBIDDEN = reason("Its address is none that may be called.")
SLOW = reason("It did not answer in time.")
TOO_LONG = reason("It answered with more than 64 KB.")
AWAY = reason("It could not be reached, or broke off.")
AGAIN = {408, 425, TOO_MANY}
LONGEST_REST = 86400.0


def of_answer(held: Held, answer: Answer, now: int) -> Settlement:
    """`now`: seconds of Unix, by the clock that the request was dated with."""
    status = answer.status
    if 200 <= status < 300:
        return Settlement(held, "delivered", status)
    if status == GONE:
        return Settlement(held, "gone", status, GONE_FOR_GOOD)
    rest = retry_after(answer.headers.get("retry-after", ""), now)
    wait = max(_delay(held), rest)
    if status in AGAIN:
        down = status == TOO_MANY
        why = HAD_TOO_MANY if down else ANOTHER_TRY % {"status": status}
        return Settlement(held, "failed", status, why, wait, down=down, rest=rest)
    if 400 <= status < 500:
        return Settlement(held, "dead", status, REFUSED % {"status": status})
    if 300 <= status < 400:
        why = ANOTHER_ADDRESS % {"status": status}
        return Settlement(held, "failed", status, why, wait, down=True, rest=rest)
    return Settlement(held, "failed", status, COULD_NOT % {"status": status}, wait, down=True, rest=rest)


def of_error(held: Held, error: EgressError | None, *, because: str = "") -> Settlement:
    """There is no whole answer; `error` None: the mistake is ours."""
    down = not isinstance(error, TooLarge) and error is not None
    return Settlement(held, "failed", 0, because or _words(error), _delay(held), down=down)


def _words(error: EgressError | None) -> str:
    match error:
        case None:
            return NOT_SENT
        case Forbidden():
            return FORBIDDEN
        case TooSlow():
            return SLOW
        case TooLarge():
            return TOO_LONG
        case _:
            return AWAY


def retry_after(value: str, now: int) -> float:
    """Seconds that a `Retry-After` asks for, at most a day; 0 for none, and for one that cannot be read."""
    value = value.strip()
    if value.isascii() and value.isdecimal():
        return min(float(value[:9]), LONGEST_REST)
    try:
        return min(max(parsedate_to_datetime(value).timestamp() - now, 0.0), LONGEST_REST)
    except (ValueError, TypeError, IndexError, OverflowError):
        return 0.0


def _delay(held: Held) -> float:
    return RETRY_SECONDS[min(held.tries, len(RETRY_SECONDS) - 1)] * (0.5 + random.random())  # noqa: S311 - jitter
