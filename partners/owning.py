"""Pages of one's own account: for whoever is signed in, and for whoever still sets up a second factor.

They run inside the scope of the session, when it has one, and open the door for what stands behind it.
"""

from __future__ import annotations

from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from partners.sessions import Found
from portal.tenancy.freshness import is_fresh

HOME = "/account/"


def own_account(view: Any = None, *, whole: bool = True) -> Any:
    """Give the view who is signed in, as `found`; others go to sign-in, a key too.

    With `whole` False it is also for sessions without a second factor, which reach nothing else.
    """

    def decorate(view: Any) -> Any:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            found: Found | None = request.found  # type: ignore[attr-defined]
            if found is None:
                return redirect(settings.LOGIN_URL)
            if whole and found.visitor is None:
                return redirect(HOME)
            return view(request, *args, found=found, **kwargs)

        return guarded

    return decorate if view is None else decorate(view)


def passkeys_only(found: Found) -> bool:
    """Whether this person has passkeys and nothing else: break-glass accounts, and whoever was let in for one night."""
    return found.person.break_glass or found.person.by_emergency


def fresh_for(found: Found) -> bool:
    """Whether a passkey was used just now in this session; never without a second factor."""
    return found.visitor is not None and is_fresh()
