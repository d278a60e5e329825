"""/incidents/{reference}/techniques/: what is supposed, who saw what, what was ruled out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Count, Window
from django.db.models.functions import RowNumber
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from incidents.api.shapes import NULL, incident_named
from incidents.models import Incident, IncidentTechnique, TechniqueSaying
from incidents.techniques.facts import technique
from incidents.techniques.said import SHOWN
from incidents.techniques.saying import LONGEST, evidence_of, say
from portal.api.documented import example, page_of_shape
from portal.api.endpoint import Endpoint, body_of
from portal.api.fields import OPTIONAL, Flag, PageQuery, Strict, Text
from portal.api.paging import page_of
from portal.api.rendering import answer


class TechniqueForm(Strict):
    technique = Text(max_length=20, help_text="An id of MITRE ATT&CK, for example T1486 or T1078.002.")
    state = serializers.ChoiceField(
        TechniqueSaying.Said.values,
        help_text="`hypothesised` and `ruled_out`: lead and deputy lead; a key needs the scope `open`. `observed`: at"
        " your own side. `withdrawn`: you take that back. `set_aside`: the lead does so with what a participant"
        " that is cut off says that it saw.",
    )
    words = Text(
        max_length=LONGEST,
        allow_blank=True,
        help_text="Of `observed` the evidence, which stays with you; of the others why, which those read who read the "
        "state. Only `hypothesised` may do without.",
        **OPTIONAL,
    )
    organisation = Text(help_text="Of `set_aside` alone: whose words, by slug.", **OPTIONAL)
    share = Flag(help_text="Lead, deputy and provider read the evidence, for good. Default: false.", **OPTIONAL)


class SaidOfTechnique(serializers.Serializer):
    """Everybody reads what lead and deputy say; what was seen is for the organisation, lead, deputy and provider."""

    organisation = serializers.CharField()
    about = serializers.CharField(help_text="Of `set_aside`: whose words.", **NULL)
    said = serializers.ChoiceField(TechniqueSaying.Said.values)
    words = serializers.CharField()
    at = serializers.DateTimeField()
    in_force = serializers.BooleanField(help_text="It was seen, and that was not taken back or set aside.")
    evidence = serializers.CharField(help_text="Your own, and what was shared with you.", **NULL)
    shared = serializers.BooleanField()


class TechniqueShown(serializers.Serializer):
    technique = serializers.CharField()
    name = serializers.CharField(help_text="Empty for an id that our list does not have.")
    tactics = serializers.ListField(child=serializers.CharField())
    attack_version = serializers.CharField(help_text="Of the list by which it was put here.")
    state = serializers.ChoiceField(IncidentTechnique.State.values)
    seen_at = serializers.IntegerField(help_text="How many organisations say that they saw it.")
    changed_at = serializers.DateTimeField()
    said_count = serializers.IntegerField(help_text="How much was said of it that you may read.")
    said = SaidOfTechnique(many=True, help_text=f"The newest {SHOWN}, the newest first.")


class IncidentTechniques(Endpoint):
    scopes = {"get": ("read",), "post": ("answer", "open")}
    queries = {"get": PageQuery}

    @extend_schema(
        summary="Techniques on the incident, and what was said of them as you may see it",
        responses=page_of_shape(TechniqueShown),
    )
    def get(self, request: Request, reference: str) -> HttpResponse:
        rows = IncidentTechnique.objects.filter(incident=incident_named(reference))
        page = page_of(request, rows, by=("technique",), asked=self.asked)
        said = _said_of(page.rows)
        return answer(page.shown(lambda row: _shown(row, said[row.pk])))

    @extend_schema(
        summary="Suppose, see, take back or rule out a technique",
        description="Nobody rules out what another organisation says that it saw: 409 until it takes that back. The "
        "same again changes nothing.",
        request=TechniqueForm,
        responses={200: TechniqueShown},
        examples=example(technique="T1486", state="observed", words="Files on FS-02 end in .locked since 07:50."),
    )
    def post(self, request: Request, reference: str) -> HttpResponse:
        incident = incident_named(reference)
        said = body_of(request, TechniqueForm)
        key = said["technique"].strip().upper()
        words, share = said.get("words") or "", said.get("share") or False
        about = said.get("organisation") or None
        say(incident, key, said=said["state"], words=words, share=share, about=about)
        return answer(_one(incident, key))


def _one(incident: Incident, key: str) -> dict[str, Any]:
    row = IncidentTechnique.objects.get(incident=incident, technique=key)
    return _shown(row, _said_of([row])[row.pk])


def _said_of(rows: Iterable[IncidentTechnique]) -> dict[Any, list[TechniqueSaying]]:
    found: dict[Any, list[TechniqueSaying]] = defaultdict(list)
    within: dict[str, Any] = {"partition_by": ["subject_id"]}
    sayings = TechniqueSaying.objects.filter(subject__in=[row.pk for row in rows]).annotate(
        nth=Window(RowNumber(), order_by=["-at", "-id"], **within), of=Window(Count("id"), **within)
    )
    newest = sayings.filter(nth__lte=SHOWN).order_by("-at", "-id")
    for each in newest.select_related("organisation", "about", "evidence"):
        found[each.subject_id].append(each)
    return found


def _shown(row: IncidentTechnique, said: Sequence[TechniqueSaying]) -> dict[str, Any]:
    known = technique(row.technique)
    return {
        "technique": row.technique,
        "name": known.name if known else "",
        "tactics": list(known.tactics) if known else [],
        "attack_version": row.attack_version,
        "state": row.state,
        "seen_at": row.seen_count,
        "changed_at": row.changed_at,
        "said_count": said[0].of if said else 0,  # type: ignore[attr-defined]
        "said": [_saying(each) for each in said],
    }


def _saying(each: TechniqueSaying) -> dict[str, Any]:
    evidence = evidence_of(each)
    return {
        "organisation": each.organisation.slug,
        "about": each.about.slug if each.about else None,
        "said": each.said,
        "words": each.words,
        "at": each.at,
        "in_force": each.in_force,
        "evidence": evidence.text if evidence else None,
        "shared": bool(evidence and evidence.shared_at),
    }
