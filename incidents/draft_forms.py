"""Forms of the editor of playbooks. What is unfinished may be saved; see `incidents.writing.faults`."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from incidents.cacao.extension import LONGEST, LONGEST_SHORT_TITLE
from incidents.cacao.receiving import LONGEST_TEXT
from incidents.running.values import read_one, wanted
from incidents.techniques.facts import Technique, search, technique
from incidents.writing.depending import NoValue, case_of, expression, parts_of, words_of_case
from incidents.writing.edits import name_of, title_of, words_of
from incidents.writing.outline import END, Act, Block, Lane, Outline, Variable

TYPES = [
    ("mitigation", _("Stop harm")),
    ("notification", _("Tell people")),
    ("investigation", _("Find out")),
    ("detection", _("Notice it")),
    ("remediation", _("Bring back")),
    ("prevention", _("Prepare")),
]
AUDIENCES = [
    ("all", _("Everybody who takes part")),
    ("councils", _("Each council")),
    ("provider", _("The provider")),
    ("lead", _("The lead")),
]
JOINS = [
    ("own", _("Each organisation goes on when its own is done")),
    ("all_not_exempt", _("When all are done, but those who declined or do not need it")),
    ("all", _("When all are done, without exception")),
    ("lead", _("When the lead's is done")),
]
VARIABLE_KINDS = [
    ("bool", _("Yes or no")),
    ("string", _("Words")),
    ("integer", _("A whole number")),
    ("ipv4-addr", _("An IPv4 address")),
    ("uri", _("A web address")),
]
LINES = LONGEST_TEXT
MOST_TECHNIQUES = 30


class PlainText(forms.CharField):
    """Optional words, without NUL, line ends as one sign."""

    def __init__(self, *, max_length: int = LINES, **kwargs: Any) -> None:
        super().__init__(max_length=max_length, **{"required": False, **kwargs})

    def to_python(self, value: Any) -> str:
        return (super().to_python(value) or "").replace("\r\n", "\n")


class NewForm(forms.Form):
    """Begin a playbook."""

    name = forms.CharField(max_length=200, error_messages={"required": _("Give it a name, for example: Loss of mail.")})


class AboutForm(forms.Form):
    """What the playbook is called and is for."""

    name = forms.CharField(max_length=200, error_messages={"required": _("The playbook needs a name.")})
    description = PlainText()
    types = forms.MultipleChoiceField(
        choices=TYPES, error_messages={"required": _("Say what the playbook is for: choose at least one.")}
    )

    def write(self, outline: Outline) -> None:
        said = self.cleaned_data
        kept = [each for each in outline.types if each not in dict(TYPES)]
        outline.name, outline.description = said["name"], said["description"]
        outline.types = [*said["types"], *kept]
        outline.rest.pop("playbook_activities", None)


class ActForm(forms.Form):
    """One step of people: who, by when, the seven lines, proof, techniques."""

    title = PlainText(max_length=120)
    do = PlainText()
    why = PlainText()
    who = PlainText()
    stops = PlainText()
    worked = PlainText()
    undo = PlainText()
    cannot = PlainText()
    evidence = PlainText()
    audience = forms.ChoiceField(choices=AUDIENCES)
    acknowledge_minutes = forms.IntegerField(min_value=1, max_value=LONGEST)
    finish_minutes = forms.IntegerField(min_value=1, max_value=LONGEST)
    join = forms.ChoiceField(choices=JOINS)
    failure = forms.ChoiceField(required=False)
    short_title = PlainText(max_length=LONGEST_SHORT_TITLE)
    contains = forms.BooleanField(required=False)
    confirmed_by_council = forms.BooleanField(required=False)
    typed_confirmation = forms.BooleanField(required=False)
    answers = forms.MultipleChoiceField(required=False)
    techniques = forms.MultipleChoiceField(required=False)
    find = PlainText(max_length=100)

    PLAIN = (
        "title", "do", "why", "who", "stops", "worked", "undo", "cannot", "evidence", "audience",
        "acknowledge_minutes", "finish_minutes", "join", "failure", "short_title", "contains", "confirmed_by_council",
        "typed_confirmation", "answers", "techniques",
    )  # fmt: skip

    def __init__(self, data: Any, *, act: Act, outline: Outline, lane: Lane) -> None:
        super().__init__(data, initial={name: getattr(act, name) for name in self.PLAIN})
        self.act = act
        at = lane.items.index(act) if act in lane.items else len(lane.items)
        later = [(each.id, f"Go on with: {title_of(each)}") for each in lane.items[at + 1 :]]
        choices = [("", _("Go on as if it were done")), *later, (END, _("Go to the end of this list"))]
        self.fields["failure"].choices = choices  # type: ignore[attr-defined]
        known = {each.name: each.words or words_of(each.name) for each in outline.variables}
        known |= {name: words_of(name) for name in act.answers}
        self.fields["answers"].choices = list(known.items())  # type: ignore[attr-defined]
        asked = (data.getlist("techniques") if data is not None else []) + act.techniques
        named = [each for each in dict.fromkeys(asked) if each in act.techniques or technique(each)]
        self.fields["techniques"].choices = [(each, each) for each in named]  # type: ignore[attr-defined]
        self.keeps_commands = "commands" in act.rest

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        accept, finish = said.get("acknowledge_minutes"), said.get("finish_minutes")
        if accept and finish and accept > finish:
            self.add_error("acknowledge_minutes", _("A step is accepted before it is finished: give fewer minutes."))
        if len(said.get("techniques", [])) > MOST_TECHNIQUES:
            self.add_error("techniques", _("At most 30 techniques a step."))
        return said

    def write(self, act: Act) -> None:
        said = self.cleaned_data
        if said["audience"] != act.audience:
            act.rest.pop("agent", None)  # the document's own word for who does it holds no more
        if said["finish_minutes"] != act.finish_minutes:
            act.rest.pop("timeout", None)
        for name in self.PLAIN:
            setattr(act, name, said[name])

    @property
    def chosen(self) -> list[Technique]:
        keys = self["techniques"].value() or []
        return [found for each in keys if (found := technique(each)) or (found := _unknown(each))]

    @property
    def found(self) -> list[Technique]:
        """What was searched for and is not chosen yet."""
        words = str(self["find"].value() or "")
        chosen = set(self["techniques"].value() or [])
        return [each for each in search(words) if each.id not in chosen]


def _unknown(key: str) -> Technique:
    return Technique(key, str(_("not in the lists")), "d3fend", (), "")


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
