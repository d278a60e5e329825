"""/incidents/{reference}/decisions/ and /decisions/: what the plan asks the lead, and what the lead chose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from incidents.api.shapes import NULL, incident_named
from incidents.cacao.parts import variables_in
from incidents.models import Decision, Incident, RunAnswer
from incidents.running.deciding import LONGEST_WHY, choose, question, words_of
from partners.acting import actor_of
from partners.models import Organisation
from portal.api.documented import example, page_of_shape
from portal.api.endpoint import Endpoint, body_of
from portal.api.fields import PageQuery, Strict, Text
from portal.api.paging import page_of
from portal.api.rendering import answer

LONGEST_CHOICE = 20_000  # as a text of a playbook
WAITING = Q(chosen=None, withdrawn_at=None) & ~Q(incident__status=Incident.Status.CLOSED)


class DecisionQuery(PageQuery):
    open = serializers.ChoiceField(
        ["true", "false"], required=False, help_text="Whether the lead can still choose. Default: all."
    )


class Chosen(Text):
    """A choice to the letter, its spaces too; empty where that is one."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=LONGEST_CHOICE, allow_blank=True, **kwargs)
        self.trim_whitespace = False


class ChooseForm(Strict):
    chosen = Chosen(help_text="The `value` of one of the choices.")
    why = Text(max_length=LONGEST_WHY, help_text="It goes into the record: the deputy lead and the provider read it.")


class ChoiceShown(serializers.Serializer):
    value = serializers.CharField()
    words = serializers.CharField()


class RunAnswerShown(serializers.Serializer):
    organisation = serializers.CharField()
    name = serializers.CharField()
    value = serializers.CharField()


class DecisionShown(serializers.Serializer):
    id = serializers.UUIDField()
    step = serializers.CharField(help_text="The name of the step that asks.")
    kind = serializers.ChoiceField(
        Decision.Kind.values,
        help_text="`choose`: which way. `repeat`: once more or not. `bound`: repeated as often as it may be. `failed`: "
        "a step failed, and the plan does not say what then.",
    )
    question = serializers.CharField()
    condition = serializers.CharField(help_text="As the playbook has it; empty where it is about none.")
    choices = ChoiceShown(many=True)
    answers = RunAnswerShown(many=True, help_text="What organisations answered to what it is about: for the lead.")
    asked_at = serializers.DateTimeField()
    chosen = serializers.CharField(help_text="Null until the lead has chosen; empty is a choice, too.", **NULL)
    why = serializers.CharField()
    chosen_by = serializers.CharField(help_text="The organisation that led then.", **NULL)
    chosen_at = serializers.DateTimeField(**NULL)
    withdrawn_at = serializers.DateTimeField(
        help_text="It became known, or the run went another way: nothing is to be chosen any more.", **NULL
    )


class Decisions(Endpoint):
    queries = {"get": DecisionQuery}

    @extend_schema(
        summary="What the plan asks the lead, the oldest first",
        description="For lead, deputy lead and provider; the others get an empty list.",
        responses=page_of_shape(DecisionShown),
    )
    def get(self, request: Request, reference: str) -> HttpResponse:
        incident = incident_named(reference)
        rows = _decisions().filter(incident=incident)
        if "open" in self.asked:
            rows = rows.filter(WAITING if self.asked["open"] == "true" else ~WAITING)
        page = page_of(request, rows, by=("asked_at", "id"), asked=self.asked)
        said = _answers(incident.pk, page.rows)
        return answer(page.shown(lambda each: _shown(each, said)))


class Choose(Endpoint):
    scopes = {"post": ("open",)}

    @extend_schema(
        summary="The lead chooses how the plan goes on, once, and says why. Never a key",
        description="The same choice again changes nothing; another one is 409, as it is once the plan has gone "
        "another way, the incident is closed or the exercise put aside.",
        request=ChooseForm,
        responses={200: DecisionShown},
        examples=example(chosen="true", why="Two councils saw it themselves."),
    )
    def post(self, request: Request, decision_id: UUID) -> HttpResponse:
        said = body_of(request, ChooseForm)
        choose(decision_id=decision_id, actor=actor_of(self.visitor), chosen=said["chosen"], why=said["why"])
        decision = _decisions().get(pk=decision_id)
        return answer(_shown(decision, _answers(decision.incident_id, [decision])))


def _decisions() -> QuerySet[Decision]:
    by = Organisation.objects.filter(pk=OuterRef("chosen_by_organisation_id")).values("slug")[:1]
    return Decision.objects.annotate(chosen_by=Subquery(by))


Said = Mapping[str, Sequence[RunAnswer]]


def _answers(incident_id: UUID, decisions: Sequence[Decision]) -> Said:
    """By name, what organisations answered that the reader may see. One query, none where nothing is asked about."""
    names = {name for each in decisions for name in variables_in(each.condition)}
    found: dict[str, list[RunAnswer]] = {name: [] for name in names}
    rows = RunAnswer.objects.filter(incident_id=incident_id, name__in=names).select_related("organisation")
    for each in rows.order_by("organisation__slug", "name", "at") if names else ():
        found[each.name].append(each)
    return found


def _shown(decision: Decision, said: Said) -> dict[str, Any]:
    return {
        "id": decision.pk,
        "step": decision.name,
        "kind": decision.kind,
        "question": question(decision),
        "condition": decision.condition,
        "choices": [{"value": each, "words": str(words_of(decision, each))} for each in decision.choices],
        "answers": [
            {"organisation": each.organisation.slug, "name": each.name, "value": each.value}
            for name in sorted(variables_in(decision.condition))
            for each in said[name]
        ],
        "asked_at": decision.asked_at,
        "chosen": decision.chosen,
        "why": decision.why,
        "chosen_by": decision.chosen_by,  # type: ignore[attr-defined]
        "chosen_at": decision.chosen_at,
        "withdrawn_at": decision.withdrawn_at,
    }
