"""What somebody says of a technique, as a form. What is allowed is judged by `saying` and the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from incidents.techniques.saying import LONGEST, NEEDS_WORDS, Said


class SayForm(forms.Form):
    """`choices`: value, words and hint of what the reader is offered. Every value is taken: what it may say can have
    changed meanwhile, and the database says why not, beside the words that were typed."""

    said = forms.ChoiceField(error_messages={"required": _("Choose what you say of it.")})
    words = forms.CharField(
        required=False,
        max_length=LONGEST,
        error_messages={
            "max_length": _("At most %(limit_value)s characters."),
            "required": _("Say what was seen, and where; or why you take it back."),
        },
    )
    share = forms.BooleanField(required=False)

    def __init__(self, data: Any = None, *, choices: Sequence[tuple[str, str, str]]) -> None:
        super().__init__(data)
        self.options = list(choices)
        self.fields["words"].required = bool(choices) and all(value in NEEDS_WORDS for value, _words, _hint in choices)
        self.fields["said"].choices = [each for each in Said.choices if each[0] != Said.SET_ASIDE]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        act = said.get("said")
        if act in NEEDS_WORDS and not said.get("words", "") and "words" not in self.errors:
            self.add_error("words", _("Say what was seen, and where.") if act == "observed" else _("Say why."))
        return said


class AsideForm(forms.Form):
    """Why the lead sets aside what one organisation, which is cut off, says that it saw."""

    words = forms.CharField(
        max_length=LONGEST,
        error_messages={"required": _("Say why."), "max_length": _("At most %(limit_value)s characters.")},
    )

    def __init__(self, data: Any = None, *, slug: str, name: str) -> None:
        super().__init__(data, prefix=f"aside-{slug}")
        self.slug, self.name = slug, name
