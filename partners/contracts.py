"""The words of a contract record: who does what in an incident (RACI), between one council and one provider."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from partners.models import Contract

ACTIVITIES = {
    "detect": lazy("Notice an attack"),
    "isolate": lazy("Decide to isolate"),
    "cut_links": lazy("Cut links"),
    "preserve": lazy("Preserve evidence"),
    "notify": lazy("Notify the regulator"),
    "tell_residents": lazy("Tell residents"),
    "restore": lazy("Restore services"),
    "report": lazy("Report afterwards"),
}
PARTS = {
    "responsible": lazy("Does it"),
    "accountable": lazy("Answers for it"),
    "consulted": lazy("Is asked first"),
    "informed": lazy("Is told"),
}
PARTIES = ("council", "provider", "both", "nobody")
ONE_OF_TWO = ("council", "provider")
FIELDS = {
    "responsibilities": lazy("Who does what"),
    "liability": lazy("Liability"),
    "liability_cap": lazy("Liability up to (£)"),
    "insurer": lazy("Insurer"),
    "insured_sum": lazy("Insured for (£)"),
    "insured_until": lazy("Insured until"),
    "hours_to_notify": lazy("Hours to notify"),
    "exit_terms": lazy("Exit"),
    "valid_from": lazy("In force from"),
    "valid_until": lazy("In force until"),
}
SOON_DAYS = 60


def names_of(contract: Contract) -> dict[str, str]:
    """How codes read between these two."""
    return {
        "council": contract.organisation.name,
        "provider": contract.provider.name,
        "both": _("both"),
        "nobody": _("nobody"),
        **{code: str(words) for code, words in ACTIVITIES.items()},
    }


def duties(responsibilities: Mapping[str, Sequence[str]], names: Mapping[str, str]) -> list[dict[str, Any]]:
    """A row for each activity, as templates want it: `what` and four `who`."""
    return [
        {"what": str(words), "who": [names.get(each, "–") for each in responsibilities.get(code, [""] * 4)]}
        for code, words in ACTIVITIES.items()
    ]


def faults(responsibilities: Mapping[str, Sequence[str]]) -> list[str]:
    """What `sec.duties_are_whole` would refuse, a code of an activity each; for a file, which no function checks."""
    return [
        *(code for code in ACTIVITIES if not _is_whole(responsibilities.get(code, ()))),
        *(code for code in responsibilities if code not in ACTIVITIES),
    ]


def _is_whole(four: Sequence[str]) -> bool:
    return len(four) == len(PARTS) and set(four) <= set(PARTIES) and four[1] in ONE_OF_TWO
