"""A limit on exports: it slows whoever took a session over, and shuts nobody else out.

Only exports have one. Letting people in again (emergency enrolment, links, guests) is what a crisis is full of, is done
one by one under somebody's eyes, and is recorded.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from partners.limits import Limit, TooOften, count
from portal.pages import local_time, refuse
from portal.tenancy.freshness import is_fresh
from portal.tenancy.scope import at_the_door, current_ticket, organisation_scope

EXPORTS = Limit("exports of a person", 20, timedelta(hours=1))
PACKS = Limit("offline packs of a person", 20, timedelta(hours=1))


def slowed_after(limit: Limit) -> Callable[[Any], Any]:
    """Count each POST that a passkey stands behind, under `signed_in`; one too many is answered 429, with nothing done.

    A session without one is refused by the view itself and uses nothing up, so that it cannot shut its owner out.
    """

    def around(view: Any) -> Any:
        @wraps(view)
        def counted(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            visitor = request.visitor  # type: ignore[attr-defined]
            if request.method == "POST" and _is_fresh(visitor.ticket):
                try:
                    with at_the_door():
                        count(limit, str(visitor.person_id))
                except TooOften as often:
                    words = _("That is often enough for now. It opens again at %(time)s; colleagues can go on.")
                    answer = refuse(request, 429, words % {"time": local_time(often.opens_at)})
                    answer["Retry-After"] = str(often.seconds)
                    return answer
            return view(request, *args, **kwargs)

        return counted

    return around


def _is_fresh(ticket: str) -> bool:
    if current_ticket():
        return is_fresh()
    try:
        with organisation_scope(ticket):  # a view that opens its own scopes
            return is_fresh()
    except DatabaseError:  # cut off since the door looked: the view says so itself
        return False
