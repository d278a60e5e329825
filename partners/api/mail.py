"""/mail-distrust/: marks on mail that is not trusted. Keys read them; setting, renewing and lifting takes a person."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.reverse import reverse

from partners import mail_distrust
from partners.approvals import NotAllowed
from partners.mail_marks import Mark, marks
from partners.models import Approval, Organisation
from portal.api.documented import example, page_of_shape
from portal.api.endpoint import Endpoint, body_of
from portal.api.fields import OPTIONAL, Empty, Instant, Strict, Text
from portal.api.problems import Refusal
from portal.api.rendering import answer

NULL: Any = {"allow_null": True}
PERSON = ("mail",)  # a scope that no key can have
NO_KEY = "A person's session alone, with a passkey used within five minutes: no key marks mail, nor lifts a mark. "


class MarkShown(serializers.Serializer):
    """One mark. Reason, incident and whose it is are empty or null for who may know the bare fact alone."""

    id = serializers.UUIDField()
    url = serializers.URLField()
    organisation = serializers.CharField(help_text="Whose mail it is.")
    domain = serializers.CharField(help_text="It and what is under it. Empty: every mailbox of the organisation.")
    for_all = serializers.BooleanField(help_text="False: for your organisation alone, and nobody else knows.")
    mine = serializers.BooleanField(help_text="Whether your organisation set it.")
    in_force = serializers.BooleanField()
    suspected_from = serializers.DateTimeField()
    marked_at = serializers.DateTimeField()
    marked_by = serializers.CharField(help_text="The organisation that set it, or empty.")
    renewed_at = serializers.DateTimeField(**NULL)
    until = serializers.DateTimeField(help_text="Null: as long as a step of isolation lasts.", **NULL)
    lifted_at = serializers.DateTimeField(**NULL)
    reason = serializers.CharField()
    incident = serializers.CharField(**NULL)
    by_two = serializers.BooleanField(help_text="Set by two organisations, so that two renew and lift it.")


class MarkForm(Strict):
    """One's own domain for all, or another's for one's own organisation; for seven days."""

    organisation = Text(max_length=100, help_text="Slug. Your own: for all, by an administrator.")
    domain = Text(max_length=253)
    reason = Text(max_length=1000, help_text="Of your own mail, everybody in the partnership reads this.")
    suspected_from = Instant(help_text="Default: now.", **OPTIONAL)


class ChangeForm(Strict):
    """Of a mark that two organisations set: why, and who decides. Of another one: nothing."""

    reason = Text(max_length=1000, **OPTIONAL)
    second = Text(max_length=100, help_text="Slug of the organisation that is asked.", **OPTIONAL)


class AskedShown(serializers.Serializer):
    """Nothing has changed yet: a person of a second organisation decides, on their page."""

    approval = serializers.UUIDField()
    effects = serializers.ListField(child=serializers.CharField(), help_text="What a yes does, in sentences.")
    expires_at = serializers.DateTimeField()


class Marks(Endpoint):
    scopes = {"get": ("read",), "post": PERSON}
    fresh = ("post",)

    @extend_schema(
        summary="Mail that is not trusted, as you may know it",
        description="Every mark for all, and your own; those that have ended stay for a month. All on one page.",
        responses=page_of_shape(MarkShown),
    )
    def get(self, request: Request) -> HttpResponse:
        return answer({"results": [_shown(each, request) for each in marks()], "next": None, "previous": None})

    @extend_schema(
        summary="Mark mail as not trusted",
        description=NO_KEY + "Your own domain for all, another's for yourself. The same again is refused: renew it.",
        request=MarkForm,
        responses={201: MarkShown},
        examples=example(organisation="dunmere", domain="dunmere.example", reason="Invoices that nobody sent."),
    )
    def post(self, request: Request) -> HttpResponse:
        said = body_of(request, MarkForm)
        whose = organisation_named(said["organisation"])
        with refused():
            made = mail_distrust.mark(
                whose,
                said["domain"],
                for_all=whose == self.visitor.organisation_id,
                reason=said["reason"],
                since=said.get("suspected_from"),
            )
        shown = _shown(mark_or_404(made), request)
        return answer(shown, status=201, headers={"Location": shown["url"]})


class OneMark(Endpoint):
    @extend_schema(summary="One mark on mail", responses=MarkShown)
    def get(self, request: Request, mark_id: UUID) -> HttpResponse:
        return answer(_shown(mark_or_404(mark_id), request))


class RenewMark(Endpoint):
    scopes = {"post": PERSON}
    fresh = ("post",)
    lift = False

    @extend_schema(
        summary="Let a mark hold for seven days from now",
        description=NO_KEY + "Of a mark that two organisations set, a second one is asked (202).",
        request=ChangeForm,
        responses={200: MarkShown, 202: AskedShown},
    )
    def post(self, request: Request, mark_id: UUID) -> HttpResponse:
        return _change(self, request, mark_id)


class LiftMark(Endpoint):
    scopes = {"post": PERSON}
    fresh = ("post",)
    lift = True

    @extend_schema(
        summary="Trust that mail again",
        description=NO_KEY + "Of a mark that two organisations set, a second one is asked (202).",
        request=ChangeForm,
        responses={200: MarkShown, 202: AskedShown},
    )
    def post(self, request: Request, mark_id: UUID) -> HttpResponse:
        return _change(self, request, mark_id)


def _change(view: RenewMark | LiftMark, request: Request, mark_id: UUID) -> HttpResponse:
    mark = mark_or_404(mark_id)
    if not mark.by_two:
        body_of(request, Empty)
        with refused():
            mail_distrust.lift(mark.id) if view.lift else mail_distrust.renew(mark.id)
        return answer(_shown(mark_or_404(mark_id), request))
    said = body_of(request, ChangeForm)
    if missing := {name: ["This takes two organisations."] for name in ("reason", "second") if not said.get(name)}:
        raise ValidationError(missing)
    second = organisation_named(said["second"], field="second")
    with refused():
        made = mail_distrust.ask_to_change(mark, lift=view.lift, reason=said["reason"], second=second)
    return asked(made)


@contextmanager
def refused() -> Iterator[None]:
    """What the database refuses is a problem that says why, in its words."""
    try:
        yield
    except NotAllowed as why:
        raise Refusal(409, str(why)) from None


def asked(approval_id: UUID) -> HttpResponse:
    """202 with the approval that waits now."""
    made = Approval.objects.get(pk=approval_id)
    return answer({"approval": made.pk, "effects": made.effects, "expires_at": made.expires_at}, status=202)


def organisation_named(slug: str, *, field: str = "organisation") -> UUID:
    found = Organisation.objects.filter(slug=slug).values_list("pk", flat=True).first()
    if found is None:
        raise ValidationError({field: ["There is no organisation of this name."]})
    return found


def mark_or_404(mark_id: UUID) -> Mark:
    for each in marks():
        if each.id == mark_id:
            return each
    raise Http404


def _shown(mark: Mark, request: Request) -> dict[str, Any]:
    plainly = (
        "id", "domain", "for_all", "mine", "in_force", "suspected_from", "marked_at", "renewed_at", "until",
        "lifted_at", "reason", "by_two",
    )  # fmt: skip
    return {
        "url": reverse("api-mail-mark", args=[mark.id], request=request),
        "organisation": mark.slug,
        "marked_by": mark.marked_by_slug,
        "incident": mark.incident_reference or None,
        **{name: getattr(mark, name) for name in plainly},
    }
