"""Forms of the editor for what depends on something: a block, and what is found out on the way."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from incidents.draft_forms import PlainText
from incidents.running.values import read_one, wanted
from incidents.writing.depending import NoValue, case_of, expression, parts_of, words_of_case
from incidents.writing.edits import name_of, words_of
from incidents.writing.outline import Block, Outline, Variable

VARIABLE_KINDS = [
    ("bool", _("Yes or no")),
    ("string", _("Words")),
    ("integer", _("A whole number")),
    ("ipv4-addr", _("An IPv4 address")),
    ("uri", _("A web address")),
]


class BlockForm(forms.Form):
    """A block: its title, and on what it depends. A list of a choice has its answer in `case-N`."""

    title = PlainText(max_length=120)
    why = PlainText()
    variable = forms.ChoiceField(required=False)
    holds = forms.ChoiceField(choices=[("true", _("Yes")), ("false", _("No"))], required=False)
    value = PlainText(max_length=200)
    question = PlainText(max_length=500)
    failure = forms.ChoiceField(required=False)

    def __init__(self, data: Any, *, block: Block, outline: Outline) -> None:
        self.block = block
        asked, value = parts_of(block.condition)
        if block.kind == "choose":
            asked = block.condition.removesuffix(":value")
        own = {each.name for each in outline.variables}
        question = "" if asked in own else block.condition
        self.variables = {each.name: each for each in outline.variables}
        self.yes_or_no = [each for each in outline.variables if each.kind == "bool"]
        self.others = [each for each in outline.variables if each.kind != "bool"]
        said = {"holds": value} if asked in {each.name for each in self.yes_or_no} else {"value": value}
        initial = {"title": block.title, "why": block.why, "variable": asked, "question": question, **said}
        super().__init__(data, initial=initial)
        none = _("Choose what was found out") if block.kind == "choose" else _("The lead decides the question below")
        named = [(each.name, each.words or words_of(each.name)) for each in outline.variables]
        self.fields["variable"].choices = [("", none), *named]  # type: ignore[attr-defined]
        if block.kind == "choose":
            for at, lane in enumerate(block.lanes, start=1):
                label = _("Answer that leads to list %(number)s") % {"number": at}
                shown = words_of_case(self.variables.get(asked), lane.case)
                self.fields[f"case-{at}"] = PlainText(max_length=200, initial=shown, label=label)

    @property
    def cases(self) -> list[Any]:
        return [self[name] for name in self.fields if name.startswith("case-")]

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        variable = self.variables.get(said.get("variable", ""))
        if variable is None or self.block.kind not in ("only_if", "repeat"):
            return said
        field = "holds" if variable.kind == "bool" else "value"
        value = said.get(field) or said.get("value", "")
        if field in said:
            try:
                self.exact = expression(variable, value)
            except NoValue as refused:
                self.add_error(field, str(refused))
        return said

    def write(self, block: Block) -> None:
        said = self.cleaned_data
        block.title, block.why = said["title"], said["why"]
        if block.kind == "together":
            return
        variable = self.variables.get(said["variable"])
        if block.kind == "choose":
            block.condition = f"{variable.name}:value" if variable else said["question"]
            for at, lane in enumerate(block.lanes, start=1):
                lane.case = case_of(variable, said[f"case-{at}"])
        else:
            block.condition = self.exact if variable else said["question"].strip()


class VariableForm(forms.Form):
    """One thing that is found out on the way. A row without a name is no row."""

    was = forms.CharField(required=False, widget=forms.HiddenInput)
    name = PlainText(max_length=60)
    kind = forms.ChoiceField(choices=VARIABLE_KINDS, required=False)
    words = PlainText(max_length=200)
    value = PlainText(max_length=500)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kind = (kwargs.get("initial") or {}).get("kind") or self.data.get(self.add_prefix("kind"))
        if kind and kind not in dict(VARIABLE_KINDS):  # one of the standard's that we do not offer
            self.fields["kind"].choices = [*VARIABLE_KINDS, (kind[:40], kind[:40])]  # type: ignore[attr-defined]

    def clean_value(self) -> str:
        kind, value = self.cleaned_data.get("kind") or "string", str(self.cleaned_data["value"])
        if not value.strip() or kind not in dict(VARIABLE_KINDS):
            return value
        read = read_one(kind, value)
        if read is None:
            raise forms.ValidationError(wanted(kind))
        return value if kind == "string" else read

    def clean_name(self) -> str:
        name = self.cleaned_data["name"]
        if name.strip() and not name_of(name):
            raise forms.ValidationError(_("A name needs a letter."))
        return str(name)


def initial_rows(outline: Outline) -> list[dict[str, str]]:
    return [
        {"was": each.name, "name": words_of(each.name), "kind": each.kind, "words": each.words, "value": each.value}
        for each in outline.variables
    ]


def written_rows(rows: list[dict[str, Any]], outline: Outline) -> list[tuple[str, Variable]]:
    """(its name before, the variable) of each row that has a name; a name that did not change stays to the letter."""
    before = {each.name: each for each in outline.variables}
    found = []
    for row in rows:
        if not row.get("name", "").strip():
            continue
        old = before.get(row.get("was", ""))
        name = old.name if old and words_of(old.name) == row["name"] else name_of(row["name"])
        kind = row.get("kind") or "string"
        rest = dict(old.rest) if old else {}
        found.append((old.name if old else "", Variable(name, kind, row["words"], row["value"], rest)))
    return found
