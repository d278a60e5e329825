"""/incidents/{reference}/duties/: one's own legal and contractual clocks, and those that others have shared."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from incidents.api.shapes import NULL, incident_named
from incidents.duties.saying import Saying, say
from incidents.models import Duty, DutyRevision
from portal.api.documented import example, page_of_shape
from portal.api.endpoint import Endpoint, body_of
from portal.api.fields import OPTIONAL, Flag, Instant, PageQuery, Strict, Text
from portal.api.paging import page_of
from portal.api.rendering import answer

PERSON = ("duties",)  # a scope that no key can have: when we were aware is a person's judgement
# What is written down about sharing comes under the one act of that name.
ACTS = [act for act in DutyRevision.Act.values if act not in {"assess", "start", "unshare"}]


class DutyListed(serializers.Serializer):
    """As the organisation's catalogue had it when the incident came. Yours alone, and what others share with you."""

    id = serializers.UUIDField()
    organisation = serializers.CharField()
    kind = serializers.CharField(help_text="The line of the catalogue, for example `ico_72h`.")
    words = serializers.CharField()
    source = serializers.CharField(help_text="Law or contract.")  # type: ignore[assignment]
    state = serializers.ChoiceField(Duty.State.values)
    starts = serializers.CharField(help_text="`aware`: by a person alone; `reached` and `notice`: by itself.")
    hours = serializers.IntegerField(help_text="How long there is. 0: without undue delay.")
    rule = serializers.CharField(help_text="`clock`: every hour counts. `working`: Monday to Friday, 9 to 17.")
    aware_at = serializers.DateTimeField(help_text="Set by a person, never by opening.", **NULL)
    due_at = serializers.DateTimeField(**NULL)
    reported_at = serializers.DateTimeField(**NULL)
    route = serializers.CharField(help_text="By which it was reported.")
    reference = serializers.CharField()
    delay = serializers.CharField(help_text="Why it was reported after it was due.")
    settled_at = serializers.DateTimeField(**NULL)
    decision = serializers.CharField(help_text="Why no report is needed.", **NULL)
    shared = serializers.ChoiceField(Duty.Shared.values, help_text="Who else reads it.")


class SayingForm(Strict):
    act = serializers.ChoiceField(
        ACTS,
        help_text="`aware`, `correct`, `no_report`, `reopen`: for the role that judges the duty, of `ico_72h` the data "
        "protection officer.",
    )
    at = Instant(help_text="Of aware and correct when you became aware; of a report when it was made.", **OPTIONAL)
    words = Text(max_length=2000, allow_blank=True, help_text="Who decided, on what evidence; or why.", **OPTIONAL)
    route = Text(max_length=200, allow_blank=True, help_text="Of a report.", **OPTIONAL)
    reference = Text(max_length=100, allow_blank=True, help_text="Of a report or a follow-up.", **OPTIONAL)
    delay = Text(max_length=2000, allow_blank=True, help_text="Why it was reported late.", **OPTIONAL)
    whom = serializers.ChoiceField(Duty.Shared.values, help_text="Of sharing.", **OPTIONAL)
    sure = Flag(
        help_text="That a time of becoming aware long before the incident is right (asked by a 409).", **OPTIONAL
    )


class Duties(Endpoint):
    queries = {"get": PageQuery}

    @extend_schema(
        summary="Your own legal and contractual deadlines, and those shared with you",
        responses=page_of_shape(DutyListed),
    )
    def get(self, request: Request, reference: str) -> HttpResponse:
        rows = Duty.objects.filter(incident=incident_named(reference)).select_related("organisation")
        page = page_of(request, rows, by=("kind", "id"), asked=self.asked)
        return answer(page.shown(_duty))


class DutySayings(Endpoint):
    scopes = {"post": PERSON}

    @extend_schema(
        summary="Say something of your own duty: aware, reported, no report needed, shared",
        description="A person's session alone: no key says when you were aware. What was said before is kept; the same "
        "again changes nothing.",
        request=SayingForm,
        responses={200: DutyListed},
        examples=example(
            act="aware", at="2026-11-26T08:10:00Z", words="S. Osei: payroll files listed on the intruder's page."
        ),
    )
    def post(self, request: Request, reference: str, duty_id: UUID) -> HttpResponse:
        incident = incident_named(reference)
        mine = Duty.objects.filter(incident=incident, organisation_id=self.visitor.organisation_id, pk=duty_id)
        duty = mine.select_related("organisation").first()
        if duty is None:
            raise Http404
        said = body_of(request, SayingForm)
        words = {name: said.get(name) or "" for name in ("words", "route", "reference", "delay", "whom")}
        say(duty, Saying(said["act"], said.get("at"), **words, sure=bool(said.get("sure"))))
        duty.refresh_from_db()
        return answer(_duty(duty))


def _duty(duty: Duty) -> dict[str, Any]:
    return {
        "id": duty.pk,
        "organisation": duty.organisation.slug,
        "kind": duty.kind,
        "words": duty.name,
        "source": duty.source,
        "state": duty.state,
        "starts": duty.starts,
        "hours": duty.hours,
        "rule": duty.rule,
        "aware_at": duty.aware_at,
        "due_at": duty.due_at,
        "reported_at": duty.reported_at,
        "route": duty.route,
        "reference": duty.reference,
        "delay": duty.delay,
        "settled_at": duty.settled_at,
        "decision": duty.decision or None,
        "shared": duty.shared,
    }
