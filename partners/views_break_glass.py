"""The page of an organisation's break-glass accounts: which there are, when each was drilled, what using one does."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from partners import administering, break_glass
from partners.acting import actor_of, may_administer, signed_in
from partners.administering import Who
from partners.approvals import NotAllowed
from partners.forms_people import BreakGlassForm
from partners.models import Person
from partners.stepping_up import fresh
from partners.ways_in import WaysIn, ways_in
from portal import clock
from portal.pages import local_time, refuse


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in(may=may_administer)
def page(request: HttpRequest) -> HttpResponse:
    """Anybody who administers reads it; making an account needs the passkey."""
    if request.method == "POST":
        return _make(request)
    return _shown(request, BreakGlassForm())


@fresh
def _make(request: HttpRequest) -> HttpResponse:
    visitor = request.visitor  # type: ignore[attr-defined]
    form = BreakGlassForm(request.POST)
    if form.is_valid():
        who = Who(name=form.cleaned_data["name"], role=Person.Role.ADMINISTRATOR, break_glass=True)
        try:
            account = administering.add_person(who, actor=actor_of(visitor), slug=visitor.organisation_slug)
        except NotAllowed as refused:
            form.add_error("name", str(refused))
        else:
            messages.success(request, _("Made. Now make its enrolment link and set up two hardware keys."))
            return redirect("person-detail", person_id=account.pk)
    return _shown(request, form)


def _shown(request: HttpRequest, form: BreakGlassForm) -> HttpResponse:
    visitor = request.visitor  # type: ignore[attr-defined]
    accounts, ways = list(break_glass.accounts()), ways_in()
    own = next((each for each in accounts if each.pk == visitor.person_id), None)
    context = {
        "accounts": [_row(each, ways.get(each.pk, WaysIn(each.pk))) for each in accounts],
        "missing": max(0, break_glass.HOW_MANY - len(accounts)),
        "form": form if len(accounts) < break_glass.HOW_MANY else None,
        "own": own.name if own else "",
    }
    return render(request, "partners/people_break_glass.html", context, status=422 if form.errors else 200)


def _row(account: Person, ways: WaysIn) -> dict[str, object]:
    drill = break_glass.drill_of(account)
    announced = account.drill_until is not None and account.drill_until > clock.now()
    return {
        "name": account.name,
        "href": reverse("person-detail", args=[account.pk]),
        "passkeys": ways.passkeys,
        "drilled": local_time(drill.drilled_at, "%-d %B %Y") if drill.drilled_at else _("never"),
        "overdue": drill.overdue,
        "announced": local_time(account.drill_until, "%H:%M") if announced else "",
        "announce_url": reverse("break-glass-announce", args=[account.pk]),
    }


@require_POST
@signed_in(may=may_administer)
@fresh
def announce(request: HttpRequest, person_id: UUID) -> HttpResponse:
    account = break_glass.accounts().filter(pk=person_id).first()
    if account is None:
        raise Http404
    until = break_glass.announce_drill(account, actor=actor_of(request.visitor))  # type: ignore[attr-defined]
    words = _("Announced. A use of %(name)s until %(time)s counts as a drill; everybody is still told.")
    messages.success(request, words % {"name": account.name, "time": local_time(until)})
    return redirect("break-glass")


@require_POST
@signed_in(may=may_administer)
@fresh
def drill(request: HttpRequest) -> HttpResponse:
    """Said by whoever is signed in with one."""
    try:
        break_glass.say_it_is_a_drill()
    except NotAllowed as refused:
        return refuse(request, 403, str(refused))
    messages.success(request, _("Recorded as a drill. Everybody who was paged is told so."))
    return redirect("break-glass")
