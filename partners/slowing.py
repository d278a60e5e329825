"""A limit on an act of somebody who is signed in: it slows whoever took a session over, and shuts nobody else out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from partners.limits import Limit, TooOften, count
from portal.pages import local_time, refuse
from portal.tenancy.scope import at_the_door

EXPORTS = Limit("exports of a person", 20, timedelta(hours=1))
INVITATIONS = Limit("invitations and links of a person", 30, timedelta(hours=1))


def slowed_after(limit: Limit) -> Callable[[Any], Any]:
    """Count each POST of a person, under `signed_in`; one too many is answered 429 and has done nothing."""

    def around(view: Any) -> Any:
        @wraps(view)
        def counted(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method == "POST":
                try:
                    with at_the_door():
                        count(limit, str(request.visitor.person_id))  # type: ignore[attr-defined]
                except TooOften as often:
                    words = _("That is often enough for now. It opens again at %(time)s; colleagues can go on.")
                    answer = refuse(request, 429, words % {"time": local_time(often.opens_at)})
                    answer["Retry-After"] = str(often.seconds)
                    return answer
            return view(request, *args, **kwargs)

        return counted

    return around
