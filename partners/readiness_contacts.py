"""Lines of readiness about being reached: ways of duty tested, a rota without gap, roles told alongside.

Each is (title, well, says, do, page), as `partners.readiness.Line` takes them.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connections
from django.utils.translation import gettext as _

from partners.duty import gaps, rota_now
from partners.freshness import FRESH_FOR, Fresh, duty_points, freshness
from partners.ladder import people_on_rungs
from partners.models import ContactPoint, Organisation, Rung, ToldAlongside

AHEAD = timedelta(days=14)
Said = tuple[str, bool, str, str, str]


def duty_lines(now: datetime) -> list[Said]:
    """What is so for the organisation of the open scope. Seven queries."""
    rota = rota_now(now)
    found = freshness(duty_points(rota.people), now)
    stale = ", ".join(point.label for point in found.stale) or _("none")
    tested: Said = (
        _("Every way of duty was tested within 35 days"),
        found.state == Fresh.YES,
        _("%(ways)s ways of duty; not confirmed: %(stale)s.") % {"ways": found.ways, "stale": stale},
        _("Test them now, and mend what does not answer."),
        "contact-list",
    )
    open_hours = gaps(rota, now, now + AHEAD) if rota else []
    manned: Said = (
        _("Somebody is on duty at every minute of the next 14 days"),
        bool(rota) and not open_hours,
        _("%(n)s times nobody is on duty.") % {"n": len(open_hours)} if rota else _("No rota is kept."),
        _("Fill the gaps, or name a contractor for them."),
        "duty-rota",
    )
    roles = set(ToldAlongside.objects.filter(person__is_active=True).values_list("role", flat=True))
    missing = [str(role.label) for role in ToldAlongside.Role if role not in roles]
    named: Said = (
        _("Those who are told alongside are named"),
        not missing,
        _("Nobody named: %(roles)s.") % {"roles": ", ".join(missing) or _("none")},
        _("Name a person for each."),
        "duty-rota",
    )
    lines = [tested, manned, _ladder(), named]
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT status FROM partners_organisation WHERE id = sec.me()")
        (status,) = cursor.fetchone()
    return [*lines, _left(now)] if status == Organisation.Status.FORMER else lines


def _ladder() -> Said:
    """Whom an incident calls when the duty contact does not answer."""
    people = people_on_rungs()
    missing = [str(rung.label) for rung in Rung if rung is not Rung.DUTY and rung not in people]
    return (
        _("Somebody is called when the duty contact does not answer"),
        not missing,
        _("Nobody on these rungs: %(rungs)s.") % {"rungs": ", ".join(missing) or _("none")},
        _("Name a person for each; a rung without one is left out."),
        "ladder-rungs",
    )


def _left(now: datetime) -> Said:
    """Whoever has left and is not cut off yet keeps one duty contact that is known to work."""
    points = ContactPoint.objects.filter(is_active=True, host="", person=None, tested_at__gt=now - FRESH_FOR)
    label = points.values_list("label", flat=True).first()
    return (
        _("You have left, and one duty contact still works while you are connected"),
        label is not None,
        _("Tested within 35 days: %(label)s.") % {"label": label or _("none")},
        _("Keep one until both ends have said that every link is cut, and answer its test each month."),
        "contact-list",
    )
