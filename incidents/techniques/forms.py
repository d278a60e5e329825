"""What somebody says of a technique, as a form. What is allowed is judged by `saying` and the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from incidents.techniques.saying import LONGEST, NEEDS_WORDS


class SayForm(forms.Form):
    """`choices`: value, words and hint of what the reader may say."""

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
        self.fields["words"].required = all(value in NEEDS_WORDS for value, _words, _hint in choices)
        self.fields["said"].choices = [(value, words) for value, words, _hint in choices]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        act = said.get("said")
        if act in NEEDS_WORDS and not said.get("words", "") and "words" not in self.errors:
            self.add_error("words", _("Say what was seen, and where.") if act == "observed" else _("Say why."))
        return said
