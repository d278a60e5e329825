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
from portal.egress import Answer, EgressError, Forbidden, NotConnected, TooSlow, request
from portal.egress.hosts import host_of, is_listed

TIMEOUT_SECONDS = 10.0
LONGEST_WAIT_SECONDS = 3600.0
TOO_OFTEN = 429
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
            raise TransportError("Its address leads to a host that is not allowed here.", permanent=True, ours=True)
        try:
            answer = request("POST", address, headers=headers, body=body, total_seconds=TIMEOUT_SECONDS)
        except Forbidden:
            raise TransportError("Its address may not be called.", permanent=True, ours=True) from None
        except NotConnected:
            raise TransportError(f"{self.service} cannot be reached.", down=True) from None
        except TooSlow:
            raise MaybeTaken(f"{self.service} did not answer in time.", down=True) from None
        except EgressError:
            raise MaybeTaken(f"{self.service} broke off.", down=True) from None
        if not 200 <= answer.status < 300:
            raise self.refusal(answer)
        return answer

    def refusal(self, answer: Answer) -> TransportError:
        """Which failure a status is. Errors are told apart by it alone, never by words."""
        status = answer.status
        if status in self.refused_for_good:
            because = f"{self.service} says that this {self.receiver} takes no messages any more ({status})."
            return TransportError(because, permanent=True, gone=True)
        if status == TOO_OFTEN:  # of this address alone: it says nothing of the host
            because = f"{self.service} wants fewer messages to this {self.receiver}."
            return TransportError(because, ours=True, wait=wait_of(answer) or SHORT_WAIT_SECONDS)
        if 400 <= status < 500 and status != 408:
            because = f"{self.service} does not take this message ({status})."
            return TransportError(because, permanent=True, ours=True)
        return TransportError(f"{self.service} refused the message ({status}).", wait=wait_of(answer))

    def send(self, delivery_id: UUID, address: str, text: Text, *, again: bool = False) -> str:
        raise NotImplementedError


def wait_of(answer: Answer) -> float:
    """Seconds of a Retry-After, at most an hour; 0 for none. A date in it, which is allowed too, is not read."""
    said = answer.headers.get("retry-after", "").strip()
    return min(float(said), LONGEST_WAIT_SECONDS) if said.isdecimal() and len(said) < 10 else 0.0
