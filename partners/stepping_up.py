"""Step-up: some acts need a passkey used in this very session within the last five minutes (`sec.fresh()`).

The database asks the same wherever it matters; this only sends people to the passkey before they type anything.
"""

from __future__ import annotations

from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from portal.tenancy.freshness import AGAIN, is_fresh


def fresh(view: Any) -> Any:
    """Ask for the passkey before this view runs: under `signed_in`, inside the scope.

    A page is sent to the passkey and comes back; a form that comes too late is refused with a way to go on, and what
    was typed stays in the browser.
    """

    @wraps(view)
    def stepped_up(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if is_fresh():
            return view(request, *args, **kwargs)
        again = f"{AGAIN}?{urlencode({'next': request.get_full_path()})}"
        if request.method in {"GET", "HEAD"}:
            return redirect(again)
        return render(request, "errors/step_up.html", {"again": again}, status=403)

    return stepped_up
