"""From a file to the register: what each row's fate is, that all or nothing is written, and whose it is to write."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta

import psycopg
import pytest
from django.db import connections

from partners import views_import
from partners.history import history_of
from partners.importing import checking, storing
from partners.importing.checking import check_due
from partners.importing.kinds import not_yours
from partners.importing.systems import Systems
from partners.importing.writing import hold
from partners.models import Change, Component, Dependency, Import, ImportRow, Participation, PublicService, SharedSystem
from portal import clock
from portal.ledger.models import Event
from portal.tenancy.scope import organisation_scope
from tests.notifications.stage import as_worker
from tests.partners.files import chosen, counts, dry_run, press, upload, words

pytestmark = pytest.mark.django_db(transaction=True)
HEAD = "Name,Decided by,Hosting,People who depend on it\n"


@pytest.fixture
def ashbourne(client_of):
    return client_of("ashbourne", fresh=True)


def fates(client, address, fate=""):
    sheet = client.get(f"{address}fates/").content.decode("utf-8-sig")
    return [row for row in csv.DictReader(io.StringIO(sheet)) if not fate or row["fate"] == fate]


def test_a_file_is_matched_looked_at_written_and_unchanged_the_second_time(ashbourne, inside, cast):
    raw = (
        HEAD + 'Parking,Ashbourne,=cmd|calc,"1,200"\nLibrary,ashbourne,,\nParking,ashbourne,Elsewhere,\nBad,nobody,,x\n'
    )
    address = dry_run(ashbourne, "systems", raw)
    assert counts(ashbourne, address) == {"added": 2, "refused": 1, "duplicate": 1}
    assert fates(ashbourne, address, "Refused")[0]["why"] == "People who depend on it: A whole number is wanted."
    assert fates(ashbourne, address, "Stands in the file twice")[0]["why"] == "The same as row 2, which counts."
    assert fates(ashbourne, address)[0]["Hosting"] == "'=cmd|calc", "no formula in what we write"
    page = words(ashbourne.get(address))
    assert "Write 2 rows, leave 2 out" in page
    with inside("ashbourne"):
        assert not SharedSystem.objects.filter(name="Parking").exists()
    assert press(ashbourne, address).url == address
    assert "2 rows were written by Priya Nair" in words(ashbourne.get(address))
    with inside("ashbourne"):
        parking = SharedSystem.objects.get(name="Parking")
        assert (parking.hosting, parking.people_dependent, parking.owner.slug) == ("=cmd|calc", 1200, "ashbourne")
        event = Event.objects.get(kind="import.written")
        assert event.data == {"rows": "systems", "added": 2, "changed": 0, "left_out": 2}
        assert {str(each.import_id) for each in Change.objects.filter(object_id=parking.pk)} == {address.split("/")[3]}
        said = history_of(parking.pk, me=cast.id("ashbourne"), fields={}, names={})
        assert said[0]["what"] == "added with the file list.csv"
    again = dry_run(ashbourne, "systems", raw)
    assert counts(ashbourne, again) == {"unchanged": 2, "refused": 1, "duplicate": 1}
    assert "There is nothing to write" in words(ashbourne.get(again))


def test_columns_are_remembered_for_the_organisation_and_the_kind(ashbourne, client_of):
    raw = "Wie es heißt;Wem es gehört\nParking;ashbourne\n"
    sent = upload(ashbourne, "systems", raw)
    assert not any(chosen(ashbourne.get(sent.url).content.decode()).values())
    refused = ashbourne.post(f"{sent.url}columns/", {"column-owner": "1"})
    assert refused.status_code == 422
    assert "Choose a column for: Name." in words(refused)
    assert chosen(refused.content.decode())["column-owner"] == "1", "what was chosen stays"
    ashbourne.post(f"{sent.url}columns/", {"column-name": "0", "column-owner": "1"})
    turned = upload(ashbourne, "systems", "Wem es gehört;Wie es heißt\nashbourne;Parking\n")
    page = ashbourne.get(turned.url)
    assert "as your organisation did the last time" in words(page)
    assert {name: at for name, at in chosen(page.content.decode()).items() if at} == {
        "column-name": "1",
        "column-owner": "0",
    }
    for client, kind in ((ashbourne, "services"), (client_of("dunmere", fresh=True), "systems")):
        other = upload(client, kind, raw)
        assert "the last time" not in words(client.get(other.url))


@pytest.mark.parametrize("named", ["social-care-records", "no-such-system-at-all"])
def test_a_foreign_thing_and_an_absent_one_are_refused_in_the_same_words(client_of, inside, named):
    """Gravenhurst shares nothing with those on the social care records."""
    client = client_of("gravenhurst", fresh=True)
    with inside("gravenhurst"):
        assert not SharedSystem.objects.filter(slug=named).exists()
        own = SharedSystem.objects.first().slug
    files = {
        "components": f"system,product\n{named},Linux\n",
        "participations": f"system,organisation\n{named},gravenhurst\n",
        "services": f"system,service\n{named},Rents\n",
        "dependencies": f"source,target,kind\n{own},{named},hosting\n",
    }
    for kind, raw in files.items():
        (row,) = fates(client, dry_run(client, kind, raw))
        assert row["fate"] == "Refused"
        assert row["why"].partition(": ")[2] == not_yours(), kind
    (row,) = fates(client, dry_run(client, "systems", f"slug,name,owner\n{named},Mine,gravenhurst\n"))
    assert row["fate"] == "Would be added", "a slug that others have tells nothing"


def test_nobody_writes_what_is_others(client_of, inside, ashbourne):
    with inside("ashbourne"):
        others = SharedSystem.objects.exclude(owner__slug="ashbourne").exclude(provider__slug="ashbourne").first()
        theirs = others.slug
    rows = fates(ashbourne, dry_run(ashbourne, "systems", f"slug,name,hosting\n{theirs},{others.name},Our cellar\n"))
    rows += fates(ashbourne, dry_run(ashbourne, "systems", "name,owner\nNew one,dunmere\n"))
    rows += fates(ashbourne, dry_run(ashbourne, "components", f"system,product\n{theirs},Linux\n"))
    rows += fates(ashbourne, dry_run(ashbourne, "services", f"organisation,system,service\ndunmere,{theirs},Rents\n"))
    rows += fates(ashbourne, dry_run(ashbourne, "participations", f"organisation,system\ndunmere,{theirs}\n"))
    assert [(row["fate"], row["why"].partition(": ")[2]) for row in rows] == [("Refused", not_yours())] * 5


def test_every_kind_is_added_and_changed_with_its_own_rules(client_of, inside):
    northgate = client_of("northgate", fresh=True)
    with inside("northgate"):
        # Not the portal, which Gravenhurst stands on already.
        ours = Dependency.objects.filter(barrier="none", target__provider__slug="northgate", target__is_portal=False)
        edge = ours.select_related().order_by("target__slug", "source__slug").first()
        system, ends = edge.target, f"{edge.source.slug},{edge.target.slug},{edge.kind},{edge.label}"
    slug = system.slug
    files = {
        "components": "system,vendor,product,version,cpe\n{0},Debian,OpenSSL,3.0.11,\n{0},,Bad,,cpe:nonsense\n",
        "participations": "system,organisation,status\n{0},northgate,live\n{0},gravenhurst,live\n",
    }
    for kind, raw in files.items():
        address = dry_run(northgate, kind, raw.format(slug))
        assert press(northgate, address).status_code == 302
        assert "were written" in words(northgate.get(address)), kind
    services = dry_run(northgate, "services", f"system,service,dates\n{slug},Rents,2027-05-06: Polling day; Rent run\n",
                       **{"column-critical_dates": "2"})  # fmt: skip
    press(northgate, services)
    with inside("northgate"):
        assert Component.objects.get(system=system, product="OpenSSL").product_version == "3.0.11"
        assert Participation.objects.get(system=system, organisation__slug="gravenhurst").services == []
        assert Participation.objects.get(system=system, organisation__slug="northgate").services == ["Rents"]
        assert PublicService.objects.get(name="Rents").critical_dates == [
            {"on": "2027-05-06", "words": "Polling day"},
            {"on": None, "words": "Rent run"},
        ]
    today = clock.now().date()
    tested = f"tested,Leon Baptiste,Port scan,{today},{today + timedelta(days=365)},Watch it"
    head = "source,target,kind,label,barrier,tested_by,test_method,tested_on,valid_until,note\n"
    no_date = "tested,Leon Baptiste,Port scan,,,\n"
    address = dry_run(northgate, "dependencies", f"{head}{ends},{tested}\n{ends} again,{no_date}")
    assert "says who tested it" in fates(northgate, address, "Refused")[0]["why"]
    press(northgate, address)
    with inside("northgate"):
        edge.refresh_from_db()
        assert (edge.barrier, edge.tested_by, edge.note) == ("tested", "Leon Baptiste", "Watch it")
    assert counts(northgate, dry_run(northgate, "dependencies", f"{head}{ends},{tested}\n")) == {"unchanged": 1}


def test_what_changed_since_the_dry_run_stops_all_of_it(ashbourne, inside, owner_url):
    press(ashbourne, dry_run(ashbourne, "systems", HEAD + "Parking,ashbourne,Here,\n"))
    address = dry_run(ashbourne, "systems", HEAD + "Parking,ashbourne,There,\nLibrary,ashbourne,,\n")
    assert counts(ashbourne, address) == {"added": 1, "changed": 1}
    with psycopg.connect(owner_url) as owner:
        owner.execute("UPDATE partners_sharedsystem SET hosting = 'Elsewhere' WHERE name = 'Parking'")
    press(ashbourne, address)
    page = words(ashbourne.get(address))
    assert "Nothing was written; it is looked at anew" in page
    with inside("ashbourne"):
        assert not SharedSystem.objects.filter(name="Library").exists()
    with as_worker():
        assert check_due() == 1
    assert fates(ashbourne, address, "Would be changed")[0]["why"] == "Hosting: Elsewhere → There"
    press(ashbourne, address)
    with inside("ashbourne"):
        assert SharedSystem.objects.filter(name__in=["Library", "Parking"], owner__slug="ashbourne").count() == 2


def test_a_row_that_the_database_refuses_takes_all_with_it(ashbourne, inside, monkeypatch):
    """The dry run is fooled on purpose: the policies still are what decides."""
    monkeypatch.setattr(Systems, "check_new", lambda self, values: None)
    address = dry_run(ashbourne, "systems", HEAD + "Mine,ashbourne,,\nTheirs,dunmere,,\n")
    assert counts(ashbourne, address) == {"added": 2}
    refused = press(ashbourne, address)
    assert refused.status_code == 409
    assert "Nothing was written" in words(refused)
    with inside("ashbourne"):
        assert not SharedSystem.objects.filter(name="Mine").exists()


def test_only_the_dry_run_that_was_seen_is_written_and_only_once(ashbourne, client_of):
    address = dry_run(ashbourne, "systems", HEAD + "Parking,ashbourne,,\n")
    assert ashbourne.post(f"{address}write/", {"checked_at": "2020-01-01T00:00:00+00:00"}).status_code == 409
    assert client_of("ashbourne").post(f"{address}write/", {}).status_code == 403, "a passkey used just now"
    assert press(ashbourne, address).status_code == 302
    assert press(ashbourne, address).status_code == 409
    for slug in ("dunmere", "gravenhurst"):
        stranger = client_of(slug, fresh=True)
        for path in ("", "progress/", "fates/"):
            assert stranger.get(f"{address}{path}").status_code == 404
        for path in ("columns/", "write/", "again/", "discard/"):
            assert stranger.post(f"{address}{path}").status_code == 404


def test_a_worker_that_dies_half_way_is_followed_by_one_that_goes_on(ashbourne, inside, owner_url, monkeypatch):
    monkeypatch.setattr(checking, "BATCH", 2)
    sent = upload(ashbourne, "systems", HEAD + "".join(f"S{n},ashbourne,,\n" for n in range(5)) + "S1,ashbourne,,\n")
    ashbourne.post(f"{sent.url}columns/", chosen(ashbourne.get(sent.url).content.decode()))
    real, batches = checking._batch, []

    def dies(*args):
        batches.append(args)
        if len(batches) == 2:
            raise SystemExit
        return real(*args)

    monkeypatch.setattr(checking, "_batch", dies)
    with as_worker(), pytest.raises(SystemExit):
        check_due()
    assert "2 of 6 rows looked at" in words(ashbourne.get(sent.url))
    with inside("ashbourne"):
        assert not SharedSystem.objects.filter(name="S0").exists()
    with as_worker():
        assert check_due() == 0, "its claim still stands"
    with psycopg.connect(owner_url) as owner:
        owner.execute("UPDATE partners_importjob SET claimed_until = now() - interval '1 second'")
    with as_worker():
        assert check_due() == 1
    assert counts(ashbourne, sent.url) == {"added": 5, "duplicate": 1}
    assert fates(ashbourne, sent.url, "Stands in the file twice")[0]["why"] == "The same as row 3, which counts."


def test_files_are_thrown_away_by_hand_or_after_thirty_days(ashbourne, inside, monkeypatch):
    addresses = [dry_run(ashbourne, "systems", HEAD + "Parking,ashbourne,,\n") for _ in range(2)]
    press(ashbourne, addresses[0])
    assert "thrown away" in words(ashbourne.post(f"{addresses[1]}discard/", follow=True))
    assert ashbourne.get(f"{addresses[1]}fates/").status_code == 404
    with as_worker(), inside("ashbourne"):
        storing.empty_old_files(clock.now() + timedelta(days=29))
        assert ImportRow.objects.count() == 1
        storing.empty_old_files(clock.now() + timedelta(days=31))
        assert ImportRow.objects.count() == 0
        assert sorted(Import.objects.values_list("state", flat=True)) == ["discarded", "written"]
    assert "The rows of the file were deleted" in words(ashbourne.get(addresses[0]))


@pytest.mark.parametrize(
    ("kind", "raw", "said"),
    [
        ("", "name\nx\n", "Choose what the rows"),
        ("systems", b"PK\x03\x04", "Save it as CSV"),
        ("systems", "", "empty"),
        ("systems", "a," * 300 + "\n", "At most 200"),
    ],
)
def test_a_file_that_is_none_is_refused_on_the_page(ashbourne, inside, kind, raw, said):
    refused = upload(ashbourne, kind, raw)
    assert refused.status_code == 422
    assert said in words(refused)
    with inside("ashbourne"):
        assert not Import.objects.exists()


def test_html_in_cells_is_text_and_a_long_body_is_not_read(ashbourne, monkeypatch):
    address = dry_run(ashbourne, "systems", 'name,owner,"<img src=x>"\n<script>alert(1)</script>,ashbourne,x\n')
    page = ashbourne.get(address).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    monkeypatch.setattr(views_import, "ENVELOPE", -views_import.LARGEST + 100)
    refused = upload(ashbourne, "systems", "x" * 200)
    assert refused.status_code == 413
    assert "larger than 20 MB" in words(refused)


def test_json_says_less_without_emptying_what_it_does_not_say(ashbourne, inside):
    press(ashbourne, dry_run(ashbourne, "systems", HEAD + "Parking,ashbourne,Here,5\n"))
    rows = [{"name": "Parking", "people_dependent": 6}, {"name": "Library", "owner": "ashbourne"}]
    press(ashbourne, dry_run(ashbourne, "systems", json.dumps(rows)))
    with inside("ashbourne"):
        parking = SharedSystem.objects.get(name="Parking")
        assert (parking.hosting, parking.people_dependent) == ("Here", 6)
        assert SharedSystem.objects.get(name="Library").hosting == ""


def test_two_files_of_one_kind_wait_for_one_another(ashbourne, cast, owner_url):
    """Whoever writes holds the lock of organisation and kind: the second session cannot get it meanwhile."""
    with organisation_scope(cast.visitor("ashbourne").ticket):
        hold(cast.id("ashbourne"), "systems")
        with connections["default"].cursor() as cursor:
            cursor.execute(
                "SELECT classid::bigint, objid::bigint FROM pg_locks"
                " WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
            )
            held = cursor.fetchall()
        with psycopg.connect(owner_url) as other:
            signed = [tuple(n - 2**32 if n >= 2**31 else n for n in pair) for pair in held]
            assert other.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", signed[-1]).fetchone() == (False,)
