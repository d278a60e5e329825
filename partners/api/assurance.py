"""/assessments/, /findings/, /contracts/: what providers can show, as the caller's organisation may read it."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from partners.assurance import is_overdue
from partners.contracts import ACTIVITIES, PARTS
from partners.models import Assessment, Contract, Finding
from portal import clock
from portal.api.documented import page_of_shape
from portal.api.endpoint import Endpoint
from portal.api.fields import PageQuery
from portal.api.paging import page_of
from portal.api.rendering import answer

NULL: Any = {"allow_null": True}


class AssessmentShown(serializers.Serializer):
    id = serializers.UUIDField()
    provider = serializers.CharField()
    organisation = serializers.CharField(help_text="Who owns it.")
    kind = serializers.ChoiceField(Assessment.Kind.values)
    title = serializers.CharField()
    scope = serializers.CharField()
    assessor = serializers.CharField()
    summary = serializers.CharField()
    done_on = serializers.DateField(help_text="Null: planned.", **NULL)
    retest_due_on = serializers.DateField(**NULL)


class Assessments(Endpoint):
    queries = {"get": PageQuery}

    @extend_schema(summary="Assessments of providers that you own or read", responses=page_of_shape(AssessmentShown))
    def get(self, request: Request) -> HttpResponse:
        rows = Assessment.objects.select_related("provider", "organisation")
        page = page_of(request, rows, by=("written_at", "id"), asked=self.asked, descending=True)
        return answer(page.shown(_assessment))


_OF_AN_ASSESSMENT = ("id", "kind", "title", "scope", "assessor", "summary", "done_on", "retest_due_on")


def _assessment(each: Assessment) -> dict[str, Any]:
    return {
        "provider": each.provider.slug,
        "organisation": each.organisation.slug,
        **{name: getattr(each, name) for name in _OF_AN_ASSESSMENT},
    }


class FindingShown(serializers.Serializer):
    id = serializers.UUIDField()
    provider = serializers.CharField()
    organisation = serializers.CharField(help_text="Who raised it.")
    assessment = serializers.UUIDField(help_text="Null: from none.", **NULL)
    title = serializers.CharField()
    detail = serializers.CharField()
    severity = serializers.ChoiceField(Finding.Severity.values)
    due_on = serializers.DateField()
    overdue = serializers.BooleanField()
    state = serializers.ChoiceField(Finding.State.values)
    planned_for = serializers.DateField(**NULL)
    retested_on = serializers.DateField(help_text="Null: not tested again yet.", **NULL)
    retested_by = serializers.CharField()


class Findings(Endpoint):
    queries = {"get": PageQuery}

    @extend_schema(summary="Findings at providers that you may read", responses=page_of_shape(FindingShown))
    def get(self, request: Request) -> HttpResponse:
        rows = Finding.objects.select_related("provider", "organisation")
        page = page_of(request, rows, by=("due_on", "id"), asked=self.asked)
        return answer(page.shown(_finding))


_OF_A_FINDING = (
    "id", "title", "detail", "severity", "due_on", "state", "planned_for", "retested_on", "retested_by",
)  # fmt: skip


def _finding(each: Finding) -> dict[str, Any]:
    return {
        "provider": each.provider.slug,
        "organisation": each.organisation.slug,
        "assessment": each.assessment_id,
        "overdue": is_overdue(each, clock.now().date()),
        **{name: getattr(each, name) for name in _OF_A_FINDING},
    }


class DutyShown(serializers.Serializer):
    """Who does one activity: `council`, `provider`, `both` or `nobody`."""

    activity = serializers.ChoiceField(list(ACTIVITIES))
    responsible = serializers.CharField()
    accountable = serializers.CharField()
    consulted = serializers.CharField()
    informed = serializers.CharField()


class ContractShown(serializers.Serializer):
    id = serializers.UUIDField()
    council = serializers.CharField()
    provider = serializers.CharField()
    version = serializers.IntegerField()
    responsibilities = DutyShown(many=True)
    liability = serializers.CharField()
    liability_cap = serializers.IntegerField(help_text="Pounds.", **NULL)
    insurer = serializers.CharField()
    insured_sum = serializers.IntegerField(help_text="Pounds.", **NULL)
    insured_until = serializers.DateField(**NULL)
    hours_to_notify = serializers.IntegerField(**NULL)
    exit_terms = serializers.CharField()
    valid_from = serializers.DateField(**NULL)
    valid_until = serializers.DateField(**NULL)


class Contracts(Endpoint):
    queries = {"get": PageQuery}

    @extend_schema(summary="Your contract records, as council or provider", responses=page_of_shape(ContractShown))
    def get(self, request: Request) -> HttpResponse:
        rows = Contract.objects.select_related("organisation", "provider")
        page = page_of(request, rows, by=("id",), asked=self.asked)
        return answer(page.shown(_contract))


_OF_A_CONTRACT = (
    "id", "version", "liability", "liability_cap", "insurer", "insured_sum", "insured_until", "hours_to_notify",
    "exit_terms", "valid_from", "valid_until",
)  # fmt: skip


def _contract(each: Contract) -> dict[str, Any]:
    return {
        "council": each.organisation.slug,
        "provider": each.provider.slug,
        "responsibilities": [
            {"activity": code, **dict(zip(PARTS, each.responsibilities[code], strict=True))}
            for code in ACTIVITIES
            if code in each.responsibilities
        ],
        **{name: getattr(each, name) for name in _OF_A_CONTRACT},
    }
