"""Signing in with a code that was read out over the telephone: own tasks, for eight hours."""

from __future__ import annotations

from datetime import timedelta

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_http_methods

from partners.door_answers import slowed_page
from partners.door_record import record_at_door
from partners.emergency import person_of_code
from partners.limits import Limit, TooOften, address_of, count
from partners.models import PersonSession
from partners.sessions import CutOff, start_session
from partners.sign_in import cut_off_page
from portal.pages import local_time
from portal.tenancy.requests import door_view

SPOKEN_CODES = Limit("emergency codes from an address", 10, timedelta(hours=1))


class CodeForm(forms.Form):
    code = forms.CharField(max_length=60, error_messages={"required": lazy("Type the code that was read out to you.")})


@door_view
@csrf_protect
@require_http_methods(["GET", "HEAD", "POST"])
def by_code(request: HttpRequest) -> HttpResponse:
    """Each try is counted before it is looked at; a code works once, within an hour."""
    form = CodeForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            count(SPOKEN_CODES, address_of(request))
        except TooOften as often:
            return slowed_page(request, often, back="/sign-in/")
        person = person_of_code(form.cleaned_data["code"])
        if person is not None:
            try:
                session = start_session(request, person, born=PersonSession.Born.EMERGENCY)
            except CutOff:
                return cut_off_page(request, person.organisation)
            record_at_door("emergency_access.used", person.pk, session=str(session.pk))
            words = _(
                "You are signed in for your organisation's own tasks until %(time)s. To come back within that time,"
            )
            more = _("add a passkey under “Your account” now: the code works no more.")
            messages.success(request, f"{words % {'time': local_time(session.ends_at)}} {more}")
            return redirect("my-tasks")
        form.add_error("code", _("This code is wrong, was used already, or is older than an hour."))
    return render(request, "sign_in/spoken_code.html", {"form": form}, status=422 if form.errors else 200)
