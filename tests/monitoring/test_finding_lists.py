"""Beyond the limit of an hour: a list for each other side, of plain first sights alone, decided on as it was shown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from monitoring.findings.rules import AN_HOUR
from monitoring.models import Finding
from portal.ledger.models import Event
from tests.monitoring.sighting import Seen, judge, see
from tests.partners.raw import entered, owner, refused

pytestmark = pytest.mark.django_db(transaction=True)
NOON = (datetime.now(UTC) - timedelta(days=120)).replace(hour=12, minute=40, second=0, microsecond=0)
HOUR = timedelta(hours=1)


def kinds_of(finding: Finding) -> list[str]:
    """The events of a finding, in their order."""
    return list(Event.objects.filter(subject_id=finding.pk).order_by("pos").values_list("kind", flat=True))


def test_beyond_fifty_within_an_hour_findings_stand_in_one_list_and_none_is_lost(inside, client_of, cast):
    a, c = cast.id("ashbourne"), cast.id("coldharbour")
    people = [f"p{nth:02}@ashbourne" for nth in range(AN_HOUR + 3)]
    with inside("ashbourne"):
        see(
            *(
                Seen(a, c, NOON + nth * HOUR / 60, account=each, account_kind="person")
                for nth, each in enumerate(people)
            )
        )
    judge()
    with inside("coldharbour"):
        assert Finding.objects.filter(state="waiting", folded=0).count() == AN_HOUR
        heap = Finding.objects.get(folded__gt=0)
        assert (heap.state, heap.folded, heap.sights, heap.weight, heap.side) == ("waiting", 3, 3, 40, "place")
        held = heap.within.order_by("first_at")
        assert [(each.account, each.state) for each in held] == [(each, "folded") for each in people[AN_HOUR:]]
        events = Event.objects.filter(kind__startswith="access.")
        assert events.count() == AN_HOUR + 1, "one of the list, none of each that stands in it"
        assert [each.data["folded"] for each in events if each.subject_id == heap.pk] == [3]
        first = held[0]
    with inside("ashbourne"):
        see(Seen(a, c, NOON + 2 * HOUR, account="late@ashbourne", account_kind="person", kind="lapsed"))
        # Each joins its own: one is again what it was folded for, the other more than that.
        see(Seen(a, c, NOON + 1.5 * HOUR, account=people[-1], account_kind="person", place="web-01"))
        see(Seen(a, c, NOON + 1.5 * HOUR, account=people[-2], account_kind="person", kind="admin"))
    judge()
    with inside("coldharbour"):
        heap.refresh_from_db()
        assert (heap.folded, heap.sights, heap.places) == (3, 5, ["file-02", "web-01"])
        assert heap.rules == ["first-sight"]
        assert kinds_of(heap) == ["access.first_sight"]
        late, more = Finding.objects.get(account="late@ashbourne"), Finding.objects.get(account=people[-2])
        assert [(each.state, each.folded_into_id) for each in (late, more)] == [
            ("waiting", None), ("waiting", heap.pk)
        ]  # fmt: skip
        assert kinds_of(late) == kinds_of(more) == ["access.rule"]
    browser = client_of("coldharbour")
    listed = browser.get("/first-sights/").content.decode()
    assert "3 findings in one list" in listed
    assert "Accounts of Ashbourne that came to you" in listed
    assert "More than 50 findings within an hour" in listed
    page = browser.get(f"/first-sights/{heap.pk}/").content.decode()
    assert all(each in page for each in people[AN_HOUR:])
    assert "The list" in browser.get(f"/first-sights/{first.pk}/").content.decode()
    # One alone, then the list: what was decided alone stays as it was.
    one, all_of_it, said = (
        f"/first-sights/{first.pk}/expect/",
        f"/first-sights/{heap.pk}/dismiss/",
        {"because": "A drill"},
    )
    assert browser.post(one, {"stand": "0.1.1"}).status_code == 302
    assert browser.post(all_of_it, said).status_code == 409, "a page says what it showed"
    late_page = browser.post(all_of_it, said | {"stand": "3.3.1"})
    assert (late_page.status_code, "2 more have come: look again" in late_page.content.decode()) == (409, True)
    assert "A drill</textarea>" in late_page.content.decode()
    with inside("coldharbour"):
        assert sorted(heap.within.values_list("state", flat=True)) == ["expected", "folded", "waiting"]
    assert browser.post(all_of_it, said | {"stand": "3.5.1"}).status_code == 302
    with inside("coldharbour"):
        assert sorted(heap.within.values_list("state", flat=True)) == ["dismissed", "expected", "waiting"]
    assert browser.post(one, {"stand": "0.1.1"}).status_code == 409
    with inside("ashbourne"):
        assert Finding.objects.get(folded=3).state == "waiting", "each side decides its own"
    assert client_of("gravenhurst").get(f"/first-sights/{heap.pk}/").status_code == 404
    # What waits alone outlives the list that it stood in.
    owner(
        "UPDATE monitoring_finding SET last_at = now() - interval '500 days' WHERE id = %s OR folded_into_id = %s"
        " AND state <> 'waiting'",
        [heap.pk, heap.pk],
    )
    with entered(role="worker", commits=True) as sql:
        assert sql.execute("SELECT sec.sweep_findings(400)").fetchone() == (3,)
    with inside("coldharbour"):
        more.refresh_from_db()
        assert (more.state, more.folded_into_id) == ("waiting", None)


def test_nobody_buries_what_others_do_under_accounts_of_their_own(inside, cast):
    a, b, c, d = (cast.id(each) for each in ("ashbourne", "brackenfield", "coldharbour", "dunmere"))
    with inside("coldharbour"):
        made_up = [f"x{nth:02}@ashbourne" for nth in range(AN_HOUR)] + ["svc-backup@ashbourne"]
        see(*(Seen(a, c, NOON + nth * HOUR / 60, account=each) for nth, each in enumerate(made_up)))
    judge()
    with inside("ashbourne"):
        assert Finding.objects.get(account="svc-backup@ashbourne").state == "folded"
        see(Seen(a, d, NOON + 1.2 * HOUR))
        see(Seen(a, b, NOON + 1.3 * HOUR, account="real@ashbourne"))
    with inside("brackenfield"):
        see(Seen(b, c, NOON + 1.3 * HOUR, account="real@brackenfield"))
    judge()
    for slug, accounts in (
        ("ashbourne", ["svc-backup@ashbourne", "real@ashbourne"]),
        ("coldharbour", ["real@brackenfield"]),
    ):
        for account in accounts:
            with inside(slug):
                found = Finding.objects.get(account=account)
                assert (found.state, kinds_of(found)) == ("waiting", ["access.first_sight"]), account
    with inside("coldharbour"):
        assert Finding.objects.get(account="svc-backup@ashbourne").state == "folded", "there it is what it was"


def test_a_list_is_not_decided_while_the_judge_fills_it(inside, cast):
    a, c = cast.id("ashbourne"), cast.id("coldharbour")
    with inside("ashbourne"):
        see(*(Seen(a, c, NOON, account=f"p{nth:02}@ashbourne", account_kind="person") for nth in range(AN_HOUR + 1)))
    judge()
    with inside("coldharbour"):
        heap, alone = Finding.objects.get(folded=1), Finding.objects.filter(state="waiting", folded=0)[0]
    settle = "SELECT sec.settle_finding(%s, 'dismissed', 'x', NULL, NULL)"
    with entered(cast.visitor("coldharbour").ticket) as deciding:
        deciding.execute("SET LOCAL lock_timeout = '300ms'")
        with entered(role="worker") as judging:
            judging.execute("SELECT sec.judge_access(2000)")
            assert deciding.execute(settle, [alone.pk]).fetchone() == ("done",)
            assert refused(deciding, settle, [heap.pk]) == "55P03"
        assert deciding.execute(settle, [heap.pk]).fetchone() == ("done",)
