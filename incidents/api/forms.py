"""What callers send: the bodies and query parameters of incidents."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from incidents.api.planned import PlannedDetails
from incidents.left_untold import LeftUntold
from incidents.models import Incident
from incidents.models.untold import LONGEST_REASON
from incidents.opening import Confirmed, Opening
from portal.api.fields import OPTIONAL, Flag, Instant, PageQuery, Query, Strict, Text, WebAddress, Whole

LONGEST_TEXT = 4000
MOST_NAMED = 100


class ConfirmedForm(Strict):
    organisation = Text(max_length=100, help_text="Slug of the organisation at which the intruder was seen.")
    reported_by = Text(help_text="Name and role of the person there who says so.")


class UntoldForm(Strict):
    organisation = Text(max_length=100, help_text="Slug of an organisation in reach that is not told.")
    because = Text(max_length=LONGEST_REASON, help_text="Why not: lead, deputy lead and provider read it.")


class SourceForm(Strict):
    name = Text(help_text="The tool or service that this came from.")
    reference = Text(**OPTIONAL)
    url = WebAddress(**OPTIONAL)


KINDS = ("incident", "exercise", "planned")
OF_PLANNED = frozenset({"kind", "title", "systems", "planned"})


class OpeningForm(Strict):
    """What is known when an incident is opened. At least one of `systems`, `accounts` and `confirmed` is needed.

    With `kind` planned it announces work on systems that the caller hosts or administers: `title`, `systems` and
    `planned` are needed, and nothing else is taken.
    """

    title = Text()
    systems = serializers.ListField(child=Text(max_length=100), max_length=MOST_NAMED, **OPTIONAL)
    accounts = serializers.ListField(child=Text(), max_length=MOST_NAMED, **OPTIONAL)
    confirmed = serializers.ListField(child=ConfirmedForm(), max_length=MOST_NAMED, **OPTIONAL)
    summary = Text(max_length=LONGEST_TEXT, allow_blank=True, **OPTIONAL)
    severity = Whole(min_value=1, max_value=6, help_text="Our estimate on the national scale, 1 is worst.", **OPTIONAL)
    tlp = serializers.ChoiceField(Incident.Tlp.values, help_text="Default: amber.", **OPTIONAL)
    exercise = Flag(help_text="Default: false.", **OPTIONAL)
    stage = serializers.ChoiceField(["open", "suspected"], help_text="Default: open.", **OPTIONAL)
    playbook = Text(max_length=100, help_text="Slug; default: shared-platform-containment.", **OPTIONAL)
    techniques = serializers.ListField(
        child=serializers.RegexField(r"^T[0-9]{4}(\.[0-9]{3})?$", max_length=9), max_length=MOST_NAMED, **OPTIONAL
    )
    detected_at = Instant(**OPTIONAL)
    source = SourceForm(**OPTIONAL)  # type: ignore[assignment]
    tasks_due_minutes = Whole(
        min_value=1, max_value=60 * 24 * 365, help_text="Instead of the finish minutes of each step.", **OPTIONAL
    )

    untold = serializers.ListField(
        child=UntoldForm(),
        max_length=MOST_NAMED,
        help_text="Organisations in reach that take no part and are not told until the lead tells them.",
        **OPTIONAL,
    )
    kind = serializers.ChoiceField(KINDS, help_text="Default: incident, or exercise when that is said.", **OPTIONAL)
    planned = PlannedDetails(**OPTIONAL)

    def validate(self, said: dict[str, Any]) -> dict[str, Any]:
        kind = said.get("kind", "exercise" if said.get("exercise") else "incident")
        if kind != "planned":
            if "planned" in said:
                raise serializers.ValidationError({"planned": "Only with `kind` planned."})
            if said.get("exercise", kind == "exercise") != (kind == "exercise"):
                raise serializers.ValidationError({"exercise": "`kind` says something else."})
            return {**said, "exercise": kind == "exercise"}
        faults = dict.fromkeys(said.keys() - OF_PLANNED, "Not for planned work.")
        faults |= {name: "Planned work needs it." for name in ("systems", "planned") if not said.get(name)}
        if faults:
            raise serializers.ValidationError(faults)
        return said

    @staticmethod
    def opening_of(said: dict[str, Any]) -> Opening:
        return Opening(
            title=said["title"],
            systems=tuple(said.get("systems", ())),
            accounts=tuple(said.get("accounts", ())),
            confirmed=tuple(Confirmed(**each) for each in said.get("confirmed", ())),
            summary=said.get("summary", ""),
            severity=said.get("severity"),
            tlp=said.get("tlp", "amber"),
            exercise=said.get("exercise", False),
            suspected=said.get("stage") == "suspected",
            playbook=said.get("playbook", ""),
            techniques=tuple(said.get("techniques", ())),
            detected_at=said.get("detected_at"),
            source=said.get("source"),
            tasks_due_minutes=said.get("tasks_due_minutes"),
            untold=tuple(LeftUntold(**each) for each in said.get("untold", ())),
        )


class IncidentEdit(Strict):
    """What the lead corrects afterwards; null empties a field. `If-Match` is needed."""

    nulls_clear = True

    title = Text(required=False)
    summary = Text(max_length=LONGEST_TEXT, allow_blank=True, required=False)
    severity = Whole(min_value=1, max_value=6, **OPTIONAL)
    meeting_point = Text(allow_blank=True, required=False)
    next_update_at = Instant(**OPTIONAL)


class IncidentQuery(PageQuery):
    status = serializers.ChoiceField(Incident.Status.values, required=False)
    exercise = serializers.ChoiceField(["true", "false"], required=False)
    kind = serializers.ChoiceField(
        KINDS, required=False, help_text="Without it: incidents and exercises. `planned` lists planned work instead."
    )

    def validate(self, asked: dict[str, Any]) -> dict[str, Any]:
        others = [name for name in ("status", "exercise") if name in asked]
        if asked.get("kind") == "planned" and others:
            raise serializers.ValidationError(dict.fromkeys(others, "Not of planned work."))
        return asked


class UpdateForm(Strict):
    text = Text(max_length=LONGEST_TEXT)
    next_update_at = Instant(help_text="When the next one comes.", **OPTIONAL)


class SystemsForm(Strict):
    systems = serializers.ListField(child=Text(max_length=100), min_length=1, max_length=MOST_NAMED)


class ParticipantsForm(Strict):
    organisations = serializers.ListField(child=Text(max_length=100), min_length=1, max_length=MOST_NAMED)
    because = Text(max_length=1000, help_text="Why they take part: they read it.")


class MoveForm(Strict):
    to = serializers.ChoiceField(Incident.Status.values)
    reason = Text(max_length=LONGEST_TEXT, allow_blank=True, help_text="A step back needs one.", **OPTIONAL)
    outcome = serializers.ChoiceField(Incident.Outcome.values, help_text="Needed for `closed`.", **OPTIONAL)


class OwnReferenceForm(Strict):
    text = Text(help_text="The number under which your service desk knows it.")


class StreamQuery(Query):
    after = serializers.IntegerField(
        required=False, min_value=0, max_value=2**62, default=0, help_text="The last number that you have; 0: none."
    )
    limit = serializers.IntegerField(required=False, min_value=1, max_value=1000, default=100)
