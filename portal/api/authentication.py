"""Who asks, for DRF: the door has found out already."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.utils.module_loading import import_string
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from portal.tenancy.door import Visitor

FULL = 4  # the step of isolation that ends every access


class _Check(CsrfViewMiddleware):
    def _reject(self, request: HttpRequest, reason: str) -> HttpResponse:
        return HttpResponse(reason, status=403)  # only that there is an answer counts


class FromTheDoor(BaseAuthentication):
    """`request.user` is the visitor. A session counts for changes only with its CSRF token; a key needs none."""

    def authenticate(self, request: Request) -> tuple[Visitor, None] | None:
        asked = request._request
        if getattr(asked, "key_refused", False):
            raise AuthenticationFailed("This key is not valid.")
        visitor: Visitor | None = asked.visitor  # type: ignore[attr-defined]
        if visitor is None:
            return None
        if FULL in visitor.steps:
            raise AuthenticationFailed(import_string("partners.cutting_off.words_for_key")(visitor.organisation_id))
        if visitor.kind == "person":
            self._check_csrf(asked)
        return visitor, None

    def authenticate_header(self, request: Request) -> str:
        refused = getattr(request._request, "key_refused", False)
        return 'Bearer realm="Bulkhead"' + (', error="invalid_token"' if refused else "")

    def _check_csrf(self, request: HttpRequest) -> None:
        check = _Check(lambda _: HttpResponse())
        check.process_request(request)
        if check.process_view(request, lambda _: HttpResponse(), (), {}):
            raise PermissionDenied("A session may change something only with its CSRF token in X-CSRFToken.")
