"""/register/imports/: a file into the register by API: sent, looked at in the background, written or not."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import IO, Any
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.reverse import reverse

from partners.acting import actor_of
from partners.importing import matching, shown, storing, writing
from partners.importing.all_kinds import KINDS
from partners.importing.reading import LARGEST, Unreadable, read_table
from partners.models import Import, ImportRow
from portal.api.documented import page_of_shape
from portal.api.endpoint import Endpoint, body_of
from portal.api.fields import Empty, PageQuery, Query
from portal.api.paging import page_of
from portal.api.parsing import read_body
from portal.api.problems import Refusal
from portal.api.rendering import answer

NULL: Any = {"allow_null": True}
FILE = {
    "text/csv": {"type": "string", "description": "A header, then rows; as the export writes them."},
    "application/json": {
        "description": "A list of objects, or the export itself.",
        "oneOf": [{"type": "array", "items": {"type": "object"}}, {"type": "object"}],
    },
}


class FileParser(BaseParser):
    """The body as it came, at most `view.max_body` bytes: what it is, is found out in reading."""

    media_type = "text/csv"

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        view = (parser_context or {})["view"]
        raw = read_body(stream, view.max_body)
        view.body_digest = hashlib.sha256(raw).digest()
        return {"raw": raw}


class JsonFileParser(FileParser):
    media_type = "application/json"


class ImportQuery(Query):
    kind = serializers.ChoiceField(Import.Kind.values, help_text="What a row is.")


class Counts(serializers.Serializer):
    added = serializers.IntegerField()
    changed = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    refused = serializers.IntegerField()
    duplicate = serializers.IntegerField()


class ImportShown(serializers.Serializer):
    """A file. Its `state` is `checking` until each row has a fate; then it can be written."""

    id = serializers.UUIDField()
    url = serializers.URLField()
    kind = serializers.ChoiceField(Import.Kind.values)
    state = serializers.ChoiceField(Import.State.values)
    read_as = serializers.CharField()
    rows = serializers.IntegerField()
    checked = serializers.IntegerField(help_text="How far the dry run has come.")
    columns = serializers.DictField(child=serializers.CharField(), help_text="Which column is which field.")
    left_out = serializers.ListField(child=serializers.CharField(), help_text="Columns that no field takes.")
    counts = Counts(help_text="Null: not known yet.", **NULL)
    uploaded_at = serializers.DateTimeField()
    written_at = serializers.DateTimeField(**NULL)
    written = serializers.IntegerField(help_text="How many rows were added or changed.")


class Trouble(serializers.Serializer):
    field = serializers.CharField(help_text="Empty: the row as a whole.")
    detail = serializers.CharField()


class RowShown(serializers.Serializer):
    row = serializers.IntegerField(help_text="As a spreadsheet numbers it; of JSON the place in the list, from 1.")
    fate = serializers.ChoiceField(ImportRow.Fate.values)
    duplicate_of = serializers.IntegerField(**NULL)
    changes = serializers.DictField(help_text="Field: [from, to].")
    troubles = Trouble(many=True)


class RowQuery(PageQuery):
    fate = serializers.ChoiceField(
        [each.value for each in shown.SHOWN], required=False, help_text="Only rows of this fate."
    )


class Imports(Endpoint):
    scopes = {"get": ("read",), "post": ("estate",)}
    queries = {"get": PageQuery, "post": ImportQuery}
    parser_classes = [FileParser, JsonFileParser]
    max_body = LARGEST

    @extend_schema(summary="The files of your organisation", responses=page_of_shape(ImportShown))
    def get(self, request: Request) -> HttpResponse:
        page = page_of(request, Import.objects.all(), by=("uploaded_at", "id"), asked=self.asked, descending=True)
        return answer(page.shown(lambda each: _import(each, request)))

    @extend_schema(
        summary="Send a file and have its dry run made",
        description="Columns are matched by the names that the export uses, or as your organisation matched such a "
        "file the last time. Nothing is written: look at the fates, then write it.",
        request=FILE,
        responses={202: ImportShown},
        extensions={"x-body-file": "systems.csv"},
    )
    def post(self, request: Request) -> HttpResponse:
        kind = KINDS[self.asked["kind"]]
        body: Any = request.data
        try:
            table = read_table(body.get("raw", b""), kind=kind.name)
        except Unreadable as unreadable:
            raise Refusal(422, str(unreadable)) from None
        mapping = matching.remembered(table.headers, kind) or matching.guessed(table.headers, kind)
        if absent := matching.missing(mapping, kind):
            raise Refusal(
                422, errors=[{"pointer": "", "detail": f"No column for the field {each.name}."} for each in absent]
            )
        try:
            file = storing.keep_file(
                table, kind=kind.name, file_name="", organisation_id=self.visitor.organisation_id, person_id=None
            )
        except storing.TooMany:
            raise Refusal(409, f"{storing.MOST_KEPT} files are kept. Throw one away first.") from None
        storing.ask_for_dry_run(file, mapping)
        body = _import(file, request)
        return answer(body, status=202, headers={"Location": body["url"]})


class OneImport(Endpoint):
    @extend_schema(summary="One file: how far its dry run is, and what came of it", responses=ImportShown)
    def get(self, request: Request, file_id: UUID) -> HttpResponse:
        return answer(_import(Import.objects.get(pk=file_id), request))


class ImportRows(Endpoint):
    queries = {"get": RowQuery}

    @extend_schema(summary="The fate of each row", responses=page_of_shape(RowShown))
    def get(self, request: Request, file_id: UUID) -> HttpResponse:
        rows = ImportRow.objects.filter(file=Import.objects.get(pk=file_id))
        if fate := self.asked.get("fate"):
            rows = rows.filter(fate=fate)
        return answer(page_of(request, rows, by=("number",), asked=self.asked).shown(_row))


class ImportCheck(Endpoint):
    scopes = {"post": ("estate",)}

    @extend_schema(summary="Have the dry run made anew", request=Empty, responses={202: ImportShown})
    def post(self, request: Request, file_id: UUID) -> HttpResponse:
        body_of(request, Empty)
        file = Import.objects.get(pk=file_id)
        if file.emptied_at is not None or file.state not in {Import.State.CHECKED, Import.State.FAILED}:
            raise Refusal(409, "It is looked at already, was written, or its rows are gone.")
        storing.ask_for_dry_run(file)
        return answer(_import(file, request), status=202)


class ImportWrite(Endpoint):
    scopes = {"post": ("estate",)}
    fresh = ("post",)

    @extend_schema(
        summary="Write every good row of a file, or nothing",
        description="409: no dry run stands, or the register has changed since it, and nothing was written: have the "
        "dry run made anew.",
        request=Empty,
        responses={200: ImportShown},
    )
    def post(self, request: Request, file_id: UUID) -> HttpResponse:
        body_of(request, Empty)
        try:
            file = writing.write_file(file_id, actor=actor_of(self.visitor))
        except writing.NotNow:
            raise Refusal(409, "It was written already, or no dry run of it stands.") from None
        except writing.Stale:
            raise Refusal(409, "The register has changed since the dry run. Nothing was written.") from None
        except writing.Denied:
            raise Refusal(403, "A row is not yours to write, or takes a passkey. Nothing was written.") from None
        return answer(_import(file, request))


def _import(file: Import, request: Request) -> dict[str, Any]:
    used = set(file.mapping.values())
    return {
        "id": file.pk,
        "url": reverse("api-import", args=[file.pk], request=request),
        "kind": file.kind,
        "state": file.state,
        "read_as": file.read_as,
        "rows": file.row_count,
        "checked": file.checked_count,
        "columns": {name: file.headers[column] for name, column in file.mapping.items()},
        "left_out": [header for nth, header in enumerate(file.headers) if nth not in used],
        "counts": {fate.value: file.counts.get(fate.value, 0) for fate in shown.SHOWN} if file.checked_at else None,
        "uploaded_at": file.uploaded_at,
        "written_at": file.written_at,
        "written": file.written_count,
    }


def _row(row: ImportRow) -> dict[str, Any]:
    return {
        "row": row.number,
        "fate": row.fate,
        "duplicate_of": row.duplicate_of,
        "changes": row.changes,
        "troubles": [{"field": each["field"], "detail": each["words"]} for each in row.troubles],
    }
