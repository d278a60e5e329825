"""Looking up ATT&CK and D3FEND: a page of its own, and a fragment for the editor's step."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from incidents.techniques.facts import Technique, countermeasures, facts, search, technique
from partners.acting import signed_in

LONGEST = 100


@require_safe
@signed_in
def technique_list(request: HttpRequest) -> HttpResponse:
    """`q`: words or an id. To htmx the boxes alone, for a form that takes `techniques`."""
    words = request.GET.get("find", request.GET.get("q", ""))[:LONGEST].replace("\0", "")
    found = search(words)
    if getattr(request, "htmx", False):
        return render(request, "playbooks/_found.html", {"found": found, "asked": words})
    context = {
        "words": words,
        "rows": [_row(each) for each in found],
        "attack_version": facts().attack_version,
        "d3fend_version": facts().d3fend_version,
    }
    return render(request, "playbooks/techniques.html", context)


def _row(each: Technique) -> dict[str, Any]:
    answers = countermeasures(each.id)
    return {
        "id": each.id,
        "name": each.name,
        "href": each.href,
        "tactics": ", ".join(each.tactics),
        "asserted": [known for key in answers.asserted if (known := technique(key))],
        "derived": len(answers.derived),
    }
