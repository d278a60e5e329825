"""How much of a finding there was to see for whoever decides, so that what joins it meanwhile is not decided unseen."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from monitoring.models import Finding


def stand_of(finding: Finding) -> str:
    """How much of it there is to see, for whoever decides: `sec.finding_stand` of the row."""
    return f"{finding.folded}.{finding.sights + finding.changes}.{len(finding.rules)}"


def more_than(finding: Finding, shown: str) -> str:
    """What came since, in words; `shown` is whatever the client sent."""
    was = [int(each) for each in shown.split(".") if each.isdecimal() and len(each) < 12]
    now = [finding.folded, finding.sights + finding.changes]
    come = next((more for more in (a - b for a, b in zip(now, was, strict=False)) if more > 0), 0)
    if come and len(was) == 3:
        return ngettext("One more has come: look again.", "%(n)s more have come: look again.", come) % {"n": come}
    return _("It is another than was shown: look again.")
