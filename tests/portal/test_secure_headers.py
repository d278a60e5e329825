"""Behind https every answer, a refusal too, tells browsers to stay there."""

from __future__ import annotations

import pytest
from django.test import Client


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/", "/sign-in/", "/api/v1/incidents/", "/nothing/here/", "/sign-in/%00/"])
def test_https_is_kept_for_two_years_and_not_asked_for_without_it(settings, path):
    settings.SECURE = True
    answer = Client().get(path)
    assert answer.headers["Strict-Transport-Security"] == "max-age=63072000; includeSubDomains"
    settings.SECURE = False
    assert "Strict-Transport-Security" not in Client().get(path).headers
