"""Once a day for each organisation: a signature that ends soon or has ended, and a newer version, become work."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, time
from uuid import UUID

from django.db import connections
from django.urls import reverse
from django.utils.translation import gettext as _

from incidents.models import Playbook, PlaybookSystem, SignOff
from incidents.plans import Plan, plans
from incidents.sign_offs import REMIND, work_key
from partners import work
from partners.chores import Chore, register
from partners.models import SharedSystem

KIND = "sign_off"


def remind(now: datetime) -> None:
    """Inside one organisation's scope: raise what is to be signed, and settle what was signed meanwhile."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT sec.me()")
        me: UUID = cursor.fetchone()[0]
    own: defaultdict[str, list[SignOff]] = defaultdict(list)
    rows = SignOff.objects.filter(organisation_id=me, ended_at=None).select_related("playbook")
    for each in rows.defer("playbook__document"):
        own[each.cacao_id].append(each)
    live = PlaybookSystem.objects.exclude(system__status=SharedSystem.Status.RETIRED)
    covered = set(live.values_list("cacao_id", flat=True))
    for cacao_id, plan in plans({*own, *covered}).items():
        said = said_of(plan, own[cacao_id], covered=cacao_id in covered, now=now)
        if said is None:
            work.clear(work_key(cacao_id))
            continue
        title, detail, version, due = said
        work.raise_own(
            KIND, work_key(cacao_id), title, detail=detail, due=due,
            page=reverse("playbook-sign-off", args=[version.pk]), about=version.pk,
        )  # fmt: skip


def said_of(
    plan: Plan, own: list[SignOff], *, covered: bool, now: datetime
) -> tuple[str, str, Playbook, datetime | None] | None:
    """Title, detail, what is to be signed and by when; None when there is nothing to do, or nothing that may be run."""
    newest = plan.newest
    if newest is None or newest.blockers:
        return None
    counting = [each for each in own if each.playbook_id in plan.usable]
    last = max(counting, key=lambda each: (each.playbook.version, each.signed_at), default=None)
    name = {"name": newest.name, "version": newest.version[:10]}
    if last is None and own:
        title = _("Sign the playbook %(name)s") % name
        return title, _("The version that you signed may not be run any more, so your signature is void."), newest, None
    if last is None:
        if not covered:
            return None
        title = _("Sign the playbook %(name)s") % name
        return title, _("It is for a system that you share, and you have not signed it."), newest, None
    ends = datetime.combine(last.valid_until, time.max, tzinfo=UTC)
    until = {"until": f"{last.valid_until:%-d %B %Y}"}
    if last.playbook_id != newest.pk and newest.version > last.playbook.version:
        title = _("A newer version of the playbook %(name)s waits for your signature") % name
        detail = _("Version %(version)s. You see what is different from the one you signed before you sign.") % name
        return title, detail, newest, ends
    if ends < now:
        title = _("Your signature to the playbook %(name)s has expired") % name
        return title, _("It counted until %(until)s.") % until, newest, ends
    if ends - now <= REMIND:
        title = _("Your signature to the playbook %(name)s ends soon") % name
        return title, _("It counts until %(until)s. Sign again to keep it.") % until, newest, ends
    return None


register(Chore("sign-offs", remind))
