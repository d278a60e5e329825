"""The form of an organisation's ladder: a person for each rung, minutes for each band of severity."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from partners.models import Band, Person, Rung
from partners.models.ladder import BOUNDS

NAMED = (Rung.DEPUTY, Rung.HEAD_OF_IT, Rung.CHIEF_EXECUTIVE)


class LadderForm(forms.Form):
    """Empty minutes are the default."""

    def __init__(self, *args: Any, people: Iterable[Person], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", _("nobody")), *((str(each.pk), each.name) for each in people)]
        for rung in NAMED:
            self.fields[rung.value] = forms.ChoiceField(choices=choices, required=False)
        for band in Band:
            least, most = BOUNDS[band]
            wrong = _("Enter whole minutes from %(least)s to %(most)s.") % {"least": least, "most": most}
            self.fields[band.value] = forms.IntegerField(
                min_value=least,
                max_value=most,
                required=False,
                error_messages={"invalid": wrong, "min_value": wrong, "max_value": wrong},
            )

    def clean(self) -> dict[str, Any]:
        """What is not sent at all is no wish to have nobody there."""
        if not self.fields.keys() <= self.data.keys():
            raise forms.ValidationError(_("The form did not come whole. Nothing was changed."))
        return super().clean() or self.cleaned_data
