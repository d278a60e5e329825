"""Rows of a form: services, components, segments. A row without words is none, and it works without any script."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from partners.critical_dates import MOST as MOST_DATES
from partners.critical_dates import read_line
from partners.forms_estate import LONG, choice, whole, words
from partners.models import PublicService
from partners.software_names import NotAName, cpe_of, purl_of

MOST = 60  # rows
EMPTY_ROWS = 2


class RowForm(forms.Form):
    """One row. `id` is the object's, '' for a new one; without its `heading` field the row is empty."""

    id = forms.UUIDField(required=False, widget=forms.HiddenInput)
    remove = forms.BooleanField(required=False)
    heading = ""
    unsaid: ClassVar[dict[str, Any]] = {}  # what an empty row shows

    def is_empty(self) -> bool:
        """Nothing was written into it: a row that nobody needed, or one whose words were all taken out."""
        said = [name for name in self.fields if name not in {"id", "remove", "category"}]
        return not any(str(self.data.get(self.add_prefix(name), "")).strip() for name in said)


class ServiceRow(RowForm):
    category = choice(PublicService.Category.choices, required=lazy("Choose what kind of service it is."))
    name = words(required=lazy("Give the service a name, or take the row out."))
    safety_critical = forms.BooleanField(required=False)
    people_served = whole()
    fallback = words(most=LONG)
    critical_dates = words(most=LONG)
    heading = "name"
    unsaid: ClassVar[dict[str, Any]] = {"category": PublicService.Category.OTHER}

    def clean_fallback(self) -> str | None:
        return self.cleaned_data["fallback"] or None

    def clean_critical_dates(self) -> list[dict[str, Any]]:
        lines = [line.strip() for line in self.cleaned_data["critical_dates"].splitlines() if line.strip()]
        if len(lines) > MOST_DATES:
            raise forms.ValidationError(_("Write at most %(n)s dates.") % {"n": MOST_DATES})
        try:
            return [read_line(line) for line in lines]
        except ValueError as wrong:
            raise forms.ValidationError(str(wrong)) from None


class ComponentRow(RowForm):
    vendor = words()
    product = words(required=lazy("Name the product, or take the row out."))
    product_version = words()
    cpe = words(most=1000)
    purl = words(most=1000)
    note = words(most=LONG)
    heading = "product"

    def clean_cpe(self) -> str:
        return _named(cpe_of, self.cleaned_data["cpe"])

    def clean_purl(self) -> str:
        return _named(purl_of, self.cleaned_data["purl"])


def _named(read: Any, text: str) -> str:
    try:
        return str(read(text))
    except NotAName as wrong:
        raise forms.ValidationError(str(wrong)) from None


class SegmentRow(RowForm):
    name = words(required=lazy("Name the segment, or take the row out."))
    note = words(most=LONG)
    heading = "name"


class Rows:
    """All rows of one kind in a form. `prefix-0-name` and so on; `prefix-count` says how many rows were shown."""

    def __init__(self, form: type[RowForm], prefix: str, data: Any = None, initial: list[dict[str, Any]] = ()) -> None:  # type: ignore[assignment]
        self.prefix, self.bound = prefix, data is not None
        if data is None:
            shown: list[dict[str, Any]] = [*initial, *(dict(form.unsaid) for _ in range(EMPTY_ROWS))]
            self.forms = [form(prefix=f"{prefix}-{n}", initial=each) for n, each in enumerate(shown)]
        else:
            text = str(data.get(f"{prefix}-count", ""))
            count = min(int(text), MOST) if text.isascii() and text.isdecimal() and len(text) < 4 else 0
            self.forms = [form(data, prefix=f"{prefix}-{n}", empty_permitted=False) for n in range(count)]

    @property
    def count(self) -> int:
        return len(self.forms)

    def kept(self) -> list[RowForm]:
        """The rows that stay: neither empty nor to be removed."""
        return [each for each in self.forms if not each.is_empty() and not each.data.get(each.add_prefix("remove"))]

    def is_valid(self) -> bool:
        """Every row that stays can be read, and no two have the same name."""
        good = all(each.is_valid() for each in self.kept())
        seen: set[str] = set()
        for each in self.kept() if good else []:
            name = " ".join(str(each.cleaned_data.get(part, "")) for part in (each.heading, "product_version")).strip()
            if name.casefold() in seen:
                each.add_error(each.heading, _("This is there twice."))
                good = False
            seen.add(name.casefold())
        return good

    def values(self) -> list[tuple[Any, dict[str, Any]]]:
        """Of every row that stays its id, or None, and its fields."""
        return [
            (
                each.cleaned_data["id"],
                {name: value for name, value in each.cleaned_data.items() if name not in {"id", "remove"}},
            )
            for each in self.kept()
        ]

    def errors(self) -> list[tuple[str, str]]:
        """(id of the field, what is wrong), for the list at the top of a page."""
        return [
            (each[name].auto_id, str(words))
            for each in (self.kept() if self.bound else [])
            for name in each.errors
            for words in each.errors[name]
        ]
