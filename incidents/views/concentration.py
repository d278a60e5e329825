"""What hangs on what, for an audit committee: every system and provider on one page, compared with last quarter."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from incidents.concentration import Start, change_since, concentration, own_estate, quarter_before, quarter_of
from incidents.models import ConcentrationSnapshot
from partners.acting import may_open, signed_in
from portal import clock

ON_PAPER = 16  # rows that one sheet of A4 holds, measured with two lines in each; the rest reach less


@require_safe
@signed_in(may=may_open)
def concentration_page(request: HttpRequest) -> HttpResponse:
    """From what the organisation stands on, owns or provides; one read, recorded for every organisation counted."""
    today = clock.now().date()
    mine, estate = own_estate()
    starts = concentration(estate, mine, on=today)
    before = ConcentrationSnapshot.objects.filter(quarter=quarter_before(quarter_of(today))).first()
    context = {
        "starts": [_row(start, before) for start in starts],
        "on_paper": ON_PAPER,
        "today": today,
        "before": before,
    }
    return render(request, "incidents/concentration.html", context)


def _row(start: Start, before: ConcentrationSnapshot | None) -> dict[str, Any]:
    system = start.kind == "system"
    return {
        "name": start.name,
        "kind": _("System") if system else _("Provider: all it runs for you"),
        "href": reverse("system-how-far", args=[start.slug]) if system else "",
        "figures": start.figures,
        "change": _change(start, before),
        "change_on_paper": _change(start, before, whole=False),
    }


def _change(start: Start, before: ConcentrationSnapshot | None, *, whole: bool = True) -> str:
    """`+2 organisations, −1 safety-critical service`; `New`; `No change`; empty without a snapshot to compare with.

    On paper organisations and safety-critical services alone, so that a row keeps to two lines.
    """
    if before is None:
        return ""
    change = change_since(start.figures, before.figures.get(start.key))
    if change is None:
        return _("New")
    organisations, people, critical, saved = change
    words = [
        _signed(organisations, ngettext("organisation", "organisations", abs(organisations))),
        _signed(critical, ngettext("safety-critical service", "safety-critical services", abs(critical))),
    ]
    if whole:
        words[1:1] = [_signed(people, ngettext("person served", "people served", abs(people)))]
        words.append(_signed(saved, _("that claims would save")))
    return ", ".join(word for word in words if word) or _("No change")


def _signed(number: int, words: str) -> str:
    return f"{'+' if number > 0 else '−'}{abs(number):,} {words}" if number else ""
