"""What every address of the API has in common."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, ClassVar, TypeVar

from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from portal.api.fields import Query
from portal.api.idempotency import once
from portal.api.parsing import MEBIBYTE, drain
from portal.api.problems import BadQuery, Refusal
from portal.api.rendering import AlwaysJson
from portal.tenancy.door import Visitor

NOTHING_ASKED = Query
Q = TypeVar("Q", bound=Query)


class Endpoint(APIView):
    """One address. A subclass says per method which scopes open it (one is enough) and which query it takes.

    Every POST honours `Idempotency-Key`, unless `takes_idempotency_key` says that it has another means. Query
    parameters that the method does not know are refused.
    """

    scopes: ClassVar[dict[str, Collection[str]]] = {"get": ("read",)}
    queries: ClassVar[dict[str, type[Query]]] = {}
    # Methods for which a person must have used their passkey within five minutes. A key is asked for its scope alone.
    fresh: ClassVar[Collection[str]] = ()
    narrow = False  # whether it is open to whoever is limited to their own tasks
    takes_idempotency_key: ClassVar[bool] = True
    keeps_answers_itself: ClassVar[bool] = False  # it opens its scopes itself, and looks after the key in them
    max_body = MEBIBYTE
    body_digest = b""  # SHA-256 of the body as sent; the parser writes it
    content_negotiation_class = AlwaysJson

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "post" in cls.__dict__ and cls.takes_idempotency_key and not cls.keeps_answers_itself:
            cls.post = once(cls.__dict__["post"])  # type: ignore[attr-defined]

    def scopes_for(self, request: Request) -> Collection[str]:
        """The scopes of which the caller needs one, for this method."""
        return self.scopes[_handler(request)]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.META.get("HTTP_TRANSFER_ENCODING") and not request.META.get("CONTENT_LENGTH"):
            raise Refusal(411, "Send the body with its Content-Length.")
        method = _handler(request)
        if method in self.http_method_names and hasattr(self, method):  # else 405 is the answer
            self.asked = checked_query(request, self.queries.get(method, NOTHING_ASKED))

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        if response.status_code >= 400 and request.successful_authenticator:
            drain(request._request)  # not for strangers, who could hold a thread with a slow body
        return super().finalize_response(request, response, *args, **kwargs)

    def options(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:  # type: ignore[override]
        return HttpResponse(status=204)

    @property
    def visitor(self) -> Visitor:
        return self.request.user  # type: ignore[return-value]


def _handler(request: Request) -> str:
    return "get" if request.method == "HEAD" else (request.method or "").lower()


def checked_query(request: Request, query: type[Query]) -> dict[str, Any]:
    """The query parameters by their types.

    Raises:
        BadQuery: unknown, repeated or not valid.
    """
    for name, values in request.query_params.lists():
        if len(values) > 1:
            raise BadQuery({name: ["This parameter stands here twice."]})
    form = query(data=request.query_params.dict())
    if not form.is_valid():
        raise BadQuery(form.errors)
    return form.validated_data


def body_of(request: Request, form: type[Serializer]) -> dict[str, Any]:
    """The body, checked.

    Raises:
        rest_framework.exceptions.ValidationError: answered as 422 with pointers.
    """
    checked = form(data=request.data)
    checked.is_valid(raise_exception=True)
    return checked.validated_data
