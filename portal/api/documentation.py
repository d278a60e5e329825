"""The OpenAPI document as a page: one fold per operation, with a line for curl."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render
from django.urls import reverse

Schema = Mapping[str, Any]
NAMES = {
    "root": "Start here",
    "incidents": "Incidents",
    "tasks": "Tasks",
    "decisions": "Decisions",
    "alerts": "Alerts",
    "events": "Events",
    "live": "Live",
    "organisations": "Organisations",
    "systems": "Shared systems",
    "dependencies": "Dependencies",
    "contacts": "Contact points",
    "playbooks": "Playbooks",
}
_PLACE = re.compile(r"\{(\w+)\}")
SAMPLES = {"date-time": "2026-05-03T09:40:00Z", "uuid": "6f1a0a52-6d5c-4f2b-9d8a-0b6f3b0f7c11"}


def documentation(request: HttpRequest, document: Schema) -> HttpResponse:
    if request.method not in {"GET", "HEAD"}:
        return HttpResponseNotAllowed(["GET", "HEAD"])
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            groups[operation["tags"][0]].append(_operation(document, path, method, operation))
    order = [tag for tag in NAMES if tag in groups] + sorted(groups.keys() - NAMES.keys())
    context = {
        "title": f"{document['info']['title']}: the API",
        "version": document["info"]["version"],
        "base_url": f"{settings.PORTAL_URL}/api/v1",
        "schema_url": reverse("api-schema"),
        "groups": [{"name": NAMES.get(tag, tag), "id": tag, "operations": groups[tag]} for tag in order],
    }
    return render(request, "api/docs.html", context)


def _operation(document: Schema, path: str, method: str, operation: Schema) -> dict[str, Any]:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    sample = sample_of(document, content["schema"]) if "schema" in content else None
    for example in content.get("examples", {}).values():
        sample = example["value"]
    return {
        "id": operation["operationId"],
        "method": method.upper(),
        "path": path,
        "summary": operation.get("summary", ""),
        "description": operation.get("description", ""),
        "scopes": operation.get("x-scopes", []),
        "parameters": [
            {
                "name": each["name"],
                "place": each["in"],
                "required": each.get("required", False),
                "words": _words(each),
            }
            for each in operation.get("parameters", [])
        ],
        "body": json.dumps(sample, indent=2, ensure_ascii=False) if sample and "x-body-file" not in operation else "",
        "answers": [
            {"status": status, "words": said.get("description") or "As the document says."}
            for status, said in operation["responses"].items()
        ],
        "curl": _curl(path, method, operation, sample),
    }


def _words(parameter: Schema) -> str:
    said = [parameter.get("description", "")]
    schema = parameter.get("schema", {})
    if "enum" in schema:
        said.append(f"One of: {', '.join(map(str, schema['enum']))}.")
    if "default" in schema:
        said.append(f"Default: {schema['default']}.")
    return " ".join(each for each in said if each)


def _curl(path: str, method: str, operation: Schema, sample: Any) -> str:
    parts = ["curl"]
    if method != "get":
        parts.append(f"-X {method.upper()}")
    if operation.get("security"):
        parts.append('-H "Authorization: Bearer $KEY"')
    if method == "patch":
        parts.append('-H "If-Match: $ETAG"')
    if file := operation.get("x-body-file"):
        parts.append(f"-H 'Content-Type: application/json' -d @{file}")
    elif sample:
        body = json.dumps(sample, ensure_ascii=False).replace("'", "'\\''")
        parts.append(f"-H 'Content-Type: application/json' -d '{body}'")
    parts.append(f"{settings.PORTAL_URL}{_PLACE.sub(lambda place: '$' + place[1].upper(), path)}")
    return " ".join(parts)


def sample_of(document: Schema, schema: Schema, *, depth: int = 0) -> Any:
    """A small value that fits the schema, with its required fields."""
    if "$ref" in schema:
        return sample_of(document, document["components"]["schemas"][schema["$ref"].rpartition("/")[2]], depth=depth)
    for known in ("example", "const", "default"):
        if known in schema:
            return schema[known]
    if "enum" in schema:
        return next(each for each in schema["enum"] if each is not None)
    for several in ("oneOf", "allOf", "anyOf"):
        if several in schema:
            return sample_of(document, schema[several][0], depth=depth)
    kind = schema.get("type", "object")
    kind = next(each for each in kind if each != "null") if isinstance(kind, list) else kind
    if kind == "object":
        required = schema.get("required", ())
        fields = schema.get("properties", {}).items()
        return {name: sample_of(document, each, depth=depth + 1) for name, each in fields if name in required}
    if kind == "array":
        return [sample_of(document, schema["items"], depth=depth + 1)] if depth < 4 else []
    plain = {"integer": schema.get("minimum", 1), "number": 1.0, "boolean": True}
    return plain.get(kind, SAMPLES.get(schema.get("format", ""), "…"))
