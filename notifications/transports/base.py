"""What a way out of the building looks like from inside."""

from __future__ import annotations

from collections.abc import Collection
from types import TracebackType
from typing import ClassVar, Self
from uuid import UUID

from notifications.messages import Text


class TransportError(Exception):
    """A message was not taken. The words are shown to people and hold no address.

    `permanent`: trying again cannot help (there is no such mailbox), and nothing else. `down`: no other message would
    fare better now, because the server itself cannot be used. `ours`: it says nothing of the other side. `gone`: the
    address will never work again. `wait`: for so many seconds the other side wants to be left alone with this address.
    """

    def __init__(
        self,
        because: str,
        *,
        permanent: bool = False,
        down: bool = False,
        ours: bool = False,
        gone: bool = False,
        wait: float = 0.0,
    ) -> None:
        super().__init__(because)
        self.because, self.permanent, self.down, self.ours = because, permanent, down, ours
        self.gone, self.wait = gone, wait


class UsedUp(TransportError):
    """The day's limit of the service is used up: certainly not taken, and nothing is until its next day (UTC)."""

    def __init__(self, because: str) -> None:
        super().__init__(because, down=True)


class MaybeTaken(TransportError):
    """No answer came, so that it may have been taken: no other road is used meanwhile."""


class Transport:
    """One way out, open for the length of a batch. Leaving the block closes what was opened."""

    name: ClassVar[str]
    many_hosts: ClassVar[bool] = False  # each address has its own, and its own breaker

    @classmethod
    def host(cls) -> str:
        """The other side, whose breaker it is; '' for none."""
        return ""

    @classmethod
    def roads(cls) -> tuple[type[Transport], ...]:
        """What carries a message, the first choice first; most have one road."""
        return (cls,)

    def leave_out(self, roads: Collection[type[Transport]]) -> None:
        """Of several roads do not take these: their service takes nothing more today."""

    def used_up(self) -> set[type[Transport]]:
        """Roads whose service has said since the last question that its day's limit is used up."""
        return set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def send(self, delivery_id: UUID, address: str, text: Text, *, again: bool = False) -> str:
        """Hand one message over; what the other side calls it. The same delivery sent again looks the same outside.

        `again`: an earlier attempt may have been taken without our hearing of it.

        Raises:
            TransportError: it was not taken.
        """
        raise NotImplementedError

    def close(self) -> None:
        """Let go of connections; never raises."""
