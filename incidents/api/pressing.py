"""/incidents/{reference}/participants/{organisation}/ask/: how things stand there, asked by a person who leads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from incidents import asking
from incidents.api.shapes import incident_named
from incidents.models import Incident, Participant, UpdateRequest
from partners.acting import may_open
from partners.approvals import NotAllowed
from portal.api.documented import example
from portal.api.endpoint import Endpoint, body_of
from portal.api.fields import OPTIONAL, Strict, Text
from portal.api.problems import Refusal
from portal.api.rendering import answer
from portal.tenancy.door import Visitor

LONGEST_QUESTION = 300
PERSON_LEADS = "A person's session of the {who} alone: it wakes people, and the record says who had them woken. "


class QuestionAsked(Strict):
    question = Text(max_length=LONGEST_QUESTION, help_text="Default: how things stand.", **OPTIONAL)


class QuestionShown(serializers.Serializer):
    id = serializers.UUIDField()
    organisation = serializers.CharField()
    question = serializers.CharField()
    asked_at = serializers.DateTimeField()


class AskForUpdate(Endpoint):
    scopes = {"post": ("open",)}

    @extend_schema(
        summary="Ask a participant how things stand",
        description=PERSON_LEADS.format(who="lead or the deputy lead")
        + "One question at a time, and at most one in ten minutes: else 409.",
        request=QuestionAsked,
        responses={201: QuestionShown},
        examples=example(question="Is the finance batch stopped?"),
    )
    def post(self, request: Request, reference: str, slug: str) -> HttpResponse:
        said = body_of(request, QuestionAsked)
        incident = incident_named(reference)
        words = said.get("question") or asking.usual_question()
        with pressed(self.visitor, incident, slug, by={incident.lead_id, incident.deputy_lead_id}):
            made = UpdateRequest.objects.get(pk=asking.ask(incident, slug=slug, words=words))
        shown = {"id": made.pk, "organisation": slug, "question": made.question, "asked_at": made.asked_at}
        return answer(shown, status=201)


@contextmanager
def pressed(visitor: Visitor, incident: Incident, slug: str, *, by: set[UUID | None]) -> Iterator[None]:
    """Around a press on a participant's row: 404 for one that takes no part, 403 for whoever it is not for, then 409.

    The database decides the same again; this tells a wrong person from a wrong moment.
    """
    if not may_open(visitor) or visitor.organisation_id not in by:
        raise Refusal(403, "An incident manager of the lead does this, signed in.")
    if not Participant.objects.filter(incident=incident, slug=slug).exists():
        raise Participant.DoesNotExist
    try:
        yield
    except NotAllowed as why:
        raise Refusal(409, str(why)) from None
