"""What the clock does for marks on mail: their organisation has work a day before one ends, and when it has ended.

Whether a mark holds never waits for this: see `sec.mail_mark_on`.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.urls import reverse
from django.utils.translation import gettext as _

from partners import chores, work
from partners.mail_distrust import WORK
from partners.mail_marks import WARNING, Mark, marks
from partners.models import WorkItem
from portal.pages import local_time

EVERY = timedelta(hours=1)


def look_at_marks(now: datetime) -> datetime:
    """Inside one organisation's scope: the marks that it set. When to look again: at the next moment that matters.

    What somebody settled is not raised again: a key names the mark and the end that is meant.
    """
    items = list(WorkItem.objects.filter(kind=WORK).values_list("key", "state"))
    said, wanted, moments = {key for key, _state in items}, set(), [now + EVERY]
    for mark in marks():
        if not mark.mine or mark.until is None or mark.lifted_at is not None:  # a step of isolation ends otherwise
            continue
        moments += [moment for moment in (mark.until - WARNING, mark.until) if moment > now]
        if mark.until - WARNING > now:
            continue
        key = f"{'mail-ended' if mark.until <= now else 'mail-ends'}:{mark.id}:{mark.until:%Y%m%d%H%M%S}"
        wanted.add(key)
        if key not in said:
            _raise(mark, key, over=mark.until <= now)
    for key, state in items:
        if state == WorkItem.State.OPEN and key.startswith("mail-ends:") and key not in wanted:
            work.clear(key)  # renewed or lifted by others, or over
    return min(moments)


def _raise(mark: Mark, key: str, *, over: bool) -> None:
    assert mark.until is not None
    said = {"what": mark.what, "until": local_time(mark.until, "%-d %B %Y, %H:%M")}
    if over:
        title = _("The mark on mail of %(what)s has ended") % said
        detail = _("Messages go there again, unless another mark holds. Tell your staff, or mark it again.")
    else:
        title = _("The mark on mail of %(what)s ends on %(until)s") % said
        detail = _("From then on messages go there again. If it is still not to be trusted, renew the mark before.")
    page = reverse("mail-distrust-change", args=[mark.id]) if mark.by_two and not over else reverse("mail-distrust")
    work.raise_own(WORK, key, title, detail=detail, page=page, about=mark.id, due=None if over else mark.until)


CHORE = chores.register(chores.Chore("mail_marks", look_at_marks, EVERY))
