"""Acts on one of the own people: switch off, enrolment link, reset, end a session. Each page says what it does."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from partners import administering
from partners.acting import actor_of, may_administer, signed_in
from partners.administering import NotThis
from partners.approvals import NotAllowed
from partners.forms_people import ResetForm
from partners.models import Person, PersonSession
from partners.stepping_up import fresh
from partners.views_people import GET_OR_POST, page_of, person_or_404


def confirm(
    request: HttpRequest, person: Person, words: dict[str, Any], *, trouble: str = "", form: Any = None
) -> HttpResponse:
    """The page before an act: what it does, and its button."""
    back = reverse("person-detail", args=[person.pk])
    context = {"act": words, "back": back, "trouble": trouble, "form": form, "name": person.name}
    status = 422 if trouble or (form is not None and form.errors) else 200
    return render(request, "partners/people_confirm.html", context, status=status)


@require_http_methods(GET_OR_POST)
@signed_in(may=may_administer)
@fresh
def switch(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """Switch somebody off, or on again; the page says first what that does."""
    person, actor = person_or_404(person_id), actor_of(request.visitor)  # type: ignore[attr-defined]
    trouble = ""
    if request.method == "POST":
        try:
            if person.is_active:
                ended = administering.switch_off(person, actor=actor)
                said = ngettext("Switched off; %(n)s session ended.", "Switched off; %(n)s sessions ended.", ended)
                messages.success(request, said % {"n": ended})
            else:
                administering.switch_on(person, actor=actor)
                messages.success(request, _("Switched on."))
        except NotAllowed as refused:
            trouble = str(refused)
        else:
            return redirect("person-detail", person_id=person.pk)
    if person.is_active:
        words = {
            "title": _("Switch %(name)s off?") % {"name": person.name},
            "effects": [
                _("Every session of theirs ends at once; nobody signs in as them."),
                _("Their keys, if it is a service account, are revoked."),
                _("What they did stays in the record. You can switch them on again."),
            ],
            "button": _("Switch off"),
        }
    else:
        words = {
            "title": _("Switch %(name)s on again?") % {"name": person.name},
            "effects": [_("They can sign in again with the ways that they had. Sessions from before stay ended.")],
            "button": _("Switch on"),
        }
    return confirm(request, person, words, trouble=trouble)


@require_http_methods(GET_OR_POST)
@signed_in(may=may_administer)
@fresh
def link(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """A new enrolment link, shown in the answer to the button and never again."""
    person = person_or_404(person_id)
    trouble = ""
    if request.method == "POST":
        try:
            path = administering.offer_link(person, actor=actor_of(request.visitor))  # type: ignore[attr-defined]
        except NotThis as refused:
            trouble = str(refused)
        else:
            address = request.build_absolute_uri(path)
            return render(request, "partners/people_person.html", page_of(request, person, link=address))
    words = {
        "title": _("Make an enrolment link for %(name)s?") % {"name": person.name},
        "effects": [
            _("Whoever has the link can set up a passkey as %(name)s, once, within 24 hours.") % {"name": person.name},
            _("Hand it over yourself, to the person whose identity you have seen. Never send it by e-mail."),
            _("A link made before ends."),
        ],
        "button": _("Make the link"),
    }
    return confirm(request, person, words, trouble=trouble)


@require_http_methods(GET_OR_POST)
@signed_in(may=may_administer)
@fresh
def reset(request: HttpRequest, person_id: UUID) -> HttpResponse:
    person = person_or_404(person_id)
    form = ResetForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            administering.reset(person, because=form.cleaned_data["reason"], actor=actor_of(request.visitor))  # type: ignore[attr-defined]
        except NotThis as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("Reset. Now make an enrolment link and hand it over yourself."))
            return redirect("person-detail", person_id=person.pk)
    words = {
        "title": _("Reset how %(name)s signs in?") % {"name": person.name},
        "effects": [
            _("Every passkey, code, password and connected sign-in of theirs is removed."),
            _("Every session of theirs ends at once."),
            _("They get in again by a new enrolment link. Make sure first who they are, as at the first enrolment."),
        ],
        "button": _("Reset"),
    }
    return confirm(request, person, words, form=form)


@require_http_methods(GET_OR_POST)
@signed_in(may=may_administer)
@fresh
def end_session(request: HttpRequest, person_id: UUID, session_id: UUID) -> HttpResponse:
    person = person_or_404(person_id)
    session = PersonSession.objects.filter(pk=session_id, person=person, ended_at=None).first()
    if session is None:
        raise Http404
    if request.method == "POST":
        administering.end_one(session, actor=actor_of(request.visitor))  # type: ignore[attr-defined]
        messages.success(request, _("Ended."))
        return redirect("person-detail", person_id=person.pk)
    words = {
        "title": _("End this session of %(name)s?") % {"name": person.name},
        "effects": [
            _("It ends at its next click, and live pages of it within a second."),
            _("They can sign in again. To prevent that, switch them off."),
        ],
        "button": _("End the session"),
    }
    return confirm(request, person, words)
