"""/access-findings/: findings of one's own organisation, also as OCSF, and what is decided of them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from incidents.api.shapes import NULL
from monitoring.findings.deciding import join, open_from, organisations_by_id, settle
from monitoring.findings.homes import findings, home_of
from monitoring.findings.ocsf import detection_finding
from monitoring.findings.rules import AN_HOUR, RULES
from monitoring.findings.standing import stand_of
from monitoring.models import Finding
from partners.acting import actor_of
from portal.api.documented import example, page_of_shape
from portal.api.endpoint import Endpoint, body_of
from portal.api.fields import OPTIONAL, PageQuery, Strict, Text
from portal.api.paging import Page, page_of
from portal.api.rendering import answer

State = Finding.State


class FindingQuery(PageQuery):
    state = serializers.ChoiceField(State.values, required=False)


class AccessFindingShown(serializers.Serializer):
    id = serializers.UUIDField()
    side = serializers.ChoiceField(["home", "place"], help_text="home: an account of yours; place: it came to you.")
    account = serializers.CharField(allow_blank=True, help_text="Empty of a list: see folded.")
    account_kind = serializers.CharField()
    home = serializers.CharField(help_text="Whose the account is; null when nobody knows.", **NULL)
    organisations = serializers.ListField(child=serializers.CharField(), help_text="Whose the places are.")
    places = serializers.ListField(child=serializers.CharField(), help_text="Slugs of systems, or machines.")
    rules = serializers.ListField(child=serializers.ChoiceField([rule.code for rule in RULES]))
    weight = serializers.IntegerField(min_value=0, max_value=100)
    sights = serializers.IntegerField()
    changes = serializers.IntegerField()
    first_at = serializers.DateTimeField()
    last_at = serializers.DateTimeField()
    made_at = serializers.DateTimeField()
    state = serializers.ChoiceField(State.values)
    because = serializers.CharField(allow_blank=True)
    incident = serializers.CharField(help_text="Reference.", **NULL)
    folded = serializers.IntegerField(
        help_text=f"How many are in this list: findings beyond {AN_HOUR} of one other side within an hour. 0: no list."
    )
    folded_into = serializers.UUIDField(help_text="The list that it stands in, or stood in.", **NULL)
    stand = serializers.CharField(help_text="How much of it there is; another whenever something joins it.")


class OcsfFinding(serializers.Serializer):
    """An OCSF Detection Finding (class 2004, schema 1.3.0). Times are milliseconds since 1970."""

    category_uid = serializers.IntegerField()
    class_uid = serializers.IntegerField()
    activity_id = serializers.IntegerField()
    type_uid = serializers.IntegerField()
    time = serializers.IntegerField()
    severity_id = serializers.IntegerField()
    severity = serializers.CharField()
    status_id = serializers.IntegerField()
    status = serializers.CharField()
    risk_score = serializers.IntegerField()
    message = serializers.CharField()
    metadata = serializers.DictField()
    finding_info = serializers.DictField()
    evidences = serializers.ListField(child=serializers.DictField())
    unmapped = serializers.DictField()


class Decided(Strict):
    stand = Text(
        help_text="`stand` of the finding as you looked at it: when more has joined it, 409 and nothing is decided.",
        max_length=40,
        **OPTIONAL,
    )


class JoinSaid(Decided):
    incident = Text(help_text="Reference of an incident under way on a system of the finding.")


class DismissSaid(Decided):
    because = Text(max_length=1000)


class Findings(Endpoint):
    scopes = {"get": ("read",)}
    queries = {"get": FindingQuery}

    @extend_schema(
        summary="Findings of access of your own organisation, the newest first",
        responses=page_of_shape(AccessFindingShown),
    )
    def get(self, request: Request) -> HttpResponse:
        names = slugs()
        return answer(self.page(request).shown(lambda each: finding_shown(each, names)))

    def page(self, request: Request) -> Page:
        rows = findings()
        if self.asked.get("state"):
            rows = rows.filter(state=self.asked["state"])
        return page_of(request, rows, by=("made_at", "id"), asked=self.asked, descending=True)


class OcsfFindings(Findings):
    @extend_schema(
        summary="The same as OCSF Detection Findings, for your own SIEM",
        responses=page_of_shape(OcsfFinding),
    )
    def get(self, request: Request) -> HttpResponse:
        names = slugs()
        return answer(self.page(request).shown(lambda each: detection_finding(each, names)))


def slugs() -> dict[UUID, str]:
    return {pk: each.slug for pk, each in organisations_by_id().items()}


def finding_shown(finding: Finding, names: dict[UUID, str]) -> dict[str, Any]:
    plainly = ("id", "side", "account_kind", "places", "rules", "weight", "sights", "changes", "first_at", "last_at",
               "made_at", "state", "because", "folded")  # fmt: skip
    return {
        **{name: getattr(finding, name) for name in plainly},
        "account": finding.shown,
        "home": names.get(whose) if (whose := home_of(finding)) else None,
        "organisations": sorted(names[pk] for pk in finding.organisations if pk in names),
        "incident": finding.incident.reference if finding.incident else None,
        "folded_into": finding.folded_into_id,
        "stand": stand_of(finding),
    }


def finding_named(finding_id: UUID) -> Finding:
    finding = findings().filter(pk=finding_id).first()
    if finding is None:
        raise Http404
    return finding


class OpenFinding(Endpoint):
    scopes = {"post": ("open",)}

    @extend_schema(
        summary="Open an incident because of a finding: on its systems and for its account",
        request=Decided,
        responses=AccessFindingShown,
    )
    def post(self, request: Request, finding_id: UUID) -> HttpResponse:
        finding = finding_named(finding_id)
        shown = body_of(request, Decided).get("stand")
        open_from(finding, actor=actor_of(self.visitor), shown=shown)
        return answer(finding_shown(finding_named(finding_id), slugs()))


class JoinFinding(Endpoint):
    scopes = {"post": ("answer",)}

    @extend_schema(
        summary="Say that a finding belongs to an incident under way on the same system",
        request=JoinSaid,
        responses=AccessFindingShown,
        examples=example(incident="INC-7KQ4"),
    )
    def post(self, request: Request, finding_id: UUID) -> HttpResponse:
        finding = finding_named(finding_id)
        said = body_of(request, JoinSaid)
        join(finding, said["incident"], shown=said.get("stand"))
        return answer(finding_shown(finding_named(finding_id), slugs()))


class ExpectFinding(Endpoint):
    scopes = {"post": ("answer",)}

    @extend_schema(
        summary="Say that a finding is expected",
        description="It permits nothing: propose a permission (POST /integrations/), which both sides approve.",
        request=Decided,
        responses=AccessFindingShown,
    )
    def post(self, request: Request, finding_id: UUID) -> HttpResponse:
        finding = finding_named(finding_id)
        settle(finding, State.EXPECTED, shown=body_of(request, Decided).get("stand"))
        return answer(finding_shown(finding_named(finding_id), slugs()))


class DismissFinding(Endpoint):
    scopes = {"post": ("answer",)}

    @extend_schema(
        summary="Say that a finding is nothing, and why",
        request=DismissSaid,
        responses=AccessFindingShown,
        examples=example(because="The restore drill of Tuesday"),
    )
    def post(self, request: Request, finding_id: UUID) -> HttpResponse:
        finding = finding_named(finding_id)
        said = body_of(request, DismissSaid)
        settle(finding, State.DISMISSED, why=said["because"], shown=said.get("stand"))
        return answer(finding_shown(finding_named(finding_id), slugs()))


ACTS = {"open": OpenFinding, "join": JoinFinding, "expect": ExpectFinding, "dismiss": DismissFinding}
urlpatterns = [
    path("access-findings/", Findings.as_view(), name="api-access-findings"),
    path("access-findings/ocsf/", OcsfFindings.as_view(), name="api-access-findings-ocsf"),
    *(
        path(f"access-findings/<uuid:finding_id>/{act}/", view.as_view(), name=f"api-access-finding-{act}")
        for act, view in ACTS.items()
    ),
]
