"""Forms of signing: shapes only; who may, and which days fit, is judged by the database as well."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from incidents.models import Playbook, SignOff, Step
from incidents.sign_offs import LONGEST_MONTHS, USUAL, Part, today

LONGEST = 2000
A_DAY = _("Write the day as year-month-day, such as 2027-05-31.")
SHARED = ("playbook_variables", "agent_definitions", "target_definitions")  # what the words of a step may stand on
NO_NUL = _("Write without odd signs.")


def latest_end() -> date:
    """The last day that a signature of today may count."""
    now = today()
    year, month = divmod(now.year * 12 + now.month - 1 + LONGEST_MONTHS, 12)
    try:
        return date(year, month + 1, now.day)
    except ValueError:  # 29 February
        return date(year, month + 1, 28)


def unchanged(was: Mapping[str, Any], now: Mapping[str, Any]) -> set[str]:
    """Ids of the steps that are word for word the same in two documents, with all that they name in them."""
    if any(was.get(part) != now.get(part) for part in SHARED):
        return set()
    return {key for key, step in now["workflow"].items() if was["workflow"].get(key) == step}


class Words(forms.CharField):
    """Free text that the database can hold."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=LONGEST, required=kwargs.pop("required", False), **kwargs)


class SignForm(forms.Form):
    """One signature: until when, a reservation to the whole, and what is said of single steps.

    Of each step, by its position: `words_3`, a reservation, and `agreed_3`, until when it may be done without asking.
    """

    valid_until = forms.DateField(label=_("Until"), error_messages={"invalid": A_DAY, "required": A_DAY})
    reservation = Words(label=_("Reservation to the whole"))

    def __init__(
        self, *args: Any, playbook: Playbook, steps: Sequence[Step], before: SignOff | None, **kwargs: Any
    ) -> None:
        initial: dict[str, Any] = {"valid_until": min(today() + USUAL, latest_end())}
        said = {}
        same: set[str] = set()
        if before is not None:  # what was said before is there to be confirmed or changed
            initial["reservation"] = before.reservation
            said = {each.step.cacao_step_id: each for each in before.steps.select_related("step")}
            same = unchanged(before.playbook.document, playbook.document)
        super().__init__(*args, **{"initial": initial, **kwargs})
        self.steps = steps
        for step in steps:
            self.fields[f"words_{step.position}"] = Words(label=_("Reservation to this step"))
            self.fields[f"agreed_{step.position}"] = forms.DateField(
                required=False, label=_("May be done without asking us again, until"), error_messages={"invalid": A_DAY}
            )
            if (was := said.get(step.cacao_step_id)) is not None:
                self.initial[f"words_{step.position}"] = was.reservation
                # Agreed was another act than the one that the step is now: that is said anew.
                agreed = was.agreed_until if step.cacao_step_id in same else None
                if agreed is not None and agreed > today():
                    self.initial[f"agreed_{step.position}"] = agreed

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        until = cleaned.get("valid_until")
        if until is not None and not today() < until <= latest_end():
            self.add_error("valid_until", _("Choose a day after today and within 24 months."))
        for step in self.steps:
            agreed = cleaned.get(f"agreed_{step.position}")
            if agreed is None or until is None:
                continue
            if agreed <= today():
                self.add_error(f"agreed_{step.position}", _("Choose a day after today."))
            elif agreed > until:
                self.add_error(f"agreed_{step.position}", _("This cannot last longer than your signature."))
        return cleaned

    def parts(self) -> list[Part]:
        """What is said of single steps."""
        found = [
            Part(step.pk, self.cleaned_data[f"words_{step.position}"], self.cleaned_data[f"agreed_{step.position}"])
            for step in self.steps
        ]
        return [each for each in found if each.words or each.agreed_until]

    def of_steps(self) -> list[tuple[Step, Any, Any, bool]]:
        """(step, field of the reservation, field of the day, whether anything is said) for the page."""
        rows = []
        for step in self.steps:
            words, agreed = self[f"words_{step.position}"], self[f"agreed_{step.position}"]
            said = bool(words.value() or agreed.value() or words.errors or agreed.errors)
            rows.append((step, words, agreed, said))
        return rows


class WithdrawForm(forms.Form):
    """Why a signature is taken back."""

    reason = Words(label=_("Why do you withdraw it?"), required=True, error_messages={"required": _("Say why.")})


class SystemsForm(forms.Form):
    """For which of the systems that one runs a playbook is."""

    systems = forms.MultipleChoiceField(required=False)

    def __init__(self, *args: Any, choices: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["systems"].choices = list(choices)  # type: ignore[attr-defined]


class PlaybooksForm(forms.Form):
    """Which playbooks are for one system."""

    playbooks = forms.MultipleChoiceField(required=False)

    def __init__(self, *args: Any, choices: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["playbooks"].choices = list(choices)  # type: ignore[attr-defined]
