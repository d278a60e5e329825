"""/duty-catalogue/: what one's own organisation has to report. Keys read it, a person with a passkey changes it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.reverse import reverse

from partners.acting import may_keep_duties
from partners.api.keeping import tag_of
from partners.approvals import NotAllowed
from partners.duty_catalogue import LONGEST_HOURS, Line, keep_line
from partners.models import DutyEntry
from portal.api.documented import example, page_of_shape
from portal.api.endpoint import Endpoint, body_of
from portal.api.etags import check_match
from portal.api.fields import OPTIONAL, Flag, PageQuery, Strict, Text, Whole
from portal.api.paging import page_of
from portal.api.problems import Refusal
from portal.api.rendering import answer

PERSON = ("duties",)  # a scope that no key can have
WHO = "An administrator's or the data protection officer's session alone, with a passkey used within five minutes. "
FIELDS = ("judge", "is_on", "name", "source", "starts", "hours", "rule")
OF_THE_LAW = frozenset(FIELDS) - {"judge", "is_on"}


class EntryShown(serializers.Serializer):
    """One line of your own catalogue. Nobody else's is ever listed."""

    id = serializers.UUIDField()
    url = serializers.URLField()
    key = serializers.CharField(help_text="`kind` of the duties that incidents take from it.")
    standard = serializers.BooleanField(help_text="The law's: of it you say whether it is on, and who judges.")
    name = serializers.CharField()
    source = serializers.CharField(help_text="Law or contract.")  # type: ignore[assignment]
    note = serializers.CharField()
    starts = serializers.ChoiceField(DutyEntry.Starts.values)
    hours = serializers.IntegerField(help_text="0: without undue delay.")
    rule = serializers.ChoiceField(DutyEntry.Rule.values)
    judge = serializers.ChoiceField(DutyEntry.Judge.values)
    is_on = serializers.BooleanField(help_text="Whether incidents take it from now on.")


class EntryForm(Strict):
    """A line of your own."""

    name = Text(max_length=200, help_text="What has to be done, and whom to tell.")
    source = Text(max_length=200, help_text="The law or the contract.")  # type: ignore[assignment]
    starts = serializers.ChoiceField(DutyEntry.Starts.values)
    hours = Whole(min_value=0, max_value=LONGEST_HOURS, help_text="0: without undue delay.")
    rule = serializers.ChoiceField(DutyEntry.Rule.values)
    judge = serializers.ChoiceField(DutyEntry.Judge.values)
    is_on = Flag()


class EntryChange(Strict):
    """What is to be different. Of a standard line `judge` and `is_on` alone."""

    name = Text(max_length=200, **OPTIONAL)
    source = Text(max_length=200, **OPTIONAL)  # type: ignore[assignment]
    starts = serializers.ChoiceField(DutyEntry.Starts.values, **OPTIONAL)
    hours = Whole(min_value=0, max_value=LONGEST_HOURS, **OPTIONAL)
    rule = serializers.ChoiceField(DutyEntry.Rule.values, **OPTIONAL)
    judge = serializers.ChoiceField(DutyEntry.Judge.values, **OPTIONAL)
    is_on = Flag(**OPTIONAL)


class DutyCatalogue(Endpoint):
    scopes = {"get": ("read",), "post": PERSON}
    queries = {"get": PageQuery}
    fresh = ("post",)

    @extend_schema(
        summary="What your organisation has to report, to whom, how fast",
        description="Your own catalogue, from which an incident takes what is on.",
        responses=page_of_shape(EntryShown),
    )
    def get(self, request: Request) -> HttpResponse:
        page = page_of(request, DutyEntry.objects.all(), by=("position", "id"), asked=self.asked)
        return answer(page.shown(lambda each: _shown(each, request)))

    @extend_schema(
        summary="Add a duty of your own to the catalogue",
        description=WHO + "Incidents that have begun keep what they took.",
        request=EntryForm,
        responses={201: EntryShown},
        examples=example(
            name="Tell the insurer", source="Policy 4, clause 9", starts="reached", hours=24, rule="clock",
            judge="incident_manager", is_on=True,
        ),
    )  # fmt: skip
    def post(self, request: Request) -> HttpResponse:
        _for_its_keepers(self)
        kept = _kept(Line(**body_of(request, EntryForm)), None)
        shown = _shown(kept, request)
        return answer(shown, status=201, headers={"Location": shown["url"], "ETag": tag_of(kept)})


class OneDutyEntry(Endpoint):
    scopes = {"get": ("read",), "patch": PERSON}
    fresh = ("patch",)

    @extend_schema(summary="One line of your catalogue of duties", responses=EntryShown)
    def get(self, request: Request, entry_id: UUID) -> HttpResponse:
        return _one(_entry_or_404(entry_id), request)

    @extend_schema(
        summary="Change a line of the catalogue of duties",
        description=WHO + "With `If-Match`. What was there before stays in your record.",
        request=EntryChange,
        responses=EntryShown,
    )
    def patch(self, request: Request, entry_id: UUID) -> HttpResponse:
        _for_its_keepers(self)
        entry = _entry_or_404(entry_id)
        said = {name: value for name, value in body_of(request, EntryChange).items() if value is not None}
        fixed = OF_THE_LAW & said.keys() if entry.standard else ()
        if fixed:
            raise ValidationError(
                {name: ["This is the law's. Of this line say `judge` and `is_on`."] for name in fixed}
            )
        check_match(request, tag_of(entry), needed=True)
        return _one(_kept(Line(**{name: said.get(name, getattr(entry, name)) for name in FIELDS}), entry.pk), request)


def _for_its_keepers(view: Endpoint) -> None:
    if not may_keep_duties(view.visitor):
        raise PermissionDenied("An administrator or the data protection officer keeps the catalogue.")


def _entry_or_404(entry_id: UUID) -> DutyEntry:
    entry = DutyEntry.objects.filter(pk=entry_id).first()
    if entry is None:
        raise Http404
    return entry


def _kept(line: Line, entry_id: UUID | None) -> DutyEntry:
    try:
        return DutyEntry.objects.get(pk=keep_line(line, entry=entry_id))
    except NotAllowed as why:
        raise Refusal(409, str(why)) from None


def _one(entry: DutyEntry, request: Request) -> HttpResponse:
    return answer(_shown(entry, request), headers={"ETag": tag_of(entry)})


def _shown(entry: DutyEntry, request: Request) -> dict[str, Any]:
    names = ("id", "key", "standard", "note", *FIELDS)
    return {
        "url": reverse("api-duty-entry", args=[entry.pk], request=request),
        **{name: getattr(entry, name) for name in names},
    }
