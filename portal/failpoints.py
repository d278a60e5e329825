"""Labelled points at which a process under test kills itself, once. In production there are none.

A point is armed by the settings of a test alone (`FAILPOINT`, `FAILPOINT_MARK`): the product's own settings name
neither, and then `reach` is a function that does nothing.
"""

from __future__ import annotations

import os
import signal

from django.conf import settings

POINTS = (
    "in planning",  # an organisation was entered, nothing is committed
    "after claim",  # the batch is ours, nothing was sent
    "before send",
    "after send",  # it is out, and nobody has written it down
    "before settle",  # inside the transaction that writes it down
    "after settle",  # it is written down
    "in receipts",  # a service's report is read, and nothing of it is committed
)
OF_REQUESTS = (
    "before link",  # an incident is opened because of an exposure, and neither points at the other yet
)


def _pass(point: str) -> None:
    """What production calls."""


def _die_once(point: str) -> None:
    """SIGKILL at the armed point, unless the mark is there already: it says that the point was reached."""
    if point != getattr(settings, "FAILPOINT", ""):
        return
    try:
        os.close(os.open(str(getattr(settings, "FAILPOINT_MARK", "")), os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    except FileExistsError:
        return
    os.kill(os.getpid(), signal.SIGKILL)


reach = _die_once if hasattr(settings, "FAILPOINT") else _pass
