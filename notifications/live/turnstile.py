"""The turnstile: after a restart every browser comes back at once, and signing in costs more than anything else."""

from __future__ import annotations

import asyncio

RATE = 200.0
PATIENCE_SECONDS = 5.0


class Busy(Exception):
    """Too many are waiting already."""


class Turnstile:
    """Lets `rate` through a second, in the order in which they came."""

    def __init__(self, rate: float = RATE, patience: float = PATIENCE_SECONDS) -> None:
        self._pause = 1 / rate
        self._patience = patience
        self._free_at = 0.0

    async def enter(self) -> None:
        """Wait for one's turn.

        Raises:
            Busy: the turn would come after more than five seconds.
        """
        now = asyncio.get_running_loop().time()
        turn = max(now, self._free_at)
        if turn - now > self._patience:
            raise Busy
        self._free_at = turn + self._pause
        if turn > now:
            await asyncio.sleep(turn - now)
