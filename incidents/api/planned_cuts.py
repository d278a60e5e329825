"""/incidents/{reference}/cuts/: planned cuts, answers to them, and the decision, which a person takes by name."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from incidents.api.data_positions import PERSON
from incidents.api.shapes import NULL, incident_named
from incidents.errors import Fault, Invalid
from incidents.models import Incident, PlannedCut
from incidents.planned_cuts.choosing import Choice, What
from incidents.planned_cuts.planning import LONGEST, LONGEST_ASK, Plan, answer_cut, decide_cut, end_cut, plan_cut
from incidents.planned_cuts.shown import newest
from partners.models import Dependency, SharedSystem
from portal.api.documented import example, page_of_shape
from portal.api.endpoint import Endpoint, body_of
from portal.api.fields import OPTIONAL, Instant, PageQuery, Strict, Text, Whole
from portal.api.paging import page_of
from portal.api.rendering import answer

ANSWERS = ("agrees", "objects", "silent", "not_asked")


class CutSideShown(serializers.Serializer):
    """What stops for one organisation, frozen when it was planned. `silent` is no agreement. `not_asked`: it takes no
    part in the incident, joined later, or wrote this revision itself."""

    organisation = serializers.CharField()
    services = serializers.ListField(child=serializers.CharField())
    systems = serializers.ListField(child=serializers.CharField())
    loses = serializers.ListField(child=serializers.CharField(), help_text="What the cut links carry, in words.")
    runs_an_end = serializers.BooleanField()
    safety_critical = serializers.BooleanField()
    fallback = serializers.CharField()
    answer = serializers.ChoiceField(ANSWERS)
    reason = serializers.CharField(help_text="Of an objection.")
    answered_at = serializers.DateTimeField(**NULL)


class CutShown(serializers.Serializer):
    """Planner, lead, deputy lead and provider read every side, whoever is asked its own; nobody else knows of it."""

    id = serializers.UUIDField()
    title = serializers.CharField()
    planner = serializers.CharField()
    what = serializers.ChoiceField(What.values)
    status = serializers.ChoiceField(PlannedCut.Status.values)
    revision = serializers.IntegerField(help_text="Counts changes; say it when you answer or decide.")
    how = serializers.CharField()
    ask = serializers.CharField()
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField(help_text="Null: until the planner says otherwise.", **NULL)
    planned_at = serializers.DateTimeField()
    decided_at = serializers.DateTimeField(**NULL)
    decided_by = serializers.CharField(help_text="The person who said that it goes ahead; empty: nobody yet.")
    decided_for = serializers.CharField(help_text="That person's organisation.", **NULL)
    decided_because = serializers.CharField()
    ended_at = serializers.DateTimeField(**NULL)
    sides = CutSideShown(many=True)


class CutPlan(Strict):
    what = serializers.ChoiceField(What.values)
    link = serializers.UUIDField(help_text="Of `link`: its id in the register.", **OPTIONAL)
    group = Text(help_text="Of `group`: its name. Every link of that group on the way is cut.", **OPTIONAL)
    system = Text(max_length=64, help_text="Of `system`: its slug. All of its links are cut.", **OPTIONAL)
    how = Text(max_length=LONGEST, help_text="What is done, and by whom. Everybody who is asked reads it.")
    ask = Text(max_length=LONGEST_ASK, help_text="A name and a number that is manned.")
    starts_at = Instant(help_text="From now on, within 30 days.")
    ends_at = Instant(help_text="Within 90 days of the start. Left out: until you say otherwise.", **OPTIONAL)


class CutChange(CutPlan):
    why = Text(max_length=LONGEST, help_text="Everybody who is asked reads it.")


class CutAnswer(Strict):
    answer = serializers.ChoiceField(["agrees", "objects"])
    reason = Text(max_length=LONGEST, allow_blank=True, help_text="An objection needs one.", **OPTIONAL)
    revision = Whole(min_value=1, max_value=32767, help_text="The one that you looked at.")


class CutDecision(Strict):
    why = Text(
        max_length=LONGEST, allow_blank=True, help_text="Needed when somebody objects or has not answered.", **OPTIONAL
    )
    revision = Whole(min_value=1, max_value=32767, help_text="The one that you looked at.")
    newest_objection = Instant(
        help_text="`answered_at` of the newest objection that you read; left out: there was none.", **OPTIONAL
    )


class CutEnd(Strict):
    words = Text(max_length=LONGEST, allow_blank=True, help_text="Needed to call it off.", **OPTIONAL)
    revision = Whole(min_value=1, max_value=32767, help_text="The one that you looked at.")


class Cuts(Endpoint):
    scopes = {"get": ("read",), "post": ("open",)}
    queries = {"get": PageQuery}

    @extend_schema(summary="Planned cuts that concern you", responses=page_of_shape(CutShown))
    def get(self, request: Request, reference: str) -> HttpResponse:
        rows = _rows().filter(incident=incident_named(reference))
        page = page_of(request, rows, by=("planned_at", "id"), asked=self.asked, descending=True)
        return answer(page.shown(_shown))

    @extend_schema(
        summary="Plan a cut and ask everybody whom it stops something for",
        description="Lead, deputy lead and provider plan any cut on the way of the incident, everybody else where it "
        "runs an end. What stops for whom is worked out now and kept. Nothing is cut by it: it goes ahead when a named "
        "person says so.",
        request=CutPlan,
        responses={201: CutShown},
        examples=example(
            what="group", group="NG-ADM", how="The group's members lose their rights.", ask="Grace Hall, 01632 960110",
            starts_at="2026-12-01T20:00:00Z",
        ),
    )  # fmt: skip
    def post(self, request: Request, reference: str) -> HttpResponse:
        incident = incident_named(reference)
        made = plan_cut(incident, _plan(body_of(request, CutPlan), incident))
        return answer(_shown(_rows().get(pk=made.pk)), status=201)


class CutChanges(Endpoint):
    scopes = {"post": ("open",)}

    @extend_schema(
        summary="Change a planned cut's time or extent, and ask again",
        description="For its planner and the lead. What was decided and answered does not hold for the new revision.",
        request=CutChange,
        responses=CutShown,
    )
    def post(self, request: Request, reference: str, cut_id: UUID) -> HttpResponse:
        incident, cut = _named(reference, cut_id)
        plan_cut(incident, _plan(body_of(request, CutChange), incident), former=cut)
        return answer(_shown(_rows().get(pk=cut.pk)))


class CutAnswers(Endpoint):
    scopes = {"post": ("answer",)}

    @extend_schema(
        summary="Agree to a planned cut for your organisation, or object with a reason",
        description="The same again changes nothing. 403 when you are not asked, 409 when it is over or was changed.",
        request=CutAnswer,
        responses=CutShown,
        examples=example(answer="objects", reason="Telecare has no fallback here.", revision=1),
    )
    def post(self, request: Request, reference: str, cut_id: UUID) -> HttpResponse:
        _incident, cut = _named(reference, cut_id)
        said = body_of(request, CutAnswer)
        answer_cut(cut, say=said["answer"], why=said.get("reason") or "", seen=said["revision"])
        return answer(_shown(_rows().get(pk=cut.pk)))


class CutDecisions(Endpoint):
    scopes = {"post": PERSON}

    @extend_schema(
        summary="Say by name that a planned cut goes ahead",
        description="A person's own session only, of the planner or of the lead. Silence is never an agreement. 409 "
        "when there is an objection that you have not read, or somebody joined who was never asked.",
        request=CutDecision,
        responses=CutShown,
        examples=example(why="The intruder is in the group now.", revision=1, newest_objection="2026-12-01T19:12:04Z"),
    )
    def post(self, request: Request, reference: str, cut_id: UUID) -> HttpResponse:
        _incident, cut = _named(reference, cut_id)
        said = body_of(request, CutDecision)
        objected = said.get("newest_objection")
        decide_cut(cut, why=said.get("why") or "", seen=said["revision"], objected=objected)
        return answer(_shown(_rows().get(pk=cut.pk)))


class _Ends(Endpoint):
    scopes = {"post": ("open",)}
    how = ""

    def _end(self, request: Request, reference: str, cut_id: UUID) -> HttpResponse:
        _incident, cut = _named(reference, cut_id)
        said = body_of(request, CutEnd)
        end_cut(cut, how=self.how, words=said.get("words") or "", seen=said["revision"])
        return answer(_shown(_rows().get(pk=cut.pk)))


class CutDone(_Ends):
    how = "done"

    @extend_schema(summary="Say that a decided cut is done", request=CutEnd, responses=CutShown)
    def post(self, request: Request, reference: str, cut_id: UUID) -> HttpResponse:
        return self._end(request, reference, cut_id)


class CutCallOff(_Ends):
    how = "called_off"

    @extend_schema(summary="Call a planned cut off, with a reason", request=CutEnd, responses=CutShown)
    def post(self, request: Request, reference: str, cut_id: UUID) -> HttpResponse:
        return self._end(request, reference, cut_id)


def _rows() -> QuerySet[PlannedCut]:
    return PlannedCut.objects.select_related("planner", "decided_for").prefetch_related("sides")


def _named(reference: str, cut_id: UUID) -> tuple[Incident, PlannedCut]:
    incident = incident_named(reference)
    cut = PlannedCut.objects.filter(pk=cut_id, incident=incident).first()
    if cut is None:
        raise Http404
    return incident, cut


def _plan(said: dict[str, Any], incident: Incident) -> Plan:
    """What is named becomes ids of the register; what is not the caller's to cut the database refuses.

    Raises:
        Invalid: nothing of that kind is named, or nothing of that name is known to the caller.
    """
    what = said["what"]
    named = {name: said.get(name) for name in What.values if said.get(name) is not None}
    if set(named) != {what}:
        raise Invalid([Fault(f"/{what}", f"Name the {what}, and nothing else to be cut.")])
    links: tuple[UUID, ...] = ()
    systems: tuple[UUID, ...] = ()
    if what == What.LINK:
        links = (UUID(str(named[what])),)
    elif what == What.GROUP:
        found = Dependency.objects.filter(group=named[what]).exclude(
            cut_source_at__isnull=False, cut_target_at__isnull=False
        )
        links = tuple(found.values_list("pk", flat=True))
    else:
        systems = tuple(SharedSystem.objects.filter(slug=named[what]).values_list("pk", flat=True))
    if not links and not systems:
        raise Invalid([Fault(f"/{what}", f"No {what} of this name that you can see in the register.")])
    return Plan(
        Choice("", "", what, links, systems),
        how=said["how"],
        ask=said["ask"],
        starts_at=said["starts_at"],
        ends_at=said.get("ends_at"),
        why=said.get("why") or "",
    )


def _shown(cut: PlannedCut) -> dict[str, Any]:
    plain = (
        "id", "title", "what", "status", "revision", "how", "ask", "starts_at", "ends_at", "planned_at", "decided_at",
        "decided_because", "ended_at",
    )  # fmt: skip
    return {
        **{name: getattr(cut, name) for name in plain},
        "planner": cut.planner.slug,
        "decided_by": cut.decided_by_name,
        "decided_for": cut.decided_for.slug if cut.decided_for else None,
        "sides": [
            {
                "organisation": side.slug,
                "services": side.services,
                "systems": side.systems,
                "loses": side.loses,
                "runs_an_end": side.runs_an_end,
                "safety_critical": side.critical,
                "fallback": side.fallback,
                "answer": side.answer or ("silent" if side.asked else "not_asked"),
                "reason": side.reason,
                "answered_at": side.answered_at,
            }
            for side in newest(cut, cut.sides.all())
        ],
    }
