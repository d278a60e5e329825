"""Pages of permissions: which there are, what one says and who agreed to it, and to propose one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_http_methods, require_safe

from partners import permissions, permitting
from partners.acting import may_approve, may_open, signed_in
from partners.approvals import NotAllowed
from partners.forms_permissions import TermsForm, filled_in, initial_of
from partners.history import history_of
from partners.models import Approval, IntegrationVersion, Organisation
from partners.next_door import names_next_door
from partners.permissions import Permission, State
from portal import clock

GET_OR_POST = ["GET", "HEAD", "POST"]
FIELDS = {"permitted": lazy("Approved version"), "latest": lazy("Newest version")}


def permission_or_404(permission_id: UUID) -> Permission:
    """One that the viewer's organisation is a side of; whoever only runs the system knows what the list says."""
    found = permissions.own_one(permission_id)
    if found is None:
        raise Http404
    return found


@require_safe
@signed_in
def permission_list(request: HttpRequest) -> HttpResponse:
    context = {
        "own": [_row(each) for each in permissions.own()],
        "on_ours": [_row(each) for each in permissions.on_systems_i_run()],
        "may_propose": may_open(request.visitor),  # type: ignore[attr-defined]
    }
    return render(request, "partners/permissions.html", context)


def _row(each: Permission) -> dict[str, Any]:
    return {
        "name": each.name,
        "href": reverse("permission-detail", args=[each.id]) if each.row else "",
        "who": _("%(grantee)s into %(grantor)s") % {"grantee": each.grantee.name, "grantor": each.grantor.name},
        "accounts": each.accounts,
        "from": each.starts_on,
        "until": each.expires_on,
        "word": each.word,
        "in_force": each.in_force,
        "change_waits": each.change_waits,
        "says": _says(each),
    }


def _says(each: Permission) -> str:
    day = f"{each.expires_on:%-d %B %Y}"
    return {
        State.IN_FORCE: _("until %(day)s"),
        State.NOT_YET: _("from %(from)s"),
        State.LAPSED: _("since the end of %(day)s; it excuses nothing"),
        State.WAITING: _("nothing is permitted yet"),
        State.REFUSED: _("nothing is permitted"),
        State.ENDED: _("it excuses nothing"),
    }[each.state] % {"day": day, "from": f"{each.starts_on:%-d %B %Y}"}


@require_safe
@signed_in
def permission_detail(request: HttpRequest, permission_id: UUID) -> HttpResponse:
    return render(request, "partners/permission.html", page_of(request, permission_or_404(permission_id)))


def page_of(request: HttpRequest, each: Permission, **more: Any) -> dict[str, Any]:
    """Everything that the page wants; `more` is what went wrong just now. A fixed number of queries."""
    visitor = request.visitor  # type: ignore[attr-defined]
    me: UUID = visitor.organisation_id
    row, latest = each.row, each.latest
    assert row is not None
    assert latest is not None
    names = permissions.system_names()
    waits = each.state is not State.ENDED and latest.permitted_at is None and latest.refused_at is None
    mine = latest.grantor_owner_name if me == row.grantor_id else latest.grantee_owner_name
    asked = list(
        Approval.objects.filter(
            kind=permitting.KIND.name, payload__integration=str(each.id), payload__version=latest.number
        )
    )
    open_asked = [a for a in asked if a.state == Approval.State.WAITING and a.expires_at > clock.now()]
    versions = IntegrationVersion.objects.filter(integration=row).select_related("proposed_for", "refused_for")
    return {
        "permission": _row(each) | {"id": each.id, "says": _says(each)},
        "other": each.other(me).name,
        "facts": _facts(each.counts, names, each) if each.counts else [],
        "waiting": _facts(latest, names, each) if waits else [],
        "number": latest.number,
        "mine_named": bool(mine),
        "complete": latest.complete_at is not None,
        "asked": bool(open_asked),
        "to_decide": any(a.requesting_organisation_id != me for a in open_asked),
        "people": permitting.may_own(me) if waits and may_approve(visitor) else [],
        "may_approve": may_approve(visitor),
        "may_change": may_open(visitor) and each.state is not State.ENDED,
        "may_end": may_approve(visitor) and each.state is not State.ENDED,
        "ended": row,
        "versions": [_version(v) for v in reversed(versions)],
        "history": history_of(row.pk, me=me, fields=FIELDS, names=_names(each)),
        "trouble": "",
        "typed": {},
        **more,
    }


def _names(each: Permission) -> dict[str, str]:
    return {str(org.pk): org.name for org in (each.grantor, each.grantee)}


def _facts(version: IntegrationVersion, names: dict[UUID, str], each: Permission) -> list[tuple[str, str]]:
    """One version as rows of (what, words)."""
    classes = [str(IntegrationVersion.DataClass(one).label) for one in version.data_classes]
    nobody = _("not named yet")
    facts = [
        (_("What it is for"), version.purpose),
        (_("Accounts"), ", ".join(version.accounts)),
        (
            _("From"),
            names.get(version.from_system_id, "") if version.from_system_id else _("no system of the register"),
        ),
        (_("Into"), ", ".join(sorted(names[one] for one in version.system_ids if one in names)) or _("not named yet")),
        (_("Data"), f"{', '.join(classes)}. {version.get_direction_display()}."),
        (_("Dates"), _dates(version)),
        (_("Owner at %(name)s") % {"name": each.grantor.name}, version.grantor_owner_name or nobody),
        (_("Owner at %(name)s") % {"name": each.grantee.name}, version.grantee_owner_name or nobody),
        (_("To stop it at once"), f"{version.kill_switch_name}: {version.kill_switch_how}"),
    ]
    if version.resources:
        facts.insert(4, (_("Where exactly"), version.resources))
    if version.permitted_at:
        said = {
            "one": version.grantor_approved_by, "grantor": each.grantor.name,
            "day": f"{version.permitted_at:%-d %B %Y}",
            "other": version.grantee_approved_by, "grantee": each.grantee.name,
        }  # fmt: skip
        approved = _("%(one)s, %(grantor)s, and %(other)s, %(grantee)s, on %(day)s") % said
        facts.append((_("Approved by"), approved))
    elif version.link_kind:
        facts.append((_("Link"), _("written into the register as a fact when both approve, if it is not there")))
    return facts


def _dates(version: IntegrationVersion) -> str:
    return _("from %(from)s to %(until)s; reviewed by %(review)s") % {
        "from": f"{version.starts_on:%-d %B %Y}",
        "until": f"{version.expires_on:%-d %B %Y}",
        "review": f"{version.review_on:%-d %B %Y}",
    }


def _version(version: IntegrationVersion) -> dict[str, Any]:
    became = _("waits for both sides")
    if version.permitted_at:
        became = _("approved by both sides on %(day)s") % {"day": f"{version.permitted_at:%-d %B %Y}"}
    elif version.refused_at and version.refused_for:
        said = {"who": version.refused_for.name, "why": version.refused_because}
        became = _("refused by %(who)s: %(why)s") % said
    who = ", ".join(filter(None, [version.proposed_by_name, version.proposed_for.name]))
    return {"number": version.number, "at": version.proposed_at, "who": who, "became": became}


@require_http_methods(GET_OR_POST)
@signed_in(may=may_open)
def permission_propose(request: HttpRequest) -> HttpResponse:
    """Ask another organisation to agree to a new permission."""
    me = request.visitor.organisation_id  # type: ignore[attr-defined]
    others = list(Organisation.objects.exclude(pk=me))
    form = TermsForm(
        request.POST if request.method == "POST" else None,
        initial=filled_in(request.GET),
        others=others,
        systems=names_next_door(),
        people=permitting.may_own(me),
    )
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            made = permitting.propose(form.terms(), other=UUID(said["other"]), side=said["side"])
        except NotAllowed as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("Proposed. It is not in force until a person of each side has approved it."))
            return redirect("permission-detail", permission_id=made)
    return render(request, "partners/permission_terms.html", {"form": form, "permission": None}, status=_status(form))


@require_http_methods(GET_OR_POST)
@signed_in(may=may_open)
def permission_change(request: HttpRequest, permission_id: UUID) -> HttpResponse:
    """Propose a new version of one; `after` in the form is the version that was read."""
    each = permission_or_404(permission_id)
    me = request.visitor.organisation_id  # type: ignore[attr-defined]
    row, latest = each.row, each.latest
    assert row is not None
    assert latest is not None
    owner = latest.grantor_owner_id if me == row.grantor_id else latest.grantee_owner_id
    form = TermsForm(
        request.POST if request.method == "POST" else None,
        initial=initial_of(latest, owner),
        others=None,
        systems=names_next_door() | permissions.system_names(),
        people=permitting.may_own(me),
    )
    if request.method == "POST" and form.is_valid():
        after = request.POST.get("after", "")
        try:
            permitting.change(each.id, form.terms(), after=int(after) if after.isdecimal() and len(after) < 9 else 0)
        except NotAllowed as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("Proposed. What was approved before stays as it is until both approve this."))
            return redirect("permission-detail", permission_id=each.id)
    context = {"form": form, "permission": _row(each) | {"id": each.id, "after": latest.number}}
    return render(request, "partners/permission_terms.html", context, status=_status(form))


def _status(form: TermsForm) -> int:
    return 422 if form.errors else 200
