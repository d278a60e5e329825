"""Signing in with a password and a code, where an organisation allows it; and with a recovery code.

Nothing is judged before both are there, so that nobody learns that an address exists or that a password is right. Every
try costs the same work: one hash, whoever was named. Over a limit nothing is looked at, and nothing is hashed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.hashers import make_password
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_http_methods

from partners.door_answers import slowed_page
from partners.door_record import record_at_door
from partners.limits import CODES, CROWD, GUESSES, PASSWORDS, RECOVERY, TooOften, address_of, count
from partners.models import Credential, Organisation, Person, PersonSession
from partners.recovery import looks_like_one, spend_code
from partners.sessions import CutOff, start_session
from partners.sign_in import allows_password, cut_off_page, organisation_at_door, own_page
from partners.totp import accept_code
from portal import clock
from portal.tenancy.requests import door_view

TYPED = "password_typed"
LASTS = 10 * 60
LONGEST = 1000
Born = PersonSession.Born


@dataclass(frozen=True)
class Typed:
    """A password was typed for this address; whether it was right stays here until a code has come too."""

    organisation_id: str
    email: str
    person: Person | None  # None: unknown address, or a wrong password

    @property
    def subject(self) -> str:
        return f"{self.organisation_id}|{self.email}"


@door_view
@csrf_protect
@require_http_methods(["GET", "HEAD", "POST"])
def organisation_page(request: HttpRequest, slug: str) -> HttpResponse:
    """An organisation's own page; posting is the password form of it."""
    organisation = organisation_at_door(slug)
    if request.method != "POST":
        return own_page(request, organisation)
    if not allows_password(organisation):
        raise Http404
    email, password = request.POST.get("email", "").strip(), request.POST.get("password", "")
    if not email or not password or len(email) > LONGEST or len(password) > LONGEST:
        return own_page(request, organisation, email=email[:LONGEST], trouble=_("Type your address and your password."))
    person = _person_of(organisation, email)
    try:
        _count(request, organisation, f"{organisation.pk}|{email.lower()}", person, PASSWORDS)
    except TooOften as often:
        return slowed_page(request, often, back=f"/sign-in/{slug}/")
    right = matches(person, password)
    if "person_session" not in request.session:
        request.session.set_expiry(LASTS)
    request.session[TYPED] = {
        "organisation": str(organisation.pk),
        "email": email.lower(),
        "person": str(person.pk) if person is not None and right else "",
        "until": clock.now().timestamp() + LASTS,
    }
    return redirect("sign-in-code", slug=slug)


def matches(person: Person | None, password: str) -> bool:
    """Whether it is this person's password. One hash is made for everybody, unknown or without a password too."""
    credential = Credential.of(person) if person else Credential(password=make_password(None))
    return credential.matches(password) and person is not None


@door_view
@csrf_protect
@require_http_methods(["GET", "HEAD", "POST"])
def code_page(request: HttpRequest, slug: str) -> HttpResponse:
    """The second page: a code from the app, or a recovery code. Only here it is said whether all of it was right."""
    organisation = organisation_at_door(slug)
    typed = _typed(request, organisation)
    if typed is None:
        return redirect("sign-in-organisation", slug=slug)
    if request.method != "POST":
        return _ask_code(request, organisation)
    code = request.POST.get("code", "")[:LONGEST]
    limit = RECOVERY if looks_like_one(code) else None
    try:
        if limit is not None:
            count(limit, address_of(request))
        _count(request, organisation, typed.subject, _person_of(organisation, typed.email), CODES)
    except TooOften as often:
        return slowed_page(request, often, back=f"/sign-in/{slug}/")
    if typed.person is None:
        return _ask_code(request, organisation, wrong=True)
    if limit is not None:
        return _by_recovery(request, organisation, typed.person, code) or _ask_code(request, organisation, wrong=True)
    app = accept_code(typed.person, code)
    if app is None:
        return _ask_code(request, organisation, wrong=True)
    return begin(request, typed.person, born=Born.PASSWORD) or redirect("/")


@door_view
@csrf_protect
@require_http_methods(["GET", "HEAD", "POST"])
def recovery_page(request: HttpRequest, slug: str) -> HttpResponse:
    """For whoever has lost every device: a recovery code leads to a new passkey, and to nothing else before that."""
    organisation = organisation_at_door(slug)
    context: dict[str, Any] = {"organisation": organisation, "wrong": False, "email": ""}
    if request.method != "POST":
        return render(request, "sign_in/recovery.html", context)
    email, code = request.POST.get("email", "").strip()[:LONGEST], request.POST.get("code", "")[:LONGEST]
    try:
        count(RECOVERY, address_of(request))
    except TooOften as often:
        return slowed_page(request, often, back=f"/sign-in/{slug}/")
    person = _person_of(organisation, email)
    answer = _by_recovery(request, organisation, person, code) if person is not None else None
    return answer or render(request, "sign_in/recovery.html", {**context, "wrong": True, "email": email}, status=422)


def _by_recovery(
    request: HttpRequest, organisation: Organisation, person: Person, code: str
) -> HttpResponse | None:  # fmt: skip
    if not spend_code(person, code):
        return None
    return begin(request, person, born=Born.RECOVERY, second_factor=False) or redirect("/account/")


def begin(request: HttpRequest, person: Person, *, born: str, second_factor: bool = True) -> HttpResponse | None:
    """Start the session; the answer is a page only when the organisation is cut off."""
    try:
        start_session(request, person, born=born, second_factor=second_factor)
    except CutOff:
        return cut_off_page(request, person.organisation)
    return None


def _person_of(organisation: Organisation, email: str) -> Person | None:
    if "\x00" in email:  # PostgreSQL knows no such text
        return None
    return (
        Person.objects.select_related("organisation")
        .filter(organisation=organisation, email__iexact=email, is_active=True)
        .first()
    )


def _count(request: HttpRequest, organisation: Organisation, subject: str, person: Person | None, limit: Any) -> None:
    """The address first, so that one address cannot slow many accounts; a slowed account is recorded once a window."""
    count(GUESSES, address_of(request))
    count(CROWD, str(organisation.pk))
    try:
        count(limit, subject)
    except TooOften as often:
        if often.first and person is not None:
            record_at_door("sign_in.slowed", person.pk, way=limit.purpose)
        raise


def _typed(request: HttpRequest, organisation: Organisation) -> Typed | None:
    kept = request.session.get(TYPED)
    if not kept or kept["organisation"] != str(organisation.pk) or kept["until"] < clock.now().timestamp():
        return None
    known = Person.objects.select_related("organisation").filter(is_active=True)
    person = known.filter(pk=kept["person"]).first() if kept["person"] else None
    return Typed(kept["organisation"], kept["email"], person)


def _ask_code(request: HttpRequest, organisation: Organisation, *, wrong: bool = False) -> HttpResponse:
    context = {"organisation": organisation, "wrong": wrong}
    return render(request, "sign_in/code.html", context, status=422 if wrong else 200)
