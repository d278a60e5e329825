"""/access-findings/, /first-sights/, /identifiers/, /access-sources/: what the caller's own organisation may read."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from incidents.api.shapes import NULL
from incidents.errors import Fault, Invalid
from monitoring.findings.deciding import join, open_from, organisations_by_id, settle
from monitoring.findings.ocsf import detection_finding
from monitoring.findings.rules import RULES
from monitoring.findings.sources import CLAIMABLE, claim
from monitoring.models import Finding, Identifier, Sight, Source
from partners.acting import actor_of
from partners.models import Organisation, SharedSystem
from portal.api.documented import example, page_of_shape
from portal.api.endpoint import Endpoint, body_of
from portal.api.fields import OPTIONAL, Empty, PageQuery, Strict, Text
from portal.api.paging import Page, page_of
from portal.api.rendering import answer

State = Finding.State


class FindingQuery(PageQuery):
    state = serializers.ChoiceField(State.values, required=False)


class AccessFindingShown(serializers.Serializer):
    id = serializers.UUIDField()
    side = serializers.ChoiceField(["home", "place"], help_text="home: an account of yours; place: it came to you.")
    account = serializers.CharField()
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


class FirstSightShown(serializers.Serializer):
    id = serializers.UUIDField()
    kind = serializers.ChoiceField(["success", "failure", "admin", "lapsed"])
    account = serializers.CharField()
    account_kind = serializers.CharField()
    home = serializers.CharField()
    organisation = serializers.CharField()
    place = serializers.CharField()
    resource = serializers.CharField()
    first_at = serializers.DateTimeField()
    last_at = serializers.DateTimeField()
    days = serializers.IntegerField(help_text="On how many days it was seen.")
    permission = serializers.UUIDField(**NULL)
    learned = serializers.BooleanField(help_text="Seen while its source was learning.")


class AccessSourceShown(serializers.Serializer):
    id = serializers.UUIDField()
    name = serializers.CharField()
    format = serializers.CharField()
    accepted = serializers.IntegerField()
    duplicates = serializers.IntegerField()
    rejected = serializers.IntegerField()
    refused_because = serializers.CharField(allow_blank=True)
    clock = serializers.CharField(allow_blank=True, help_text="The last fault of its clock that was mended.")
    last_at = serializers.DateTimeField(help_text="Of the latest record.", **NULL)
    received_at = serializers.DateTimeField(**NULL)
    learning_until = serializers.DateTimeField(**NULL)
    would_alert = serializers.IntegerField(help_text="What would have alerted while it learned.")


class IdentifierShown(serializers.Serializer):
    id = serializers.UUIDField()
    kind = serializers.ChoiceField(CLAIMABLE)
    value = serializers.CharField()
    organisation = serializers.CharField()
    system = serializers.CharField(**NULL)


class IdentifierSaid(Strict):
    kind = serializers.ChoiceField(CLAIMABLE)
    value = Text(max_length=300, help_text="Kept in small letters.")
    organisation = Text(help_text="Yours when left out.", **OPTIONAL)
    system = Text(help_text="The shared system that a machine or application belongs to.", **OPTIONAL)


class JoinSaid(Strict):
    incident = Text(help_text="Reference of an incident under way on a system of the finding.")


class DismissSaid(Strict):
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
        rows = Finding.objects.select_related("incident")
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
               "made_at", "state", "because")  # fmt: skip
    return {
        **{name: getattr(finding, name) for name in plainly},
        "account": finding.shown,
        "home": names.get(finding.home_id) if finding.home_id else None,
        "organisations": sorted(names[pk] for pk in finding.organisations if pk in names),
        "incident": finding.incident.reference if finding.incident else None,
    }


def finding_named(finding_id: UUID) -> Finding:
    finding = Finding.objects.select_related("incident").filter(pk=finding_id).first()
    if finding is None:
        raise Http404
    return finding


class OpenFinding(Endpoint):
    scopes = {"post": ("open",)}

    @extend_schema(
        summary="Open an incident because of a finding: on its systems and for its account",
        request=Empty,
        responses=AccessFindingShown,
    )
    def post(self, request: Request, finding_id: UUID) -> HttpResponse:
        finding = finding_named(finding_id)
        body_of(request, Empty)
        open_from(finding, actor=actor_of(self.visitor))
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
        join(finding, body_of(request, JoinSaid)["incident"])
        return answer(finding_shown(finding_named(finding_id), slugs()))


class ExpectFinding(Endpoint):
    scopes = {"post": ("answer",)}

    @extend_schema(
        summary="Say that a finding is expected",
        description="It permits nothing: propose a permission (POST /integrations/), which both sides approve.",
        request=Empty,
        responses=AccessFindingShown,
    )
    def post(self, request: Request, finding_id: UUID) -> HttpResponse:
        finding = finding_named(finding_id)
        body_of(request, Empty)
        settle(finding, State.EXPECTED)
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
        settle(finding, State.DISMISSED, why=body_of(request, DismissSaid)["because"])
        return answer(finding_shown(finding_named(finding_id), slugs()))


class FirstSights(Endpoint):
    scopes = {"get": ("read",)}
    queries = {"get": PageQuery}

    @extend_schema(
        summary="First sights that your organisation is a side of, the newest first",
        description="Also those that a permission covers, and those of a source that was learning.",
        responses=page_of_shape(FirstSightShown),
    )
    def get(self, request: Request) -> HttpResponse:
        page = page_of(request, Sight.objects.all(), by=("first_at", "id"), asked=self.asked, descending=True)
        names = slugs()
        plainly = ("id", "kind", "account_kind", "place", "resource", "first_at", "last_at", "learned")
        return answer(
            page.shown(
                lambda each: {
                    **{name: getattr(each, name) for name in plainly},
                    "account": each.shown,
                    "home": names[each.home_id],
                    "organisation": names[each.organisation_id],
                    "days": len(each.days),
                    "permission": each.permission_id,
                }
            )
        )


class Sources(Endpoint):
    scopes = {"get": ("read",)}
    queries = {"get": PageQuery}

    @extend_schema(
        summary="Sources of records of your own organisation, in the order of their names",
        responses=page_of_shape(AccessSourceShown),
    )
    def get(self, request: Request) -> HttpResponse:
        page = page_of(request, Source.objects.all(), by=("name", "id"), asked=self.asked)
        plainly = list(AccessSourceShown().fields)
        return answer(page.shown(lambda each: {name: getattr(each, name) for name in plainly}))


class Identifiers(Endpoint):
    scopes = {"get": ("read",), "post": ("estate",)}
    queries = {"get": PageQuery}

    @extend_schema(
        summary="Names by which logs know an organisation, as far as you may know of them",
        responses=page_of_shape(IdentifierShown),
    )
    def get(self, request: Request) -> HttpResponse:
        rows = Identifier.objects.select_related("system")
        page = page_of(request, rows, by=("value", "id"), asked=self.asked)
        names = slugs()
        return answer(page.shown(lambda each: identifier_shown(each, names)))

    @extend_schema(
        summary="Say whose a name is",
        description="A name of your own; or of a machine on a system that you run, for who stands on it. The same"
        " again answers the one that stands.",
        request=IdentifierSaid,
        responses={201: IdentifierShown},
        examples=example(kind="host", value="file-02", system="file-services"),
    )
    def post(self, request: Request) -> HttpResponse:
        said = body_of(request, IdentifierSaid)
        whose = said.get("organisation") or self.visitor.organisation_slug
        organisation = Organisation.objects.filter(slug=whose).first()
        if organisation is None:
            raise Invalid([Fault("/organisation", "No organisation of this name.")])
        system = SharedSystem.objects.filter(slug=said["system"]).first() if said.get("system") else None
        if said.get("system") and system is None:
            raise Invalid([Fault("/system", "No system of this name that you stand on, own or provide.")])
        made = claim(
            kind=said["kind"], value=said["value"], whose=organisation.pk, system=system.pk if system else None
        )
        found = Identifier.objects.select_related("system").get(pk=made)
        return answer(identifier_shown(found, slugs()), status=201)


def identifier_shown(identifier: Identifier, names: dict[UUID, str]) -> dict[str, Any]:
    return {
        "id": identifier.pk,
        "kind": identifier.kind,
        "value": identifier.value,
        "organisation": names[identifier.organisation_id],
        "system": identifier.system.slug if identifier.system else None,
    }


ACTS = {"open": OpenFinding, "join": JoinFinding, "expect": ExpectFinding, "dismiss": DismissFinding}
urlpatterns = [
    path("access-findings/", Findings.as_view(), name="api-access-findings"),
    path("access-findings/ocsf/", OcsfFindings.as_view(), name="api-access-findings-ocsf"),
    *(
        path(f"access-findings/<uuid:finding_id>/{act}/", view.as_view(), name=f"api-access-finding-{act}")
        for act, view in ACTS.items()
    ),
    path("first-sights/", FirstSights.as_view(), name="api-first-sights"),
    path("identifiers/", Identifiers.as_view(), name="api-identifiers"),
    path("access-sources/", Sources.as_view(), name="api-access-sources"),
]
