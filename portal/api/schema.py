"""The OpenAPI document: one Problem schema on every error, the scopes of every operation, what text may hold."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent

from portal.api.fields import Strict

PROBLEM = {
    "type": "object",
    "description": "An error, as RFC 9457 has it.",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string", "const": "about:blank"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "detail"],
                "properties": {
                    "pointer": {
                        "type": "string",
                        "description": "JSON pointer into the body, or `?name` for a query parameter.",
                    },
                    "detail": {"type": "string"},
                },
            },
        },
    },
    "example": {
        "type": "about:blank",
        "title": "The request can be read but is not valid",
        "status": 422,
        "errors": [{"pointer": "/systems/0", "detail": "No system of this name that you stand on, own or provide."}],
    },
}
WORDS = {
    400: "The request cannot be read: not JSON, or a character that is not allowed in the address.",
    401: "No key or session, or one that is not valid any more.",
    403: "The scope or role is missing, or this belongs to somebody else.",
    404: "Absent, or not yours to see: both look the same.",
    405: "This address does not take that method.",
    409: "Not at this moment, or the first request with this Idempotency-Key is still at work.",
    411: "The length of the body is needed.",
    412: "It has changed since you read it.",
    413: "The body is too large.",
    415: "Only application/json in UTF-8 is taken.",
    422: "Readable but not valid; or an Idempotency-Key that was used with another body.",
    428: "If-Match is needed.",
    429: "Too many requests; Retry-After says when to come back.",
    503: "Not available just now; Retry-After says when to come back.",
}
OF_ALL = (400, 401, 403, 404, 405, 422, 429, 503)
WITH_BODY = (409, 411, 412, 413, 415)
IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Makes it safe to send again: within 24 hours the first answer comes back.",
    "schema": {"type": "string", "pattern": '^([!#-~][!-~]{0,254}|"[!#-~]{1,255}")$'},
}
IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "description": "The ETag of your last read: what has changed since is not overwritten (412).",
    "schema": {"type": "string", "pattern": '^("[!#-~]*"|\\*)$'},
}


class ProblemSchema(AutoSchema):
    """Adds to every operation what drf-spectacular cannot know: errors, scopes, headers."""

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        operation = super().get_operation(*args, **kwargs)
        if operation is None:
            return None
        problem = self._problem()
        statuses = list(OF_ALL) + (list(WITH_BODY) if self.method != "GET" else [])
        if self.method == "PATCH":
            statuses.append(428)
        for status in sorted(statuses):
            operation["responses"].setdefault(str(status), {"description": WORDS[status], "content": problem})
        parameters = operation.setdefault("parameters", [])
        if self.method == "POST" and getattr(self.view, "takes_idempotency_key", True):
            parameters.append(IDEMPOTENCY_KEY)
        if self.method == "PATCH" or (self.method == "POST" and "{task_id}" in self.path):
            parameters.append(IF_MATCH)
        for parameter in parameters:
            parameter["schema"].pop("x-spec-enum-id", None)
        scopes = sorted(getattr(self.view, "scopes", {}).get(self.method.lower(), ()))
        if self.view.get_permissions():
            operation["x-scopes"] = scopes
        else:
            operation["security"] = []
        return operation

    def get_override_parameters(self) -> list[Any]:
        query = getattr(self.view, "queries", {}).get(self.method.lower())
        return [query] if query else []

    def get_description(self) -> str:  # type: ignore[override]
        return ""  # an operation that needs more than its summary says so itself

    def _map_basic_serializer(self, serializer: Any, direction: str) -> dict[str, Any]:
        schema: dict[str, Any] = super()._map_basic_serializer(serializer, direction)  # type: ignore[no-untyped-call]
        if isinstance(serializer, Strict):
            schema["additionalProperties"] = False
        for name, shown in schema.get("properties", {}).items():
            shown.pop("x-spec-enum-id", None)
            kinds = shown.get("oneOf", [])
            if {"type": "string", "maxLength": 0} in kinds:  # our pattern takes an empty text as it is
                schema["properties"][name] = {**kinds[0], **{key: shown[key] for key in shown if key != "oneOf"}}
        return schema

    def get_operation_id(self) -> str:
        path = self.path.removeprefix("/api/v1").strip("/").replace("-", "_")
        parts = ["one" if part.startswith("{") else part for part in path.split("/") if part]
        return "_".join([self.method.lower(), *(parts or ["root"])])

    def get_tags(self) -> list[str]:
        return [self._tokenize_path()[0]] if self._tokenize_path() else ["root"]

    def _is_list_view(self, serializer: Any = None) -> bool:
        return False  # pages of lists are shapes of their own

    def _problem(self) -> dict[str, Any]:
        component = ResolvedComponent(  # type: ignore[no-untyped-call]
            name="Problem", type=ResolvedComponent.SCHEMA, schema=PROBLEM, object="Problem"
        )
        self.registry.register_on_missing(component)
        return {"application/problem+json": {"schema": component.ref}}


class DoorScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "portal.api.authentication.FromTheDoor"
    name = ["key", "session"]

    def get_security_requirement(self, auto_schema: AutoSchema) -> Any:
        return [{"key": []}, {"session": []}]

    def get_security_definition(self, auto_schema: AutoSchema) -> Any:
        return [
            {
                "type": "http",
                "scheme": "bearer",
                "description": "A key of your organisation: `bh_…`. It carries scopes.",
            },
            {
                "type": "apiKey",
                "in": "cookie",
                "name": "bulkhead",
                "description": "The session of the portal's own pages; a change needs X-CSRFToken, too.",
            },
        ]


class TextInWords(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """Says that NUL is refused, and that blank text is no text."""

    target_class = "portal.api.fields.Text"
    match_subclasses = True

    def map_serializer_field(self, auto_schema: AutoSchema, direction: str) -> dict[str, Any]:
        shown: dict[str, Any] = {"type": "string", "maxLength": self.target.max_length}
        if self.target.allow_blank:
            return shown | {"pattern": "^[^\\u0000]*$"}
        return shown | {"minLength": 1, "pattern": "^[^\\u0000]*[^\\s\\u0000][^\\u0000]*$"}
