"""What the ways have in common whose address is a secret of HTTP: one POST by the client that cannot be led inside.

Whatever goes wrong is said in words of our own: the host may name an organisation, and the rest of the address is what
lets anybody post.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import ClassVar
from uuid import UUID

from notifications.messages import Text
from notifications.transports.base import MaybeTaken, Transport, TransportError
from notifications.transports.notify import AWAY, NOT_TAKEN, SLOW
from portal.egress import Answer, EgressError, Forbidden, NotConnected, TooSlow, request
from portal.egress.hosts import host_of, is_listed
from portal.reasons import reason

TIMEOUT_SECONDS = 10.0
LONGEST_WAIT_SECONDS = 3600.0
TOO_OFTEN = 429
NOT_LISTED = reason("Its address leads to a host that is not allowed here.")
FORBIDDEN = reason("Its address may not be called.")
BROKE_OFF = reason("%(service)s broke off.", "service")
NO_MORE = reason(
    "%(service)s says that this %(receiver)s takes no messages any more (%(status)s).", "service", "receiver"
)
FEWER = reason("%(service)s wants fewer messages to this %(receiver)s.", "service", "receiver")
NOT_THIS = reason("%(service)s does not take this message (%(status)s).", "service")
SHORT_WAIT_SECONDS = 5.0  # when it does not say how long


class Posting(Transport):
    many_hosts: ClassVar[bool] = True
    service: ClassVar[str]  # at the beginning of a sentence
    receiver: ClassVar[str]  # "channel"
    refused_for_good: ClassVar[frozenset[int]]  # the address is not valid any more

    def hosts(self) -> Collection[str]:
        """Where its addresses may lead."""
        raise NotImplementedError

    def post(self, address: str, headers: dict[str, str], body: bytes) -> Answer:
        """Send, and give back the answer of who has taken it.

        Raises:
            TransportError: it was not taken.
            MaybeTaken: it may have been.
        """
        if not is_listed(host_of(address), self.hosts()):
            raise TransportError(NOT_LISTED, permanent=True, ours=True)
        try:
            answer = request("POST", address, headers=headers, body=body, total_seconds=TIMEOUT_SECONDS)
        except Forbidden:
            raise TransportError(FORBIDDEN, permanent=True, ours=True) from None
        except NotConnected:
            raise TransportError(self.said(AWAY), down=True) from None
        except TooSlow:
            raise MaybeTaken(self.said(SLOW), down=True) from None
        except EgressError:
            raise MaybeTaken(self.said(BROKE_OFF), down=True) from None
        if not 200 <= answer.status < 300:
            raise self.refusal(answer)
        return answer

    @classmethod
    def said(cls, sentence: str, status: int = 0) -> str:
        """A sentence about this service, as it is kept."""
        return sentence % {"service": cls.service, "receiver": cls.receiver, "status": status}

    def refusal(self, answer: Answer) -> TransportError:
        """Which failure a status is. Errors are told apart by it alone, never by words."""
        status = answer.status
        if status in self.refused_for_good:
            return TransportError(self.said(NO_MORE, status), permanent=True, gone=True)
        if status == TOO_OFTEN:  # of this address alone: it says nothing of the host
            return TransportError(self.said(FEWER), ours=True, wait=wait_of(answer) or SHORT_WAIT_SECONDS)
        if 400 <= status < 500 and status != 408:
            return TransportError(self.said(NOT_THIS, status), permanent=True, ours=True)
        return TransportError(self.said(NOT_TAKEN, status), wait=wait_of(answer))

    def send(self, delivery_id: UUID, address: str, text: Text, *, again: bool = False) -> str:
        raise NotImplementedError


def wait_of(answer: Answer) -> float:
    """Seconds of a Retry-After, at most an hour; 0 for none. A date in it, which is allowed too, is not read."""
    said = answer.headers.get("retry-after", "").strip()
    return min(float(said), LONGEST_WAIT_SECONDS) if said.isdecimal() and len(said) < 10 else 0.0
