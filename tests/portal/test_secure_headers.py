"""Behind https every answer, a refusal too, tells browsers to stay there."""

from __future__ import annotations

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from tests.gates.access_headers import check_answer


def breaks(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("a mistake of ours")


urlpatterns = [path("breaks/", breaks)]


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/", "/sign-in/", "/api/v1/incidents/", "/nothing/here/", "/sign-in/%00/"])
def test_https_is_kept_for_two_years_and_not_asked_for_without_it(settings, path):
    settings.SECURE = True
    answer = Client().get(path)
    assert answer.headers["Strict-Transport-Security"] == "max-age=63072000; includeSubDomains"
    settings.SECURE = False
    assert "Strict-Transport-Security" not in Client().get(path).headers


@pytest.mark.django_db
@pytest.mark.urls(__name__)
def test_a_mistake_of_ours_is_answered_with_every_header_and_without_its_words():
    answer = Client(raise_request_exception=False).get("/breaks/")
    assert answer.status_code == 500
    check_answer(answer)
    assert b"a mistake of ours" not in answer.content
