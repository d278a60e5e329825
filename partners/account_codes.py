"""Recovery codes: made, and shown this once."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from partners.authenticators import ways_of, why_not_add
from partners.owning import HOME, fresh_for, own_account, passkeys_only
from partners.recovery import codes_left, has_codes, make_codes
from partners.sessions import Found
from partners.stepping_up import fresh
from portal.tenancy.scope import at_the_door


@require_http_methods(["GET", "HEAD", "POST"])
@own_account
def recovery_codes(request: HttpRequest, found: Found) -> HttpResponse:
    """The first ten come right after the first factor; new ones in their place need a passkey used just now.

    Whoever holds a code can set up a passkey, so that making the first ones asks for as much as adding a passkey does.
    """
    if passkeys_only(found):
        return redirect(HOME)
    is_fresh = fresh_for(found)
    with at_the_door():
        had, left = has_codes(found.person), codes_left(found.person)
        because = why_not_add(found, ways_of(found.person), request.session, fresh=is_fresh)
    if request.method == "POST":
        return fresh(_made)(request, found) if had or because else _made(request, found)
    return render(request, "account/recovery_codes.html", {"codes": [], "had": had, "left": left})


def _made(request: HttpRequest, found: Found) -> HttpResponse:
    with at_the_door():
        codes = make_codes(found.person)
    context = {"codes": codes, "had": True, "left": len(codes), "person": found.person}
    return render(request, "account/recovery_codes.html", context)
