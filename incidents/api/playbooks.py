"""/playbooks/: the plans that are kept, and keeping another."""

from __future__ import annotations

from typing import Any, get_args
from urllib.parse import urlencode

from django.db.models import Count, QuerySet
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.reverse import reverse

from incidents.api.shapes import NULL
from incidents.models import Playbook, Step
from incidents.named import versions_named
from incidents.playbooks import VersionTaken, keep_playbook
from incidents.signature_states import Shown, State, states_of
from incidents.signing import document_with_signatures, exported
from partners.acting import actor_of
from partners.models import Organisation
from portal.api.documented import page_of_shape
from portal.api.endpoint import Endpoint
from portal.api.fields import PageQuery, Query
from portal.api.paging import page_of
from portal.api.parsing import MEBIBYTE
from portal.api.problems import Refusal
from portal.api.rendering import answer

CACAO = {
    "type": "object",
    "description": "A CACAO 2.0 playbook, as it stands in its file.",
    "required": ["type", "spec_version", "id", "name"],
    "properties": {
        "type": {"type": "string", "const": "playbook"},
        "spec_version": {"type": "string", "const": "cacao-2.0"},
        "id": {"type": "string"},
        "name": {"type": "string"},
    },
}


class Remark(serializers.Serializer):
    pointer = serializers.CharField()
    detail = serializers.CharField()


class PlaybookListed(serializers.Serializer):
    id = serializers.UUIDField()
    slug = serializers.CharField()
    url = serializers.URLField()
    name = serializers.CharField()
    description = serializers.CharField()
    version = serializers.CharField(help_text="`modified` of the document.")
    cacao_id = serializers.CharField()
    kept_by = serializers.CharField(**NULL)
    imported_at = serializers.DateTimeField()
    steps = serializers.IntegerField(help_text="How many action steps.")
    warnings = Remark(many=True)
    blockers = Remark(many=True, help_text="Why it cannot be run yet.")


class PlaybookStep(serializers.Serializer):
    step = serializers.IntegerField()
    title = serializers.CharField()
    audience = serializers.RegexField(
        rf"^({'|'.join(Step.Audience.values)}|organisation:[a-z0-9-]+)$",
        help_text="`organisation:SLUG`: that one alone.",
    )
    acknowledge_minutes = serializers.IntegerField()
    finish_minutes = serializers.IntegerField()
    containing = serializers.BooleanField()
    d3fend = serializers.ListField(child=serializers.CharField())


class SignatureShown(serializers.Serializer):
    id = serializers.CharField(help_text="`jss--…` in the document.")
    signee = serializers.CharField(help_text="Who signed, as the document says.")
    algorithm = serializers.CharField()
    thumbprint = serializers.CharField(help_text="SHA-256 of the public key; empty when it brings none.")
    state = serializers.ChoiceField(get_args(State), help_text="`trusted`: right, by a key on your trust list.")
    detail = serializers.CharField()
    countersigned = serializers.BooleanField(help_text="By another signature within it, which is kept and not checked.")


class PlaybookShown(PlaybookListed):
    action_steps = PlaybookStep(many=True)
    document = serializers.DictField(help_text="The CACAO document with its signatures.")
    signatures = SignatureShown(many=True)


class VersionQuery(Query):
    version = serializers.CharField(required=False, max_length=100, help_text="Default: the newest.")
    kept_by = serializers.SlugField(
        required=False, max_length=100, help_text="Default: whoever brought in the first playbook of this name."
    )


class KeepQuery(Query):
    strict = serializers.BooleanField(
        required=False, default=False, help_text="Refuse also what would be kept with a warning."
    )


class Playbooks(Endpoint):
    scopes = {"get": ("read",), "post": ("playbooks",)}
    queries = {"get": PageQuery, "post": KeepQuery}
    max_body = 2 * MEBIBYTE

    @extend_schema(summary="The playbooks that are kept", responses=page_of_shape(PlaybookListed))
    def get(self, request: Request) -> HttpResponse:
        page = page_of(request, _playbooks().defer("document"), by=("slug", "version", "id"), asked=self.asked)
        slugs = _slugs(page.rows)
        return answer(page.shown(lambda each: _playbook(each, slugs, request)))

    @extend_schema(
        summary="Keep a CACAO 2.0 playbook",
        description="The body is the document itself, at most 2 MiB. The same document again answers 200; signatures "
        "of it that are not kept yet are added. A wrong signature is refused.",
        request={"application/json": CACAO},
        responses={201: PlaybookListed, 200: PlaybookListed},
        extensions={"x-body-file": "playbook.json"},
    )
    def post(self, request: Request) -> HttpResponse:
        me = self.visitor.organisation_id
        try:
            kept, is_new = keep_playbook(
                dict(request.data), organisation_id=me, actor=actor_of(self.visitor), strict=self.asked["strict"]
            )
        except VersionTaken as taken:
            raise Refusal(422, errors=[{"pointer": "/modified", "detail": str(taken)}]) from None
        playbook = _playbooks().defer("document").get(pk=kept.pk)
        shown = _playbook(playbook, _slugs([playbook]), request)
        return answer(shown, status=201 if is_new else 200, headers={"Location": shown["url"]} if is_new else {})


class OnePlaybook(Endpoint):
    queries = {"get": VersionQuery}

    @extend_schema(summary="One playbook with its steps and its document", responses=PlaybookShown)
    def get(self, request: Request, slug: str) -> HttpResponse:
        playbook = _one(slug, self.asked)
        shown = _playbook(playbook, _slugs([playbook]), request)
        shown["action_steps"] = [_step(step) for step in Step.objects.filter(playbook=playbook).order_by("position")]
        shown["document"] = document_with_signatures(playbook)
        shown["signatures"] = [_signature(each) for each in states_of(playbook)]
        return answer(shown)


class PlaybookDocument(Endpoint):
    queries = {"get": VersionQuery}

    @extend_schema(
        summary="The document of a playbook",
        description="CACAO 2.0 with its signatures, in canonical form (RFC 8785).",
        responses={200: {"type": "object", "additionalProperties": {}, "description": CACAO["description"]}},
    )
    def get(self, request: Request, slug: str) -> HttpResponse:
        return HttpResponse(exported(_one(slug, self.asked)), content_type="application/json")


def _one(slug: str, asked: dict[str, Any]) -> Playbook:
    """The newest version that the name means, or the one asked for. Others' under the same name: by their keeper alone.

    Raises:
        Playbook.DoesNotExist: there is none.
    """
    rows, keeper = versions_named(slug), asked.get("kept_by")
    if keeper:
        whose = Organisation.objects.filter(slug=keeper).values("pk")
        rows = Playbook.objects.filter(slug=slug, created_by_organisation_id__in=whose).order_by("-version", "-id")
    rows = rows.annotate(step_count=Count("steps"))
    playbook = (rows.filter(version=asked["version"]) if asked.get("version") else rows).first()
    if playbook is None:
        raise Playbook.DoesNotExist
    return playbook


def _playbooks() -> QuerySet[Playbook]:
    return Playbook.objects.annotate(step_count=Count("steps"))


def _slugs(playbooks: list[Playbook]) -> dict[Any, str]:
    keepers = {each.created_by_organisation_id for each in playbooks}
    return dict(Organisation.objects.filter(pk__in=keepers).values_list("pk", "slug"))


def _playbook(playbook: Playbook, slugs: dict[Any, str], request: Request) -> dict[str, Any]:
    address = reverse("api-playbook", args=[playbook.slug], request=request)
    keeper = slugs.get(playbook.created_by_organisation_id)
    which = {"version": playbook.version} | ({"kept_by": keeper} if keeper else {})
    return {
        "id": playbook.pk,
        "slug": playbook.slug,
        "url": f"{address}?{urlencode(which)}",
        "name": playbook.name,
        "description": playbook.description,
        "version": playbook.version,
        "cacao_id": playbook.cacao_id,
        "kept_by": keeper,
        "imported_at": playbook.imported_at,
        "steps": playbook.step_count,  # type: ignore[attr-defined]
        "warnings": playbook.warnings,
        "blockers": playbook.blockers,
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "step": step.position,
        "title": step.title,
        "audience": step.audience,
        "acknowledge_minutes": step.acknowledge_minutes,
        "finish_minutes": step.finish_minutes,
        "containing": step.containing,
        "d3fend": [each["id"] for each in step.d3fend],
    }


def _signature(shown: Shown) -> dict[str, Any]:
    return {
        "id": shown.id,
        "signee": shown.signee,
        "algorithm": shown.algorithm,
        "thumbprint": shown.thumbprint,
        "state": shown.state,
        "detail": shown.words,
        "countersigned": shown.countersigned,
    }
