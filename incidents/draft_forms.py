"""Forms of the editor of playbooks. What is unfinished may be saved; see `incidents.writing.faults`."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from incidents.cacao.extension import LONGEST, LONGEST_SHORT_TITLE, ONE, one_named
from incidents.cacao.receiving import LONGEST_TEXT
from incidents.techniques.facts import Technique, search, technique
from incidents.writing.edits import title_of, words_of
from incidents.writing.outline import END, Act, Lane, Outline
from partners.models import Organisation

TYPES = [
    ("mitigation", _("Stop harm")),
    ("notification", _("Tell people")),
    ("investigation", _("Find out")),
    ("detection", _("Notice it")),
    ("remediation", _("Bring back")),
    ("prevention", _("Prepare")),
]
ONE_ALONE = "organisation"
AUDIENCES = [
    ("all", _("Everybody who takes part")),
    ("councils", _("Each council")),
    ("provider", _("The provider")),
    ("lead", _("The lead")),
    ("deputy_lead", _("The deputy lead")),
    (ONE_ALONE, _("One organisation alone, chosen below")),
]
JOINS = [
    ("own", _("Each organisation goes on when its own is done")),
    ("all_not_exempt", _("When all are done, but those who declined or do not need it")),
    ("all", _("When all are done, without exception")),
    ("lead", _("When the lead's is done")),
]
LINES = LONGEST_TEXT
A_DAY = _("This must be a day, such as 2027-04-30.")
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
    valid_from = forms.DateField(required=False, error_messages={"invalid": A_DAY})
    valid_until = forms.DateField(required=False, error_messages={"invalid": A_DAY})
    revoked = forms.BooleanField(required=False)

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        begins, ends = said.get("valid_from"), said.get("valid_until")
        if begins and ends and begins > ends:
            self.add_error("valid_until", _("Choose the day on which it begins, or a later one."))
        return said

    def write(self, outline: Outline) -> None:
        said = self.cleaned_data
        for name, clock in (("valid_from", "T00:00:00.000Z"), ("valid_until", "T23:59:59.999Z")):
            day = said[name].isoformat() if said[name] else ""
            if day != str(outline.rest.get(name, ""))[:10]:  # a day that did not change keeps its time to the letter
                outline.rest.pop(name, None)
                outline.rest |= {name: day + clock} if day else {}
        if said["revoked"] != bool(outline.rest.get("revoked")):
            outline.rest.pop("revoked", None)
            outline.rest |= {"revoked": True} if said["revoked"] else {}
        kept = [each for each in outline.types if each not in dict(TYPES)]
        outline.name, outline.description = said["name"], said["description"]
        outline.types = [*said["types"], *kept]
        outline.rest.pop("playbook_activities", None)


def about_initial(outline: Outline) -> dict[str, Any]:
    """What `AboutForm` begins with. Days are those of UTC, as the document's times are."""
    days = {name: str(outline.rest.get(name, ""))[:10] for name in ("valid_from", "valid_until")}
    said = {"name": outline.name, "description": outline.description, "types": outline.types}
    return {**said, **days, "revoked": bool(outline.rest.get("revoked"))}


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
    one_alone = forms.ChoiceField(required=False)
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
        one = ONE.fullmatch(act.audience)
        initial = {name: getattr(act, name) for name in self.PLAIN}
        super().__init__(data, initial=initial | ({"audience": ONE_ALONE, "one_alone": one[1]} if one else {}))
        self.act = act
        names = dict(Organisation.objects.order_by("name").values_list("slug", "name"))
        if one:
            names.setdefault(one[1], one_named(act.audience))  # named by somebody else, or gone
        self.fields["one_alone"].choices = [("", _("Choose")), *names.items()]  # type: ignore[attr-defined]
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
        if said.get("audience") == ONE_ALONE:
            if not said.get("one_alone"):
                self.add_error("one_alone", _("Choose the organisation."))
            said["audience"] = f"organisation:{said.get('one_alone')}"
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
