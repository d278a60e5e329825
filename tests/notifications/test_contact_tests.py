"""The monthly test of contacts: twelve a year in hours of duty, one tap, silence, and none beside an incident."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import psycopg
import pytest
from django.db import connections
from django.test import Client

from notifications import contact_tests
from notifications.contact_links import digest_of, token_of
from notifications.models import ContactTest, ContactTestAsk
from partners.duty import rota_now, who_is_on_duty
from partners.models import ContactPoint, WorkItem
from portal import clock
from portal.tenancy.scope import queue_scope
from tests.notifications.stage import Stage, address, as_worker

pytestmark = pytest.mark.django_db(transaction=True)
LONDON = ZoneInfo("Europe/London")
HALF_HOUR = timedelta(minutes=31)


class Clock:
    def __init__(self) -> None:
        self.at = datetime.now(UTC).replace(microsecond=0)

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def moved(monkeypatch) -> Clock:
    moving = Clock()
    monkeypatch.setattr(clock, "now", moving)
    return moving


@pytest.fixture
def rota(stage: Stage) -> None:
    """Dunmere: Ben by day, on weekdays; Sunita in the nights that follow; weekends nobody."""
    for table in ("dutyshift", "dutyoverride"):
        stage.owner(f"DELETE FROM partners_{table} WHERE organisation_id = %s", [stage.ids["dunmere"]])
    for who, starts, ends in (("Ben Ashcroft", "08:00", "17:30"), ("Sunita Rao", "17:30", "08:00")):
        stage.owner(
            'INSERT INTO partners_dutyshift (id, organisation_id, weekday, starts, ends, person_id, "order")'
            " SELECT gen_random_uuid(), p.organisation_id, d, %s, %s, p.id, 1 FROM partners_person p,"
            " generate_series(0, 3) d WHERE p.name = %s",
            [starts, ends, who],
        )
    stage.owner("UPDATE partners_contactpoint SET tested_at = NULL, failed_at = NULL, rides_on_id = NULL")


def working(slug: str, stage: Stage):
    """Inside that organisation as the worker, as a chore is."""
    stage.owner("INSERT INTO partners_chore (id, organisation_id, name, due_at, claimed_by, claimed_until)"
                " VALUES (gen_random_uuid(), %s, 'test', now(), 'test', now() + interval '1 hour')"
                " ON CONFLICT (organisation_id, name) DO UPDATE SET claimed_by = 'test',"
                " claimed_until = now() + interval '1 hour'", [stage.ids[slug]])  # fmt: skip
    return _Inside(stage.owner("SELECT id FROM partners_chore WHERE organisation_id = %s AND name = 'test'",
                               [stage.ids[slug]])[0][0])  # fmt: skip


class _Inside:
    def __init__(self, chore: object) -> None:
        self.chore, self.scopes = chore, [queue_scope()]

    def __enter__(self) -> None:
        self.scopes[0].__enter__()
        connections["default"].cursor().execute("SELECT sec.enter_chore(%s, 'test')", [self.chore])

    def __exit__(self, *error: object) -> None:
        self.scopes[0].__exit__(*error)  # type: ignore[arg-type]


def test_a_year_has_twelve_tests_all_in_hours_of_duty(stage, rota, moved):
    moved.at = datetime(2027, 1, 1, 0, 5, tzinfo=UTC)
    end, slug = datetime(2028, 1, 1, 0, 0, tzinfo=UTC), "dunmere"
    with as_worker():
        while moved.at < end:
            with working(slug, stage):
                due = contact_tests.monthly(stage.ids[slug], moved.at)
                contact_tests.look_after(moved.at)
                again = ContactTest.objects.filter(state="running").exists()
            assert due > moved.at
            moved.at = min(due, moved.at + HALF_HOUR) if again else due
        with working(slug, stage):
            begun = list(ContactTest.objects.order_by("month").values_list("month", "begun_at", "state"))
            on_duty = rota_now(datetime(2027, 1, 1, tzinfo=UTC))
    year = [row for row in begun if row[0].year == 2027]
    assert [month.month for month, _, _ in year] == list(range(1, 13))
    assert all(state == "done" for _, _, state in year)
    for month, at, _ in year:
        local = at.astimezone(LONDON)
        assert (local.year, local.month) == (2027, month.month)
        assert who_is_on_duty(on_duty, at) is not None, at
        # The rota by hand: from Monday 08:00 to Friday 08:00.
        assert local.weekday() < 4 or (local.weekday() == 4 and local.hour < 8), local
        assert not (local.weekday() == 0 and local.hour < 8), local
    assert len({(at.day, at.hour, at.minute) for _, at, _ in year}) > 9


def test_without_a_rota_it_is_in_office_hours_and_the_minute_is_nobodys_to_see(stage, moved):
    stage.owner("DELETE FROM partners_dutyshift; DELETE FROM partners_dutyoverride")
    moved.at = datetime(2027, 6, 1, 0, 5, tzinfo=UTC)
    with as_worker(), working("gravenhurst", stage):
        due = contact_tests.monthly(stage.ids["gravenhurst"], moved.at)
    local = due.astimezone(LONDON)
    assert local.weekday() < 5
    assert 9 <= local.hour < 17
    assert stage.as_app("gravenhurst", "SELECT count(*) FROM notifications_contacttest") == [(0,)]


def begins(stage: Stage, moved: Clock) -> None:
    """Dunmere's round of this month begins, and its messages go out."""
    with as_worker():
        with working("dunmere", stage):
            moved.at = contact_tests.monthly(stage.ids["dunmere"], moved.at)
        with working("dunmere", stage):
            contact_tests.monthly(stage.ids["dunmere"], moved.at)
    stage.sends()


def link_in(body: str) -> str:
    (path,) = re.findall(r"http://[^/\s]+(/test/[^\s]+)", body)
    return path


def test_one_tap_confirms_once_and_says_nothing_else(stage, rota, moved, mail):
    moved.at = datetime(2027, 3, 1, 0, 5, tzinfo=UTC)
    begins(stage, moved)
    letters = letters_of(mail)
    assert set(letters) == {"duty@dunmere.example", "ben.ashcroft@dunmere.example", "sunita.rao@dunmere.example"}
    body = letters["ben.ashcroft@dunmere.example"]
    assert "TEST" in body
    assert "sign-in" not in body
    assert "identity" not in body.lower()
    path = link_in(body)
    visitor = Client(enforce_csrf_checks=False)
    page = visitor.get(path)
    assert page.status_code == 200
    text = page.content.decode()
    assert "It reached me" in text
    assert 'type="password"' not in text
    for word in ("Dunmere", "Ben", "/sign-in/"):
        assert word not in text
    assert stage.owner("SELECT count(*) FROM notifications_contacttestask WHERE answered_at IS NOT NULL") == [(0,)]
    assert visitor.post(path).status_code == 200
    assert visitor.post(path).status_code == 404
    assert visitor.get(path).status_code == 404
    assert visitor.post("/test/never-made/").status_code == 404
    assert stage.owner(
        "SELECT c.tested_at, d.state FROM partners_contactpoint c JOIN notifications_delivery d"
        " ON d.contact_point_id = c.id WHERE c.address = 'ben.ashcroft@dunmere.example'"
    ) == [(moved.at, "answered")]
    (token,) = {path.split("/")[2]}
    assert len(token) * 6 >= 128
    whole = stage.owner("SELECT string_agg(x::text, ' ') FROM notifications_contacttestask x")
    assert token not in str(whole)


def letters_of(mail) -> dict[str, str]:
    return {letter["to"][0]: letter["text"] for letter in mail.messages()}


def test_silence_asks_the_next_way_then_somebody_has_to_mend_it(stage, rota, moved):
    stage.owner(
        "INSERT INTO partners_contactpoint (id, organisation_id, person_id, kind, label, address, trust, trust_because,"
        " \"order\", is_active) SELECT gen_random_uuid(), p.organisation_id, p.id, 'email', 'Ben at home',"
        " 'ben@home.example', 'trusted', '', 9, true FROM partners_person p WHERE p.name = 'Ben Ashcroft'"
    )
    moved.at = datetime(2027, 5, 1, 0, 5, tzinfo=UTC)
    begins(stage, moved)
    asked = (
        "SELECT c.address FROM notifications_contacttestask a JOIN partners_contactpoint c ON c.id = a.contact_point_id"
    )
    assert ("ben@home.example",) not in stage.owner(asked)
    moved.at += timedelta(minutes=29)
    with as_worker(), working("dunmere", stage):
        contact_tests.look_after(moved.at)
    assert ("ben@home.example",) not in stage.owner(asked)
    moved.at += timedelta(minutes=2)
    with as_worker(), working("dunmere", stage):
        contact_tests.look_after(moved.at)
        assert not WorkItem.objects.exists()
    assert ("ben@home.example",) in stage.owner(asked)
    # The second way is answered by signing in; nobody else has answered.
    (ask,) = stage.owner(f"SELECT a.id FROM ({asked.replace('c.address', 'a.id, c.address')}) a"
                         " WHERE a.address = 'ben@home.example'")  # fmt: skip
    for slug in ("dunmere", "gravenhurst"):  # a ticket that is nobody's, and a stranger's
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="not a test that asked you"):
            stage.as_app(slug, "SELECT sec.answer_contact_test(%s, %s)", [ask[0], moved.at])
    (person,) = stage.owner("SELECT id FROM partners_person WHERE name = 'Ben Ashcroft'")
    assert answered(stage, person[0], ask[0], moved.at)
    assert not answered(stage, person[0], ask[0], moved.at)
    moved.at += HALF_HOUR
    with as_worker(), working("dunmere", stage):
        contact_tests.look_after(moved.at)
        (item,) = WorkItem.objects.all()
        assert ContactTest.objects.get().state == "done"
        failed = set(ContactPoint.objects.exclude(failed_at=None).values_list("label", flat=True))
    assert failed == {"Ben Ashcroft", "Sunita Rao", "Dunmere duty mailbox"}
    assert all(label in item.detail for label in failed)
    assert "Ben at home" not in item.detail
    assert stage.as_app("gravenhurst", "SELECT count(*) FROM notifications_contacttestask") == [(0,)]


def answered(stage: Stage, person: object, ask: object, at: datetime) -> bool:
    stage.owner(
        "INSERT INTO sec.grant_token (token_hash, org_id, kind, person_id, expires_at)"
        " VALUES (sha256('by-person'), %s, 'session', %s, now() + interval '1 hour') ON CONFLICT DO NOTHING",
        [stage.ids["dunmere"], person],
    )
    with psycopg.connect(address("DATABASE_URL_APP")) as connection:
        connection.execute("SELECT set_config('app.ticket', 'by-person', true)")
        return connection.execute("SELECT sec.answer_contact_test(%s, %s)", [ask, at]).fetchone()[0]


def test_no_test_beside_an_open_incident(stage, rota, moved):
    moved.at = datetime(2027, 7, 1, 0, 5, tzinfo=UTC)
    incident = stage.opens()
    with as_worker():
        for _ in range(40):
            with working("dunmere", stage):
                after = contact_tests.monthly(stage.ids["dunmere"], moved.at)
                assert not ContactTestAsk.objects.exists()
            if after.astimezone(LONDON).month != 7:
                break
            moved.at = after
    stage.closes(incident)
    moved.at = datetime(2027, 8, 1, 0, 5, tzinfo=UTC)
    begins(stage, moved)
    assert stage.owner("SELECT count(*) > 0 FROM notifications_contacttestask") == [(True,)]
    stage.opens()
    moved.at += HALF_HOUR
    with as_worker(), working("dunmere", stage):
        contact_tests.look_after(moved.at)
        assert ContactTest.objects.filter(month="2027-08-01").get().state == "left_out"
        assert not ContactPoint.objects.exclude(failed_at=None).exists()


def test_an_answer_does_not_count_for_a_later_address(stage, rota, moved):
    moved.at = datetime(2027, 9, 1, 0, 5, tzinfo=UTC)
    begins(stage, moved)
    stage.owner("UPDATE partners_contactpoint SET changed_at = now() WHERE address = 'ben.ashcroft@dunmere.example'")
    ((delivery,),) = stage.owner(
        "SELECT a.delivery_id FROM notifications_contacttestask a JOIN partners_contactpoint c"
        " ON c.id = a.contact_point_id WHERE c.address = 'ben.ashcroft@dunmere.example'"
    )
    assert Client().post(f"/test/{token_of(delivery)}/").status_code == 404
    assert len(digest_of(token_of(delivery))) == 32


def test_a_person_has_one_contact_tested_now_six_times_an_hour(stage, client_of, mail):
    client = client_of("dunmere", fresh=True)
    ((point,),) = stage.owner("SELECT id FROM partners_contactpoint WHERE address = 'ben.ashcroft@dunmere.example'")
    assert client_of("gravenhurst", fresh=True).post(f"/partners/contacts/{point}/test/").status_code == 404
    assert client_of("dunmere").post(f"/partners/contacts/{point}/test/").status_code == 403
    for _ in range(6):
        assert client.post(f"/partners/contacts/{point}/test/").status_code == 302
    assert client.post(f"/partners/contacts/{point}/test/").status_code == 409
    stage.works()
    assert set(letters_of(mail)) == {"ben.ashcroft@dunmere.example"}
