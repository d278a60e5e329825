"""What the other organisations of the demonstration do in its three minutes, in order.

One cuts by itself, one is blocked, one needs nothing, one stays silent; the others accept and get on with it.
"""

from __future__ import annotations

from typing import NamedTuple

LEAD, SILENT = "ashbourne", "dunmere"


class Act(NamedTuple):
    """One answer: whose, to which step of the playbook, and what is said with it."""

    organisation: str
    step: int
    verb: str
    words: str = ""


STORY = (
    Act("northgate", 1, "complete", "Agreed 01632 960108 and a mailbox outside the platform."),
    Act("brackenfield", 1, "acknowledge"),
    Act("eastwick", 3, "complete", "Nothing safety-critical rides on the rent feed."),
    Act("eastwick", 7, "complete", "Cut at our own firewall, without waiting for anybody."),
    Act("northgate", 5, "start"),
    Act("coldharbour", 1, "acknowledge"),
    Act("fernleigh", 1, "acknowledge"),
    Act("brackenfield", 1, "complete", "The duty desk answers on 01632 960102."),
    Act("brackenfield", 2, "complete", "Ruth Calder decides today."),
    Act("fernleigh", 3, "decline", "We run no telecare and no duty service; we left the partnership in 2017."),
    Act("northgate", 5, "complete", "NG-ADM holds two named people now."),
    Act("coldharbour", 3, "complete", "Nothing safety-critical of ours rides on the platform."),
    Act("coldharbour", 7, "block", "The payment file leaves over this link at 15:00: the head of finance must agree."),
    Act("brackenfield", 3, "complete", "Telecare alarms are watched by hand at the control room."),
    Act("northgate", 6, "start"),
    Act("brackenfield", 4, "start"),
    Act("eastwick", 10, "complete", "Notice sent to all staff."),
)
ACCEPTING = ("northgate", "brackenfield", "eastwick", "coldharbour", "fernleigh")
FROM = {
    "acknowledge": {"waiting"},
    "start": {"waiting", "acknowledged", "blocked"},
    "complete": {"waiting", "acknowledged", "in_progress", "blocked"},
    "block": {"waiting", "acknowledged", "in_progress"},
    "decline": {"waiting", "acknowledged", "in_progress", "blocked"},
}
SAID = {
    "acknowledge": "accepts",
    "start": "starts",
    "complete": "has done",
    "block": "is blocked at",
    "decline": "does not need",
}
