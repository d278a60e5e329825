"""/search/: over what the caller may see, in one page without a count."""

from __future__ import annotations

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from incidents.searching import LONGEST, SHORTEST, search
from portal.api.endpoint import Endpoint
from portal.api.fields import Query
from portal.api.rendering import answer


class SearchQuerySaid(Query):
    q = serializers.CharField(
        min_length=SHORTEST, max_length=LONGEST, help_text="Words, words in quotes, or a reference."
    )


class FoundShown(serializers.Serializer):
    kind = serializers.ChoiceField(["incident", "task", "update", "own_action", "note"])
    incident = serializers.CharField(help_text="Its reference.")
    id = serializers.UUIDField(help_text="Of the task, the own action or, of incidents and updates, the incident.")
    title = serializers.CharField()
    excerpt = serializers.CharField()
    at = serializers.DateTimeField()


class FoundAnswer(serializers.Serializer):
    """At most 20 of each kind, the newest first; never how many there are."""

    results = FoundShown(many=True)


class Search(Endpoint):
    queries = {"get": SearchQuerySaid}

    @extend_schema(
        summary="Search incidents, tasks, updates and your own notes, among what you may see", responses=FoundAnswer
    )
    def get(self, request: Request) -> HttpResponse:
        found = search(self.asked["q"], me=self.visitor.organisation_id)
        plain = ("kind", "incident", "title", "excerpt", "at")
        return answer(
            {"results": [{"id": each.object_id, **{name: getattr(each, name) for name in plain}} for each in found]}
        )
