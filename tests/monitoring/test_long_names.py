"""Names of so many octets that no index entry holds them: what crosses is told all the same, each name its own."""

from __future__ import annotations

import json
import random
from contextlib import nullcontext
from typing import Any
from urllib.parse import quote

import pytest
from django.db import DatabaseError, connections, transaction

from incidents.errors import Invalid
from monitoring.access.ingest import source_named, take_stream
from monitoring.access.kept_names import OCTETS, kept_as
from monitoring.findings.sources import claim, names_page
from monitoring.models import AccessChange, Finding, Sight, Unattributed
from monitoring.records.reading import reader_of
from tests.monitoring.sighting import judge
from tests.monitoring.test_taking import COLD, NOON, line, take

pytestmark = pytest.mark.django_db(transaction=True)
SID = "S-1-5-21-1-1-1"


def letters(count: int, seed: int = 1) -> str:
    """Of four octets each, which nothing compresses."""
    chance = random.Random(seed)
    return "".join(chr(chance.randrange(0x20000, 0x2A000)) for _ in range(count))


LONG = letters(500)


@pytest.mark.parametrize("bad", [b"", b"what\n"])  # at full speed, and line by line
def test_a_long_name_hides_no_first_sight(inside, client_of, bad):
    names = [f"{LONG}{nth}@ashbourne" for nth in "12"]
    with inside("ashbourne"):
        told = take(*(line(name, LONG, **COLD) for name in names), line(names[0], LONG + "x", **COLD), bad)
        assert (told.accepted, told.first_sights) == (3, 3)
        again = take(line(names[1], LONG, minute=1, **COLD), name="other")
        assert again.first_sights == 0, "the same account at the same place"
        kept = Sight.objects.filter(shown__in=names)
        assert kept.count() == 3
        assert len({each.account for each in kept}) == 2
        assert len({each.place for each in kept}) == 2
        account = kept.first().account
    page = f"/first-sights/accounts/ashbourne/{quote(account)}/"
    assert client_of("coldharbour").get(page).status_code == 200
    assert client_of("gravenhurst").get(page).status_code == 404


def windows(code: int, *, computer: str = "FILE-02.coldharbour.example", minute: int = 0, **fields: str) -> bytes:
    at = NOON.replace(minute=minute).isoformat()
    return json.dumps({"EventID": code, "Computer": computer, "SystemTime": at, **fields}).encode() + b"\n"


def take_windows(*lines: bytes) -> Any:
    reader = reader_of("windows", now=lambda: NOON.replace(day=NOON.day + 1))
    return take_stream(source_named("DC", "windows"), reader, list(lines), nullcontext)


def test_changes_of_long_names_are_kept(inside):
    """A reader puts name and domain together: of 512 letters each."""
    domain = "d" * 494 + ".ashbourne.example"
    fields = {
        "SubjectUserName": "s" * 512, "SubjectDomainName": domain, "TargetUserName": "t" * 512,
        "TargetDomainName": domain,
    }  # fmt: skip
    with inside("coldharbour"):
        told = take_windows(windows(4728, computer="c" * 370 + ".coldharbour.example", **fields))
        assert (told.accepted, told.rejected) == (1, 0)
        change = AccessChange.objects.get()
        assert len(change.account + change.target + change.place) < 3 * OCTETS
        assert change.account.startswith("s" * 100)
        assert change.account.endswith("d.ashbourne.example")


def test_a_name_that_grows_in_small_letters_is_shown_shortened(inside):
    with inside("coldharbour"):
        fields = {"TargetUserName": "İ" * 512, "TargetDomainName": "x" * 90 + ".ashbourne.example", "LogonType": "3"}
        assert take_windows(windows(4624, **fields)).first_sights == 1
        assert len(Sight.objects.get().shown) == 1100


def test_spellings_of_a_long_name_are_joined(inside, cast):
    with inside("ashbourne", role="administrator"):
        claim(kind="sid", value=SID.lower(), whose=cast.id("ashbourne"), system=None)
    named = {"TargetUserName": letters(512), "TargetDomainName": letters(300) + ".ashbourne.example", "LogonType": "3"}
    with inside("coldharbour"):
        assert take_windows(windows(4624, **named)).first_sights == 1
    judge()
    with inside("coldharbour"):
        told = take_windows(windows(4624, minute=50, TargetUserSid=f"{SID}-1104", **named))
        assert (told.accepted, told.first_sights) == (1, 0), "the same account, by another name"
        assert Sight.objects.get().account == f"sid:{SID}-1104".lower()
        assert Finding.objects.count() == 1


@pytest.mark.parametrize("listed", [True, False])  # as the page lists it, or as somebody writes it
def test_a_long_name_that_nobody_knew_is_claimed_and_told_of_then(inside, cast, listed):
    lines = [line(f"{LONG}\\eve", "x", **COLD)]
    with inside("coldharbour"):
        assert take(*lines).first_sights == 0
        (waiting,) = Unattributed.objects.all()
        assert waiting.value == kept_as(waiting.value)
    with inside("ashbourne", role="administrator"):
        assert waiting.value == kept_as(LONG)
        name = waiting.value if listed else f" {LONG[:9]}\N{SOFT HYPHEN}{LONG[9:]}\N{NO-BREAK SPACE}"
        claim(kind=waiting.kind, value=name, whose=cast.id("ashbourne"), system=None)
        assert [each["value"] for each in names_page()["known"]] == [waiting.value]
    with inside("coldharbour"):
        assert take(*lines).first_sights == 1
    with inside("gravenhurst"):
        assert not Sight.objects.exists()


def test_no_name_of_a_log_is_what_another_is_kept_as(inside):
    kept = kept_as(LONG)
    assert kept_as(kept) == kept
    assert len(kept.encode()) <= OCTETS < len(LONG.encode())
    with inside("ashbourne"):
        forged = line(kept_as(f"{LONG}@ashbourne"), account_organisation="ashbourne", **COLD)
        assert take(line(f"{LONG}@ashbourne", **COLD), forged).first_sights == 2
        assert Sight.objects.count() == 2


def test_no_claim_takes_a_long_name_below_the_domain_of_another(inside, cast):
    name = f"{LONG[:200]}.ashbourne.example"
    assert len(name.encode()) > OCTETS
    with inside("gravenhurst", role="administrator"), pytest.raises(Invalid, match="253 octets"):
        claim(kind="domain", value=name, whose=cast.id("gravenhurst"), system=None)
    with inside("ashbourne"):
        assert take(line(f"eve@{name}", "file-01", resource_organisation="ashbourne")).first_sights == 0
        assert not Unattributed.objects.exists()


def test_no_longer_domain_is_claimed_than_one_whose_parts_are_all_looked_up(inside, cast, client_of):
    """So nobody hides below the domain of another by a name that is kept shortened, or has more parts than are read."""
    longest = "a" * 61 + "." + ".".join(["b" * 63] * 3)
    parts = ".".join("abcdefghijklmnopqrst")
    assert (len(longest), parts.count(".")) == (253, 19)
    below = [f"{LONG[:150]}.{longest}", ".".join(["x"] * 100) + f".{parts}"]
    with inside("ashbourne", role="administrator"):
        for name in (longest, parts):
            claim(kind="domain", value=name, whose=cast.id("ashbourne"), system=None)
        for name in ("a" + longest, f"x.{parts}", *below, kept_as(below[0])):
            with pytest.raises(Invalid, match="253 octets and 20 parts"):
                claim(kind="domain", value=name, whose=cast.id("ashbourne"), system=None)
        for name in ("a" + longest, f"x.{parts}", kept_as(below[0])):
            with (
                pytest.raises(DatabaseError, match="no domain is as long"),
                transaction.atomic(),
                connections["default"].cursor() as cursor,
            ):
                cursor.execute("SELECT sec.claim_name('realm', %s, %s, NULL)", [name, cast.id("ashbourne")])
        for name in ("", "\u2060", " - "):
            with pytest.raises(Invalid, match="Write the name"):
                claim(kind="domain", value=name, whose=cast.id("ashbourne"), system=None)
    with inside("gravenhurst", role="administrator"), pytest.raises(Invalid, match="taken"):
        claim(kind="realm", value=f"x.{longest}"[-253:], whose=cast.id("gravenhurst"), system=None)
    with inside("coldharbour"):
        assert take(*(line(f"eve@{name}", "x", **COLD) for name in below)).first_sights == 2
        assert take(line("eve@" + LONG[:240] + ".nowhere", "x", **COLD)).first_sights == 0
        (listed,) = names_page()["waiting"]
        assert listed["claimable"] is False
    coldharbour, page = client_of("coldharbour", "administrator"), "/first-sights/names/"
    shown = coldharbour.get(page).content.decode()
    assert "Somebody may have made this name up." in shown
    assert "It is ours" not in shown
    refused = coldharbour.post(page, {"act": "claim", "id": listed["id"]}, follow=True).content.decode()
    assert "No domain is as long" in refused
    assert client_of("gravenhurst", "administrator").post(page, {"act": "claim", "id": listed["id"]}).status_code == 404


@pytest.mark.parametrize("name", ["a" * 400 + LONG[:112], LONG + "x" * 12])
def test_whatever_is_listed_can_be_claimed(inside, cast, name):
    assert len(name) == 512
    with inside("ashbourne", role="administrator"):
        claim(kind="host", value=kept_as(name), whose=cast.id("ashbourne"), system=None)


def test_an_organisation_that_is_none_stops_no_log(inside):
    """Two spellings of what is kept as one, in the same batch."""
    said = [LONG, kept_as(LONG), f"{LONG[:250]}\u2060{LONG[250:]}", "null"]
    with inside("ashbourne"):
        told = take(
            *(line("eve@nowhere", "x", account_organisation=each, id=each[:9] + str(len(each))) for each in said)
        )
        assert (told.accepted, told.rejected) == (4, 0)
        names = Unattributed.objects.filter(kind="organisation")
        assert sorted(names.values_list("times", flat=True)) == [1, 2]
