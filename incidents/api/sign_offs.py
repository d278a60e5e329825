"""Signatures to playbooks by API: keys read them, a person with a passkey signs and withdraws; no key ever does."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from incidents import sign_offs
from incidents.api.shapes import NULL, incident_named
from incidents.cacao.difference import difference
from incidents.cacao.differing import Change
from incidents.errors import WrongMoment
from incidents.models import Playbook, SignedAtOpening, SignOff, Step
from incidents.named import versions_named
from incidents.plans import Plan, plan_of, plans
from incidents.sign_off_forms import LONGEST, latest_end
from incidents.sign_off_pages import steps_said
from incidents.sign_offs import Part, in_force, today
from partners.api.mail import PERSON
from portal.api.documented import example, page_of_shape
from portal.api.endpoint import Endpoint, body_of
from portal.api.fields import OPTIONAL, PageQuery, Query, Strict, Text
from portal.api.paging import page_of
from portal.api.problems import Refusal
from portal.api.rendering import answer

NO_KEY = "A person's session alone, with a passkey used within five minutes: no key speaks for an organisation. "


class SignedStep(serializers.Serializer):
    step = serializers.IntegerField(help_text="Its number in the version.")
    title = serializers.CharField()
    reservation = serializers.CharField()
    agreed_until = serializers.DateField(help_text="May be done without asking again until then.", **NULL)


class SignOffShown(serializers.Serializer):
    """An organisation's signature to one version. Read by those who run this playbook together."""

    id = serializers.UUIDField()
    organisation = serializers.CharField()
    version = serializers.CharField()
    state = serializers.ChoiceField(
        ["in_force", "void", "expired", "withdrawn", "replaced"],
        help_text="`void`: its version may not be run now, so the signature counts for nothing.",
    )
    signed_at = serializers.DateTimeField()
    valid_until = serializers.DateField()
    reservation = serializers.CharField()
    steps = SignedStep(many=True)
    ended_at = serializers.DateTimeField(**NULL)
    ended_reason = serializers.CharField()


class SignedStepForm(Strict):
    step = serializers.IntegerField(min_value=1, max_value=32767)
    reservation = Text(max_length=LONGEST, allow_blank=True, **OPTIONAL)
    agreed_until = serializers.DateField(**OPTIONAL)


class SignForm(Strict):
    version = Text(max_length=100, help_text="`modified` of the version that is signed.")
    valid_until = serializers.DateField(help_text="Default: in 12 months. At most 24.", **OPTIONAL)
    reservation = Text(max_length=LONGEST, allow_blank=True, **OPTIONAL)
    steps = SignedStepForm(many=True, **OPTIONAL)


class WithdrawForm(Strict):
    version = Text(max_length=100)
    reason = Text(max_length=LONGEST)


class CompareQuery(Query):
    since = serializers.CharField(
        required=False, max_length=100, help_text="`modified` of the older version. Default: the one before."
    )
    version = serializers.CharField(required=False, max_length=100, help_text="Default: the newest.")


class LineShown(serializers.Serializer):
    what = serializers.ChoiceField(["gone", "new", "same"])
    text = serializers.CharField()


class WordsChanged(serializers.Serializer):
    of = serializers.CharField(help_text="What says something else now.")
    lines = LineShown(many=True)


class StepDifferenceShown(serializers.Serializer):
    what = serializers.ChoiceField(["added", "removed", "moved", "changed"])
    step = serializers.IntegerField()
    was_step = serializers.IntegerField()
    title = serializers.CharField()
    changes = WordsChanged(many=True)


class DifferenceShown(serializers.Serializer):
    """What is different between two versions, in words."""

    since = serializers.CharField()
    version = serializers.CharField()
    same = serializers.BooleanField()
    whole = WordsChanged(many=True)
    steps = StepDifferenceShown(many=True)
    between = WordsChanged(many=True)
    variables = WordsChanged(many=True)


class SignedAtOpeningShown(serializers.Serializer):
    """What one participant had signed when it joined: one's own, or everybody's for whoever oversees."""

    organisation = serializers.CharField()
    word = serializers.ChoiceField(SignedAtOpening.Word.values)
    version = serializers.CharField()
    signed_at = serializers.DateTimeField(**NULL)
    valid_until = serializers.DateField(**NULL)
    reservation = serializers.CharField()
    steps = SignedStep(many=True)


class AllSignedAtOpening(serializers.Serializer):
    results = SignedAtOpeningShown(many=True)
    next = serializers.URLField(**NULL)
    previous = serializers.URLField(**NULL)


def version_named(slug: str, version: str | None, *, field: str = "version") -> Playbook:
    """A kept version; without one named the newest.

    Raises:
        Playbook.DoesNotExist: no playbook of this name. Refusal: 422, no such version of it.
    """
    rows = versions_named(slug)
    newest = rows.first()
    if newest is None:
        raise Playbook.DoesNotExist
    found = rows.filter(version=version).first() if version is not None else newest
    if found is None:
        raise Refusal(422, errors=[{"pointer": f"/{field}", "detail": "No such version of this playbook."}])
    return found


class SignOffs(Endpoint):
    scopes = {"get": ("read",), "post": PERSON}
    queries = {"get": PageQuery}
    fresh = ("post",)

    @extend_schema(
        summary="Who has signed a playbook, as you may see it",
        description="Your own signatures; and everybody's when you run this playbook together: your organisation has "
        "signed it, keeps it, or stands on a system that it is for.",
        responses=page_of_shape(SignOffShown),
    )
    def get(self, request: Request, slug: str) -> HttpResponse:
        ids = versions_named(slug).values_list("cacao_id", flat=True)
        if not ids:
            raise Playbook.DoesNotExist
        rows = SignOff.objects.filter(cacao_id__in=set(ids)).select_related("playbook", "organisation")
        rows = rows.defer("playbook__document", "playbook__warnings")
        page = page_of(request, rows, by=("signed_at", "id"), asked=self.asked, descending=True)
        said = steps_said(each.pk for each in page.rows)
        known = plans(each.cacao_id for each in page.rows)
        return answer(page.shown(lambda each: _shown(each, known[each.cacao_id], said[each.pk])))

    @extend_schema(
        summary="Sign a version for your organisation",
        description=NO_KEY
        + "Administrators, incident managers and approvers. 409 for a version that is revoked or not "
        "valid today. A signature to the same version takes the place of the one before.",
        request=SignForm,
        responses={201: SignOffShown},
        examples=example(
            version="2026-09-14T09:00:00.000Z",
            reservation="Not on the night of an election.",
            steps=[{"step": 7, "agreed_until": "2027-05-31"}],
        ),
    )
    def post(self, request: Request, slug: str) -> HttpResponse:
        said = body_of(request, SignForm)
        playbook = version_named(slug, said["version"])
        until = said.get("valid_until") or today() + sign_offs.USUAL
        made = sign_offs.sign(
            playbook,
            until=until,
            reservation=said.get("reservation") or "",
            parts=_parts(playbook, said.get("steps") or [], until),
        )
        return answer(_one(made), status=201)


class Withdrawals(Endpoint):
    scopes = {"post": PERSON}
    fresh = ("post",)

    @extend_schema(
        summary="Withdraw your signature to a version",
        description=NO_KEY + "The reason is read by everybody who runs the playbook with you.",
        request=WithdrawForm,
        responses=SignOffShown,
        examples=example(version="2026-09-14T09:00:00.000Z", reason="We leave the shared directory."),
    )
    def post(self, request: Request, slug: str) -> HttpResponse:
        said = body_of(request, WithdrawForm)
        playbook = version_named(slug, said["version"])
        mine = SignOff.objects.filter(
            playbook=playbook, organisation_id=self.visitor.organisation_id, ended_at=None
        ).first()
        if mine is None:
            raise WrongMoment("Your organisation has no signature to this version that is in force.")
        sign_offs.withdraw(mine, reason=said["reason"])
        return answer(_one(mine.pk))


class Compare(Endpoint):
    queries = {"get": CompareQuery}

    @extend_schema(summary="What is different between two versions, in words", responses=DifferenceShown)
    def get(self, request: Request, slug: str) -> HttpResponse:
        now = version_named(slug, self.asked.get("version"))
        was = version_named(slug, self.asked["since"], field="since") if "since" in self.asked else _before(now)
        if was.cacao_id != now.cacao_id:
            raise Refusal(422, errors=[{"pointer": "/since", "detail": "These are versions of two playbooks."}])
        found = difference(was.document, now.document)
        return answer(
            {
                "since": was.version,
                "version": now.version,
                "same": found.same,
                "whole": _changes(found.whole),
                "steps": [
                    {
                        "what": each.what,
                        "step": each.position,
                        "was_step": each.was_position,
                        "title": each.title,
                        "changes": _changes(each.changes),
                    }
                    for each in found.steps
                ],
                "between": _changes(found.between),
                "variables": _changes(found.variables),
            }
        )


class IncidentSignOffs(Endpoint):
    @extend_schema(
        summary="What participants had signed when they joined",
        description="As it was then; what is signed later changes nothing. Your own; for lead, deputy and provider "
        "everybody's.",
        responses=AllSignedAtOpening,
    )
    def get(self, request: Request, reference: str) -> HttpResponse:
        incident = incident_named(reference)
        rows = list(SignedAtOpening.objects.filter(incident=incident).select_related("organisation"))
        shown = [_at_opening(each) for each in sorted(rows, key=lambda each: each.organisation.slug)]
        return answer({"results": shown, "next": None, "previous": None})


def _before(now: Playbook) -> Playbook:
    rows = Playbook.objects.filter(cacao_id=now.cacao_id, version__lt=now.version)
    return rows.order_by("-version", "-id").first() or now


def _parts(playbook: Playbook, said: Iterable[dict[str, Any]], until: date) -> list[Part]:
    """Raises: Refusal, 422: a step that the version does not have, named twice, or nothing said of it; a wrong day."""
    ids = dict(Step.objects.filter(playbook=playbook).values_list("position", "pk"))
    found: dict[UUID, Part] = {}
    errors = []
    now = today()
    if not now < until <= latest_end():
        errors.append({"pointer": "/valid_until", "detail": "A day after today and within 24 months."})
    for nth, each in enumerate(said):
        step = ids.get(each["step"])
        words, agreed = each.get("reservation") or "", each.get("agreed_until")
        if step is None or step in found:
            errors.append({"pointer": f"/steps/{nth}/step", "detail": "No such step, or named twice."})
        elif not words.strip() and agreed is None:
            errors.append({"pointer": f"/steps/{nth}", "detail": "Say a reservation, or until when it is agreed."})
        elif agreed is not None and not now < agreed <= until:
            detail = "A day after today, and not after the signature ends."
            errors.append({"pointer": f"/steps/{nth}/agreed_until", "detail": detail})
        else:
            found[step] = Part(step, words, agreed)
    if errors:
        raise Refusal(422, errors=errors)
    return list(found.values())


def _one(sign_off: UUID) -> dict[str, Any]:
    row = SignOff.objects.select_related("playbook", "organisation").get(pk=sign_off)
    return _shown(row, plan_of(row.playbook), steps_said([row.pk])[row.pk])


def _state(row: SignOff, plan: Plan) -> str:
    if row.ended_how:
        return row.ended_how
    if row.playbook_id not in plan.usable:
        return "void"
    return "in_force" if in_force(row, on=today()) else "expired"


def _shown(row: SignOff, plan: Plan, steps: Iterable[Any]) -> dict[str, Any]:
    return {
        "id": row.pk,
        "organisation": row.organisation.slug,
        "version": row.playbook.version,
        "state": _state(row, plan),
        "signed_at": row.signed_at,
        "valid_until": row.valid_until,
        "reservation": row.reservation,
        "steps": [
            {
                "step": each.step.position,
                "title": each.step.title,
                "reservation": each.reservation,
                "agreed_until": each.agreed_until,
            }
            for each in steps
        ],
        "ended_at": row.ended_at,
        "ended_reason": row.ended_reason,
    }


def _at_opening(row: SignedAtOpening) -> dict[str, Any]:
    return {
        "organisation": row.organisation.slug,
        "word": row.word,
        "version": row.version,
        "signed_at": row.signed_at,
        "valid_until": row.valid_until,
        "reservation": row.reservation,
        "steps": [
            {
                "step": each["position"],
                "title": each["title"],
                "reservation": each["reservation"],
                "agreed_until": each["agreed_until"],
            }
            for each in row.steps
        ],
    }


def _changes(changes: Iterable[Change]) -> list[dict[str, Any]]:
    return [
        {"of": each.label, "lines": [{"what": line.what, "text": line.text} for line in each.lines]} for each in changes
    ]
