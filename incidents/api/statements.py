"""/incidents/{reference}/statements/: words for the outside and who agrees to them. Keys read, persons speak."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from incidents.api.decision_log import NO_KEY, PERSON
from incidents.api.shapes import NULL, incident_named
from incidents.models import Standing, Statement, StatementAsk, StatementVersion
from incidents.not_trusted import suspicions_of
from incidents.statements.agreeing import SHOWN, counts, must_agree, shown_status
from incidents.statements.saying import (
    LONGEST,
    LONGEST_REASON,
    LONGEST_TITLE,
    MOST_HOURS,
    Audience,
    Draft,
    Says,
    answer_statement,
    ask_for_agreement,
    change_statement,
    issue_statement,
    withdraw_statement,
    write_statement,
)
from portal.api.documented import example, page_of_shape
from portal.api.endpoint import Endpoint, body_of
from portal.api.fields import OPTIONAL, PageQuery, Strict, Text, Whole
from portal.api.paging import page_of
from portal.api.rendering import answer

MOST_ASKED = 100


def _must_agree(words: str = "Slugs of other participants.") -> serializers.ListField:
    return serializers.ListField(child=Text(max_length=64), max_length=MOST_ASKED, help_text=words, **OPTIONAL)


class StatementDraft(Strict):
    title = Text(max_length=LONGEST_TITLE)
    audience = serializers.ChoiceField(Audience.values)
    text = Text(max_length=LONGEST)
    must_agree = _must_agree()
    hours = Whole(min_value=1, max_value=MOST_HOURS, help_text="To answer within. Default: 4.", **OPTIONAL)


class StatementText(Strict):
    text = Text(max_length=LONGEST)
    must_agree = _must_agree("Slugs of other participants. Left out: those as before.")
    hours = Whole(min_value=1, max_value=MOST_HOURS, help_text="Left out: as before.", **OPTIONAL)


class VersionForm(Strict):
    version = Whole(min_value=1, max_value=32767, help_text="The one that was read: another is 409.")


class ObjectForm(VersionForm):
    reason = Text(max_length=LONGEST_REASON)


class IssueForm(VersionForm):
    decision = serializers.UUIDField(
        help_text="Over an objection or silence: of your own log, written since they were asked and last objected.",
        **OPTIONAL,
    )


class TakenBackForm(Strict):
    reason = Text(max_length=LONGEST_REASON)


class AgreementShown(serializers.Serializer):
    """The author reads every one, an organisation that was asked its own. Silence is never agreement."""

    organisation = serializers.CharField()
    answer = serializers.ChoiceField(Says.values, help_text="Empty: no answer yet.")
    reason = serializers.CharField()
    answered_at = serializers.DateTimeField(**NULL)
    due_at = serializers.DateTimeField()
    counts = serializers.BooleanField(
        help_text="False: no answer, or one from a time when that organisation is suspected."
    )


class StatementShown(serializers.Serializer):
    id = serializers.UUIDField()
    organisation = serializers.CharField()
    title = serializers.CharField()
    audience = serializers.ChoiceField(Audience.values)
    status = serializers.ChoiceField(sorted(SHOWN), help_text="`agreed` is for its author alone: others read `asked`.")
    version = serializers.IntegerField(help_text="Of the text that you may read.")
    text = serializers.CharField()
    must_agree = serializers.ListField(child=serializers.CharField(), help_text="For its author; empty for others.")
    answers = AgreementShown(many=True)
    at = serializers.DateTimeField()
    issued_at = serializers.DateTimeField(**NULL)
    decision = serializers.UUIDField(help_text="That let it go out without everybody's agreement.", **NULL)
    withdrawn_at = serializers.DateTimeField(**NULL)
    withdrawn_because = serializers.CharField()


class Statements(Endpoint):
    scopes = {"get": ("read",), "post": PERSON}
    queries = {"get": PageQuery}

    @extend_schema(
        summary="Statements of yours, those you are asked to agree to, and those that were issued",
        responses=page_of_shape(StatementShown),
    )
    def get(self, request: Request, reference: str) -> HttpResponse:
        rows = Statement.objects.filter(incident=incident_named(reference)).select_related("organisation")
        page = page_of(request, rows, by=("at", "id"), asked=self.asked, descending=True)
        shown = statements_shown(page.rows, me=self.visitor.organisation_id)
        return answer(page.shown(lambda each: shown[each.pk]))

    @extend_schema(
        summary="Write the draft of a statement",
        description=NO_KEY + "Your organisation alone reads it. The same again answers the draft that stands.",
        request=StatementDraft,
        responses={201: StatementShown},
        examples=example(
            title="First words to the press",
            audience="press",
            text="We are looking into an attack on shared systems.",
            must_agree=["northgate"],
        ),
    )
    def post(self, request: Request, reference: str) -> HttpResponse:
        incident = incident_named(reference)
        said = {name: value for name, value in body_of(request, StatementDraft).items() if value is not None}
        made = write_statement(incident, Draft(**said), me=self.visitor.organisation_id)
        return answer(_shown(made.pk, made.organisation_id), status=201)


class StatementAct(Endpoint):
    """One act on one statement. What others keep to themselves is 404."""

    scopes = {"post": PERSON}

    def find(self, statement_id: UUID) -> Statement:
        found = Statement.objects.select_related("incident", "organisation").filter(pk=statement_id).first()
        if found is None:
            raise Http404
        return found


class ChangeStatement(StatementAct):
    @extend_schema(
        summary="Another text, or others who must agree: a new version, and everybody is asked again",
        description=NO_KEY + "Nobody who was asked is left out. The same again changes nothing.",
        request=StatementText,
        responses={200: StatementShown},
        examples=example(text="We are looking into an attack.", must_agree=["northgate"]),
    )
    def post(self, request: Request, statement_id: UUID) -> HttpResponse:
        said = body_of(request, StatementText)
        statement = self.find(statement_id)
        newest = statement.versions.order_by("-number")[:1].get()
        whom = said.get("must_agree")
        if whom is None:
            before = must_agree(newest, newest.asks.all())
            standings = Standing.objects.filter(incident_id=statement.incident_id, organisation_id__in=before)
            whom = list(standings.values_list("slug", flat=True))
        change_statement(statement, text=said["text"], must_agree=whom, hours=said.get("hours") or newest.hours)
        return answer(_shown(statement_id, self.visitor.organisation_id))


class AskStatement(StatementAct):
    @extend_schema(
        summary="Ask those who must agree",
        description=NO_KEY + "To the version that you read; from then on they read it. A second time changes nothing.",
        request=VersionForm,
        responses={200: StatementShown},
        examples=example(version=1),
    )
    def post(self, request: Request, statement_id: UUID) -> HttpResponse:
        said = body_of(request, VersionForm)
        ask_for_agreement(self.find(statement_id), version=said["version"])
        return answer(_shown(statement_id, self.visitor.organisation_id))


class AgreeStatement(StatementAct):
    @extend_schema(
        summary="Agree for your organisation",
        description=NO_KEY + "To the version that was read. A second time changes nothing.",
        request=VersionForm,
        responses={200: StatementShown},
        examples=example(version=1),
    )
    def post(self, request: Request, statement_id: UUID) -> HttpResponse:
        said = body_of(request, VersionForm)
        answer_statement(self.find(statement_id), version=said["version"], says=Says.AGREES)
        return answer(_shown(statement_id, self.visitor.organisation_id))


class ObjectStatement(StatementAct):
    @extend_schema(
        summary="Object for your organisation, with a reason",
        description=NO_KEY + "The author reads the reason.",
        request=ObjectForm,
        responses={200: StatementShown},
        examples=example(version=1, reason="It names our service."),
    )
    def post(self, request: Request, statement_id: UUID) -> HttpResponse:
        said = body_of(request, ObjectForm)
        answer_statement(self.find(statement_id), version=said["version"], says=Says.OBJECTS, reason=said["reason"])
        return answer(_shown(statement_id, self.visitor.organisation_id))


class IssueStatement(StatementAct):
    @extend_schema(
        summary="Say that it goes out: everybody who takes part reads it",
        description=NO_KEY + "When all who must agree have, or by a decision of your own log; else 409. Bulkhead sends "
        "nothing outside.",
        request=IssueForm,
        responses={200: StatementShown},
        examples=example(version=1),
    )
    def post(self, request: Request, statement_id: UUID) -> HttpResponse:
        said = body_of(request, IssueForm)
        issue_statement(self.find(statement_id), version=said["version"], decision=said.get("decision"))
        return answer(_shown(statement_id, self.visitor.organisation_id))


class WithdrawStatement(StatementAct):
    @extend_schema(
        summary="Withdraw it, also after it went out",
        description=NO_KEY + "It stays readable as withdrawn. For an author that is cut off the lead does it.",
        request=TakenBackForm,
        responses={200: StatementShown},
        examples=example(reason="The number was wrong."),
    )
    def post(self, request: Request, statement_id: UUID) -> HttpResponse:
        said = body_of(request, TakenBackForm)
        withdraw_statement(self.find(statement_id), reason=said["reason"])
        return answer(_shown(statement_id, self.visitor.organisation_id))


def _shown(statement_id: UUID, me: UUID) -> dict[str, Any]:
    row = Statement.objects.select_related("organisation").get(pk=statement_id)
    return statements_shown([row], me=me)[statement_id]


def statements_shown(rows: Any, *, me: UUID) -> dict[UUID, dict[str, Any]]:
    """By statement, what `me` may read of it. Four queries, whatever the number."""
    rows = list(rows)
    ids = [each.pk for each in rows]
    newest: dict[UUID, StatementVersion] = {}
    for version in StatementVersion.objects.filter(statement_id__in=ids).order_by("number"):
        newest[version.statement_id] = version
    asks: dict[UUID, list[StatementAsk]] = {}
    for ask in StatementAsk.objects.filter(statement_id__in=ids, newest=True).select_related("organisation"):
        asks.setdefault(ask.statement_id, []).append(ask)
    incidents = {each.incident_id for each in rows}
    slugs = dict(Standing.objects.filter(incident_id__in=incidents).values_list("organisation_id", "slug"))
    found = suspicions_of(list(incidents))
    plain = ("title", "audience", "at", "issued_at", "withdrawn_at", "withdrawn_because")
    return {
        each.pk: {
            "id": each.pk,
            "organisation": each.organisation.slug,
            **{name: getattr(each, name) for name in plain},
            "status": shown_status(each, asks.get(each.pk, ()), found[each.incident_id], me=me),
            "version": newest[each.pk].number if each.pk in newest else each.version,
            "text": newest[each.pk].text if each.pk in newest else "",
            "must_agree": [slugs[one] for one in must_agree(newest[each.pk], asks.get(each.pk, ())) if one in slugs]
            if each.organisation_id == me
            else [],
            "answers": [
                {
                    "organisation": ask.organisation.slug,
                    **{name: getattr(ask, name) for name in ("answer", "reason", "answered_at", "due_at")},
                    "counts": counts(ask, found[each.incident_id]),
                }
                for ask in asks.get(each.pk, ())
            ],
            "decision": each.decision_id,
        }
        for each in rows
    }
