"""/components/, /participations/ and /services/: what systems are made of, who stands on them, and for what."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from partners.api.keeping import CHANGES, KeptHistory, KeptList, KeptOne, form_of, shape_of
from partners.importing.components import Components as ComponentKind
from partners.importing.participations import Participations as ParticipationKind
from partners.importing.public_services import Services as ServiceKind
from partners.models import Component, Participation, PublicService
from portal.api.documented import example, page_of_shape


class Components(KeptList):
    kind = ComponentKind

    @extend_schema(summary="The software of your systems", responses=page_of_shape(shape_of(ComponentKind)))
    def get(self, request: Request) -> HttpResponse:
        return self.listed(request)

    @extend_schema(
        summary="Add a component to a system that you run",
        request=form_of(ComponentKind),
        responses={201: shape_of(ComponentKind)},
        examples=example(system="identity-platform", product="OpenSSL", product_version="3.0.11"),
    )
    def post(self, request: Request) -> HttpResponse:
        return self.added(request)


class OneComponent(KeptOne):
    kind = ComponentKind

    @extend_schema(summary="One component", responses=shape_of(ComponentKind))
    def get(self, request: Request, component_id: UUID) -> HttpResponse:
        return self.one(request, component_id)

    @extend_schema(
        summary="Whoever runs the system corrects it; If-Match is needed",
        request=form_of(ComponentKind, change=True),
        responses=shape_of(ComponentKind),
        examples=example(note="Replaced in spring"),
    )
    def patch(self, request: Request, component_id: UUID) -> HttpResponse:
        return self.changed(request, component_id)


class ComponentHistory(KeptHistory):
    model = Component

    @extend_schema(summary="What changed on a component", responses=CHANGES)
    def get(self, request: Request, component_id: UUID) -> HttpResponse:
        return self.history(request, pk=component_id)


class Participations(KeptList):
    fresh = ("post",)
    kind = ParticipationKind

    @extend_schema(
        summary="Who stands on a system, as far as you may see it", responses=page_of_shape(shape_of(ParticipationKind))
    )
    def get(self, request: Request) -> HttpResponse:
        return self.listed(request)

    @extend_schema(
        summary="Add an organisation to a system that you run",
        request=form_of(ParticipationKind),
        responses={201: shape_of(ParticipationKind)},
        examples=example(system="identity-platform", organisation="gravenhurst"),
    )
    def post(self, request: Request) -> HttpResponse:
        return self.added(request)


class OneParticipation(KeptOne):
    fresh = ("patch",)
    kind = ParticipationKind

    @extend_schema(summary="One organisation on one system", responses=shape_of(ParticipationKind))
    def get(self, request: Request, participation_id: UUID) -> HttpResponse:
        return self.one(request, participation_id)

    @extend_schema(
        summary="Say who decides for you there; If-Match is needed",
        request=form_of(ParticipationKind, change=True),
        responses=shape_of(ParticipationKind),
        examples=example(status="live"),
    )
    def patch(self, request: Request, participation_id: UUID) -> HttpResponse:
        return self.changed(request, participation_id)


class ParticipationHistory(KeptHistory):
    model = Participation

    @extend_schema(summary="What changed on a participation", responses=CHANGES)
    def get(self, request: Request, participation_id: UUID) -> HttpResponse:
        return self.history(request, pk=participation_id)


class Services(KeptList):
    kind = ServiceKind

    @extend_schema(
        summary="Your services, and those on systems that you run", responses=page_of_shape(shape_of(ServiceKind))
    )
    def get(self, request: Request) -> HttpResponse:
        return self.listed(request)

    @extend_schema(
        summary="Add a service of yours to a system that you stand on",
        request=form_of(ServiceKind),
        responses={201: shape_of(ServiceKind)},
        examples=example(system="identity-platform", name="Rents", critical_dates=["2027-05-06: Polling day"]),
    )
    def post(self, request: Request) -> HttpResponse:
        return self.added(request)


class OneService(KeptOne):
    kind = ServiceKind

    @extend_schema(summary="One service", responses=shape_of(ServiceKind))
    def get(self, request: Request, service_id: UUID) -> HttpResponse:
        return self.one(request, service_id)

    @extend_schema(
        summary="Correct a service of yours; If-Match is needed",
        request=form_of(ServiceKind, change=True),
        responses=shape_of(ServiceKind),
        examples=example(people_served=1200),
    )
    def patch(self, request: Request, service_id: UUID) -> HttpResponse:
        return self.changed(request, service_id)


class ServiceHistory(KeptHistory):
    model = PublicService

    @extend_schema(summary="What changed on a service", responses=CHANGES)
    def get(self, request: Request, service_id: UUID) -> HttpResponse:
        return self.history(request, pk=service_id)
