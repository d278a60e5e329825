"""How far the other side goes on: a fast machine would have sent everything before it is killed."""

from __future__ import annotations


class Gate:
    """Shut, the other side holds what comes, and so whoever sent it has it in hand."""

    def __init__(self) -> None:
        self.most: int | None = None  # messages that may come; None: all of them

    def shut(self, came: int) -> bool:
        return self.most is not None and came >= self.most
