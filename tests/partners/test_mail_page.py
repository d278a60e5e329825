"""The page of mail that is not trusted: marking, the notice, lifting; others see what concerns them."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.django_db


def test_a_mark_is_set_its_notice_issued_and_it_is_lifted_on_the_page(client_of, inside):
    admin = client_of("dunmere", "administrator", fresh=True)
    act = "/partners/mail/act/"
    assert admin.post(act, {"domain": "dunmere.example", "reason": ""}).status_code == 422
    assert admin.post(act, {"domain": "dunmere.example", "reason": "Phishing"}).status_code == 302
    page = admin.get("/partners/mail/").content.decode()
    assert "Your staff was not told yet." in page
    mark = page.split('name="mark" value="')[1].split('"')[0]
    assert admin.post(act, {"act": "notice", "mark": mark, "text": "Ring first", "people": "340"}).status_code == 302
    assert "340 people" in admin.get("/partners/mail/").content.decode()
    stranger = client_of("gravenhurst").get("/partners/mail/").content.decode()
    assert "Dunmere (dunmere.example)" in stranger
    assert "340 people" not in stranger
    assert admin.post(act, {"act": "lift", "mark": mark}).status_code == 302
    assert admin.post(act, {"act": "lift", "mark": mark}).status_code == 409
