"""`/verify/`: was this message sent by us? Reached by typing the address; it knows nobody and tells nobody apart.

The answer is yes with the time, or no. A wrong code, a code of another organisation and an organisation that does not
exist get the same no after the same question to the database.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django import forms
from django.db import connections
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_http_methods

from notifications.codes import as_printed
from partners.door_answers import slowed_page
from partners.limits import Limit, TooOften, address_of, count
from partners.sign_in import organisation_called
from portal import clock
from portal.tenancy.requests import door_view

TRIES = Limit("codes of messages from an address", 10, timedelta(hours=1))


class VerifyForm(forms.Form):
    code = forms.CharField(max_length=40, error_messages={"required": lazy("Type the code in the message.")})
    organisation = forms.CharField(
        max_length=200, error_messages={"required": lazy("Type the name of your organisation.")}
    )

    def clean_code(self) -> str:
        code = as_printed(self.cleaned_data["code"])
        if not code:
            raise forms.ValidationError(_("A code has eight letters and digits, such as 4K7M-9QXR."))
        return code


@door_view
@csrf_protect
@require_http_methods(["GET", "HEAD", "POST"])
def verify(request: HttpRequest) -> HttpResponse:
    """Ten questions an hour from an address; each is counted before it is looked at."""
    form = VerifyForm(request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid():
        context = {"form": form, "answered": False}
        return render(request, "notifications/verify.html", context, status=422 if form.errors else 200)
    try:
        count(TRIES, address_of(request))
    except TooOften as often:
        return slowed_page(request, often, back="/")
    said = form.cleaned_data
    sent_at = _sent_at(said["code"], said["organisation"])
    # The code is not typed again, so that the next try cannot be the same one by mistake.
    again = VerifyForm(initial={"organisation": said["organisation"]})
    context = {"form": again, "answered": True, "sent_at": sent_at, "asked": said}
    return render(request, "notifications/verify.html", context)


def _sent_at(code: str, organisation: str) -> datetime | None:
    found = organisation_called(organisation)
    with connections["auth"].cursor() as cursor:
        cursor.execute("SELECT sec.message_sent(%s, %s, %s)", [code, found.slug if found else "", clock.now()])
        row = cursor.fetchone()
    return row[0] if row else None
