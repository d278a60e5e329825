"""The operator's command: the first way in, and no way round an organisation that has an administrator."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client

from partners.people import make_sign_in_link
from portal.tenancy.scope import at_the_door
from tests.partners.door import CALLUM, PRIYA, by_link, enrolled, person, post

pytestmark = pytest.mark.django_db(transaction=True)
ADMINISTRATOR = "nadia.farouk@ashbourne.example"


def _link(email: str, **options: str) -> str:
    said = StringIO()
    call_command("enrolment_link", email, stdout=said, **options)
    address, words = said.getvalue().splitlines()
    assert "set up a passkey" in words
    return address.removeprefix("http://localhost:8000")


def test_the_operator_lets_in_the_first_administrator_and_nobody_after_that():
    enrolled(PRIYA)  # an incident manager's passkey does not make anybody look after people
    browser = Client()
    link = _link("Nadia.Farouk@ashbourne.example")
    assert "set up a passkey on this device" in browser.get(link).content.decode()
    assert browser.post(link)["Location"] == "/account/"
    assert browser.get("/incidents/").status_code == 302

    enrolled(ADMINISTRATOR)
    with pytest.raises(CommandError, match="ask Nadia Farouk"):
        _link("tom.whitlock@ashbourne.example")
    assert _link(CALLUM).startswith("/sign-in/link/")  # another organisation has none yet


def test_whoever_is_unknown_gets_no_link():
    with pytest.raises(CommandError, match="Nobody here"):
        _link("nobody@ashbourne.example")
    with pytest.raises(CommandError, match="Nobody here"):
        _link(PRIYA, organisation="gravenhurst")


def test_the_first_factor_ends_every_other_link_and_what_it_began():
    """Whoever had read the mailbox earlier adds no second passkey beside the owner's."""
    with at_the_door():
        kept = make_sign_in_link(person(PRIYA))
    earlier = by_link(PRIYA)
    owner, _ = enrolled(PRIYA)
    assert post(earlier, "/account/passkeys/options/").status_code == 302
    assert Client().post(kept).status_code == 404
    assert owner.get("/incidents/").status_code == 200
