"""Signing a playbook off: who may, what holds it back, who reads it, what an incident keeps of it. The demonstration
has it signed by six organisations: Dunmere an older version, Coldharbour with a reservation, Gravenhurst not at all."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from incidents import sign_offs
from incidents.coverage import coverage
from incidents.errors import Invalid, NotYours, WrongMoment
from incidents.models import Playbook, PlaybookSystem, SignedAtOpening, SignOff, SignOffStep, Step
from incidents.opening import Opening, open_incident
from incidents.plans import plan_of
from incidents.playbooks import keep_playbook
from incidents.sign_off_chores import remind
from incidents.sign_offs import Part
from incidents.widening import add_systems
from partners import chores
from partners.acting import actor_of
from partners.models import SharedSystem, WorkItem
from portal import clock
from tests.incidents.playbooks import DEMO, small_document
from tests.notifications.stage import as_worker

pytestmark = pytest.mark.django_db
CURRENT, OLDER = "2026-09-14T10:00:00.000Z", "2026-03-02T10:00:00.000Z"


def today() -> date:
    return datetime.now(UTC).date()


def version(text: str = CURRENT) -> Playbook:
    return Playbook.objects.get(slug="shared-platform-containment", version=text)


def step(position: int, text: str = CURRENT) -> Step:
    return Step.objects.get(playbook=version(text), position=position)


def newer(**changes) -> dict:
    return json.loads(DEMO.read_bytes()) | {"modified": "2026-10-20T09:00:00.000Z"} | changes


def signers(slug: str, inside) -> set[str]:
    with inside(slug):
        return {each.organisation.slug for each in SignOff.objects.select_related("organisation")}


def test_an_approver_signs_with_a_passkey_and_nobody_else_does(inside, cast):
    in_a_year = today() + timedelta(days=365)
    with inside("gravenhurst", "administrator"), pytest.raises(NotYours, match="passkey used just now"):
        sign_offs.sign(version(), until=in_a_year)
    for role in ("responder", "data_protection_officer"):
        with inside("coldharbour", role, fresh=True), pytest.raises(NotYours):
            sign_offs.sign(version(), until=in_a_year)
    with inside("gravenhurst", "administrator", fresh=True):
        said = [Part(step(7).pk, "Ring us first", in_a_year), Part(step(8).pk, agreed_until=in_a_year)]
        made = sign_offs.sign(version(), until=in_a_year, reservation="Not in a poll.", parts=said)
        row = SignOff.objects.get(pk=made)
        assert (row.organisation_id, row.signed_by) == (
            cast.id("gravenhurst"), cast.visitor("gravenhurst", "administrator", fresh=True).person_id,
        )  # fmt: skip
        again = sign_offs.sign(version(), until=in_a_year)
        row.refresh_from_db()
        assert (row.ended_how, SignOff.objects.get(pk=again).ended_at) == ("replaced", None)
        assert list(SignOffStep.objects.filter(sign_off=made).values_list("reservation", "agreed_until")) == [
            ("Ring us first", in_a_year), ("", in_a_year),
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("days", "part"),
    [
        (0, None),
        (735, None),
        (100, ("", 101)),  # agreed for longer than the signature counts
        (100, ("", 0)),
        (100, (" ", None)),  # nothing is said
        (100, ("x" * 2001, None)),
    ],
)
def test_days_and_words_that_do_not_fit_are_refused_by_the_database(inside, days, part):
    with inside("coldharbour", "administrator", fresh=True):
        said = []
        if part:
            words, until = part
            said = [Part(step(7).pk, words, None if until is None else today() + timedelta(days=until))]
        with pytest.raises(WrongMoment):
            sign_offs.sign(version(), until=today() + timedelta(days=days), parts=said)


def test_a_step_of_another_version_is_none_of_this_one(inside):
    with inside("coldharbour", "administrator", fresh=True), pytest.raises(WrongMoment):
        sign_offs.sign(version(), until=today() + timedelta(days=9), parts=[Part(step(7, OLDER).pk, "x")])


def test_who_runs_it_together_reads_it_and_the_stranger_neither_names_nor_numbers(inside, cast):
    everybody = {"ashbourne", "brackenfield", "coldharbour", "dunmere", "eastwick", "northgate"}
    assert signers("dunmere", inside) == everybody
    assert signers("fernleigh", inside) == everybody  # stands on a system that it is for, and has not signed
    assert signers("gravenhurst", inside) == set()
    with inside("gravenhurst"):
        assert not SignOffStep.objects.exists()
        assert not PlaybookSystem.objects.exists()
    # Bringing the same playbook in under another number lets nobody in.
    with inside("gravenhurst"):
        keep_playbook(newer(), organisation_id=cast.id("gravenhurst"))
    assert signers("gravenhurst", inside) == set()
    # Who signs belongs to it, until it withdraws.
    with inside("gravenhurst", "administrator", fresh=True):
        made = sign_offs.sign(version(), until=today() + timedelta(days=9))
    assert signers("gravenhurst", inside) == everybody | {"gravenhurst"}
    with inside("gravenhurst", "administrator", fresh=True):
        with pytest.raises(WrongMoment, match="Say why"):
            sign_offs.withdraw(SignOff.objects.get(pk=made), reason=" ")
        others = SignOff.objects.get(organisation_id=cast.id("dunmere"))
        with pytest.raises(NotYours):
            sign_offs.withdraw(others, reason="Not mine")
        sign_offs.withdraw(SignOff.objects.get(pk=made), reason="We leave.")
    assert signers("gravenhurst", inside) == {"gravenhurst"}
    with inside("ashbourne"):
        row = SignOff.objects.get(pk=made)
        assert (row.ended_how, row.ended_reason) == ("withdrawn", "We leave.")


def test_revoked_and_out_of_its_days_it_is_neither_signed_nor_run(inside, cast):
    until = today() + timedelta(days=9)
    document = small_document()
    with inside("coldharbour", "administrator", fresh=True):
        early, _new = keep_playbook(
            document | {"valid_from": "2099-01-01T00:00:00.000Z", "valid_until": "2099-02-01T00:00:00.000Z"},
            organisation_id=cast.id("coldharbour"),
        )
        with pytest.raises(WrongMoment, match="not valid yet"):
            sign_offs.sign(early, until=until)
        assert plan_of(early).trouble_of(early.pk) == "early"
        actor = actor_of(cast.visitor("coldharbour"))
        with pytest.raises(Invalid, match="revoked, or not valid"):
            open_incident(Opening("x", systems=("identity-platform",), playbook=early.slug), actor=actor)
    with inside("northgate", "administrator", fresh=True):
        keeper = cast.id("northgate")
        late, _new = keep_playbook(newer(valid_until="2026-10-21T09:00:00.000Z"), organisation_id=keeper)
        with pytest.raises(WrongMoment, match="not valid any more"):
            sign_offs.sign(late, until=until)
        actor = actor_of(cast.visitor("northgate"))
        opened = open_incident(Opening("x", systems=("identity-platform",)), actor=actor)
        assert opened.playbook.version == CURRENT  # the newest that may be run
        gone, _new = keep_playbook(newer(modified="2026-10-30T09:00:00.000Z", revoked=True), organisation_id=keeper)
        for each in (gone, version()):
            with pytest.raises(WrongMoment, match="revoked"):
                sign_offs.sign(each, until=until)
            assert plan_of(each).trouble_of(each.pk) == "revoked"
        with pytest.raises(Invalid, match="/playbook"):
            open_incident(
                Opening("y", systems=("identity-platform",), playbook="shared-platform-containment"), actor=actor
            )


def test_nobody_revokes_or_replaces_what_another_organisation_keeps(inside, cast):
    with inside("gravenhurst", "administrator", fresh=True):
        theirs, _new = keep_playbook(newer(revoked=True), organisation_id=cast.id("gravenhurst"))
        plain, _new = keep_playbook(newer(modified="2026-10-30T09:00:00.000Z"), organisation_id=cast.id("gravenhurst"))
        assert plan_of(theirs).trouble_of(plain.pk) in {"other", "revoked"}
        with pytest.raises(WrongMoment, match="Another organisation keeps"):
            sign_offs.sign(plain, until=today() + timedelta(days=9))
        assert plan_of(theirs).newest == version()
    with inside("ashbourne"):
        incident = open_incident(
            Opening("x", systems=("identity-platform",)), actor=actor_of(cast.visitor("ashbourne"))
        )
        assert incident.playbook == version()


def test_a_version_that_nobody_signed_waits_for_the_first_signature(inside, cast):
    with inside("northgate"):
        kept, _new = keep_playbook(newer(), organisation_id=cast.id("northgate"))
    with inside("ashbourne"):
        actor = actor_of(cast.visitor("ashbourne"))
        assert open_incident(Opening("x", systems=("telephony",)), actor=actor).playbook == version()
    with inside("northgate", "administrator", fresh=True):
        sign_offs.sign(kept, until=today() + timedelta(days=9))
    with inside("ashbourne"):
        assert open_incident(Opening("y", systems=("telephony",)), actor=actor).playbook == kept


def test_an_incident_keeps_what_was_signed_when_each_joined(inside, cast, client_of):
    with inside("ashbourne"):
        actor = actor_of(cast.visitor("ashbourne"))
        incident = open_incident(Opening("x", systems=("identity-platform",)), actor=actor)
        rows = {
            each.organisation.slug: each
            for each in SignedAtOpening.objects.filter(incident=incident).select_related("organisation")
        }
        assert {slug: each.word for slug, each in rows.items()} == {
            "ashbourne": "signed", "brackenfield": "signed", "coldharbour": "signed", "dunmere": "other",
            "eastwick": "signed", "fernleigh": "none", "northgate": "signed",
        }  # fmt: skip
        assert rows["coldharbour"].reservation.startswith("Our electoral roll")
        assert rows["dunmere"].version == OLDER
        (only,) = rows["dunmere"].steps
        assert (only["position"], only["agreed_until"]) == (7, None)
        assert {each["position"] for each in rows["brackenfield"].steps if each["agreed_until"]} == {7, 8}
        reference = incident.reference
    # Who overseas reads all, a participant itself alone, and the stranger nothing.
    for slug, seen in (("northgate", 7), ("dunmere", 1), ("gravenhurst", 0)):
        with inside(slug):
            assert SignedAtOpening.objects.filter(incident=incident.pk).count() == seen, slug
    board = client_of("ashbourne").get(f"/incidents/{reference}/").content.decode()
    assert "Plan signed beforehand by 5 of 7 organisations, 2 with a reservation" in board
    own = client_of("dunmere").get(f"/incidents/{reference}/").content.decode()
    assert "signed another version (2026-03-02) on 5 March 2026" in own
    assert "electoral roll" not in own
    with inside("dunmere"):
        task = incident.tasks.get(organisation_id=cast.id("dunmere"), position=7)
    page = client_of("dunmere").get(f"/tasks/{task.pk}/").content.decode()
    assert "signed another version (2026-03-02) with a reservation to this step: Only after a call" in page
    # The provider's own step says who agreed to it; the others' words are not on a council's task.
    with inside("northgate"):
        trust = incident.tasks.get(organisation_id=cast.id("northgate"), position=8)
    page = client_of("northgate").get(f"/tasks/{trust.pk}/").content.decode()
    for name, day in (("Ashbourne", "16 September 2026"), ("Brackenfield", "18 September 2026")):
        assert f"{name} agreed beforehand on {day} that this may be done" in page
    with inside("brackenfield"):
        cut = incident.tasks.get(organisation_id=cast.id("brackenfield"), position=7)
    page = client_of("brackenfield").get(f"/tasks/{cut.pk}/").content.decode()
    assert "Your organisation agreed beforehand on 18 September 2026 that this may be done" in page
    # Signed later, nothing changes; who joins later comes with what it has by then.
    with inside("fernleigh", "administrator", fresh=True):
        sign_offs.sign(version(), until=today() + timedelta(days=9))
    with inside("gravenhurst", "administrator", fresh=True):
        sign_offs.sign(version(), until=today() + timedelta(days=9), reservation="Ring first")
    with inside("ashbourne"):
        add_systems(incident_id=incident.pk, systems=["telephony"], actor=actor)
        late = dict(SignedAtOpening.objects.filter(incident=incident).values_list("organisation__slug", "word"))
        assert (late["fernleigh"], late["gravenhurst"]) == ("none", "signed")


def in_use_again(inside) -> None:
    """The archive, which is retired in the demonstration, and on which Fernleigh stands still."""
    with inside("northgate", "administrator", fresh=True):
        assert SharedSystem.objects.filter(slug="archive-2006", status="retired").update(status="live") == 1


def test_who_runs_a_system_names_its_playbook_and_sees_the_gaps(inside, cast, client_of):
    page = client_of("northgate").get("/systems/archive-2006/").content.decode()
    assert "It is retired: no playbook has to be for it." in page
    ready = client_of("northgate", "administrator").get("/readiness/").content.decode()
    assert "Missing: Fernleigh" not in ready
    in_use_again(inside)
    with inside("northgate"):
        archive = SharedSystem.objects.select_related("owner", "provider").get(slug="archive-2006")
        (found,) = coverage([archive], me=cast.id("northgate"))
        assert [name.split()[0] for name in found.missing] == ["Fernleigh"]
        platform = SharedSystem.objects.select_related("owner", "provider").get(slug="identity-platform")
        assert coverage([platform], me=cast.id("northgate"))[0].missing == []
    page = client_of("northgate").get("/systems/archive-2006/").content.decode()
    assert "Has not signed: Fernleigh" in page
    with inside("coldharbour"):  # a member: itself alone
        (seen,) = coverage([SharedSystem.objects.select_related("owner", "provider").get(slug="identity-platform")],
                           me=cast.id("coldharbour"))  # fmt: skip
        assert set(seen.here) == {cast.id("coldharbour")}
    with inside("gravenhurst", "administrator", fresh=True):
        telephony = SharedSystem.objects.get(slug="telephony")
        own = SharedSystem.objects.get(slug="planning-search")
        with pytest.raises(NotYours):
            sign_offs.cover(version().cacao_id, telephony.pk, covered=True)
        assert sign_offs.cover(version().cacao_id, own.pk, covered=True)
        assert not sign_offs.cover(version().cacao_id, own.pk, covered=True)
    for slug, said in (("gravenhurst", "Has not signed: Gravenhurst"), ("coldharbour", "signed on 17 September 2026")):
        assert said in client_of(slug).get("/systems/planning-search/").content.decode(), slug
    assert "Gravenhurst</strong>" not in client_of("coldharbour").get("/systems/planning-search/").content.decode()
    ready = client_of("northgate", "administrator").get("/readiness/").content.decode()
    assert "Everybody on the systems that you run has signed a playbook for them" in ready
    assert "Missing: Fernleigh" in ready


@pytest.mark.django_db(transaction=True)
def test_reminders_before_the_end_for_a_newer_version_and_for_a_gap(inside, cast, monkeypatch):
    monkeypatch.setattr(chores, "_CHORES", {})

    def reminded(*, later: timedelta = timedelta(0)) -> dict[str, str]:
        """Titles by organisation, after the worker has done its round."""
        at = datetime.now(UTC) + later
        monkeypatch.setattr(clock, "now", lambda: at)
        chores.register(chores.Chore("sign-offs", remind, timedelta(minutes=1)))
        with as_worker():
            assert chores.do_chores() == 8
        found = {}
        for slug in cast.members:
            with inside(slug):
                for title in WorkItem.objects.filter(kind="sign_off", state="open").values_list("title", flat=True):
                    found[slug] = title
        return found

    name = "Shared platform containment"
    first = {
        "fernleigh": f"Sign the playbook {name}",  # stands on a system that it is for
        "dunmere": f"A newer version of the playbook {name} waits for your signature",
    }
    assert reminded() == {"dunmere": first["dunmere"]}  # what Fernleigh stands on is retired
    in_use_again(inside)
    assert reminded(later=timedelta(minutes=2)) == first  # Gravenhurst is on no such system
    with inside("coldharbour", "administrator", fresh=True):
        sign_offs.sign(version(), until=today() + timedelta(days=40))
    soon = {**first, "coldharbour": f"Your signature to the playbook {name} ends soon"}
    assert reminded(later=timedelta(minutes=5)) == first
    assert reminded(later=timedelta(days=15)) == soon
    with inside("coldharbour", "administrator", fresh=True):  # signing settles it at once
        sign_offs.sign(version(), until=today() + timedelta(days=300))
        assert not WorkItem.objects.filter(kind="sign_off", state="open").exists()
    assert reminded(later=timedelta(days=310))["coldharbour"] == f"Your signature to the playbook {name} has expired"


def test_no_key_signs_and_the_api_reads_and_signs_by_session(api_of, client_of, inside):
    path = "/api/v1/playbooks/shared-platform-containment/sign-offs/"
    body = {
        "version": CURRENT,
        "reservation": "Ring first",
        "steps": [{"step": 7, "agreed_until": str(today() + timedelta(days=30))}],
    }
    listed = api_of("dunmere").get(path).json()["results"]
    assert len(listed) == 6
    assert api_of("gravenhurst").get(path).json()["results"] == []

    def post(client, path, body):
        return client.post(path, json.dumps(body), content_type="application/json")

    assert post(api_of("gravenhurst"), path, body).status_code == 403
    assert post(client_of("gravenhurst", "administrator"), path, body).status_code == 403
    fresh = client_of("gravenhurst", "administrator", fresh=True)
    wrong = post(fresh, path, body | {"steps": [{"step": 99, "reservation": "x"}]})
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/steps/0/step")
    signed = post(fresh, path, body)
    assert signed.status_code == 201, signed.content
    assert signed.json()["steps"][0]["step"] == 7
    assert UUID(signed.json()["id"])
    told = post(fresh, path + "withdrawals/", {"version": CURRENT, "reason": "No more"})
    assert told.json()["state"] == "withdrawn"
    assert post(fresh, path + "withdrawals/", {"version": CURRENT, "reason": "No more"}).status_code == 409
    since = (
        api_of("gravenhurst").get("/api/v1/playbooks/shared-platform-containment/difference/", {"since": OLDER}).json()
    )
    assert {(each["what"], each["step"]) for each in since["steps"]} >= {("added", 12), ("changed", 7)}


def test_the_pages_show_versions_the_difference_before_signing_and_keep_what_was_typed(client_of, inside, cast):
    with inside("dunmere"):
        now, was = version().pk, version(OLDER).pk
    page = client_of("dunmere").get(f"/playbooks/{now}/").content.decode()
    assert "has not signed this version, but an older one" in page
    assert "Only after a call to the head of IT" in page
    stranger = client_of("gravenhurst").get(f"/playbooks/{now}/").content.decode()
    assert "You see who else has signed once" in stranger
    assert "Dunmere" not in stranger
    assert "For no system that you see" in stranger
    compared = client_of("gravenhurst").get(f"/playbooks/{now}/difference/?with={was}").content.decode()
    assert "Added: step 12, Decide whether and when you became aware" in compared
    assert "<del><span" in compared
    assert client_of("dunmere", "responder").get(f"/playbooks/{now}/sign-off/").status_code == 403
    assert client_of("dunmere", "approver").get(f"/playbooks/{now}/sign-off/")["Location"].startswith("/sign-in/again/")
    fresh = client_of("coldharbour", "administrator", fresh=True)
    bad = fresh.post(f"/playbooks/{now}/sign-off/", {"valid_until": "2020-01-01", "reservation": "Typed & kept"})
    assert bad.status_code == 422
    assert "within 24 months" in bad.content.decode()
    assert "Typed &amp; kept" in bad.content.decode()
    done = fresh.post(f"/playbooks/{now}/sign-off/", {
        "valid_until": str(today() + timedelta(days=90)), "reservation": "Signed here", "words_7": "Ring",
    })  # fmt: skip
    assert done.status_code == 302, done.content.decode()[:3000]
    assert "Signed here" in client_of("dunmere").get(f"/playbooks/{now}/").content.decode()
    assert fresh.get(f"/playbooks/{was}/sign-off/").status_code == 200
    assert "different from what you signed" in fresh.get(f"/playbooks/{was}/sign-off/").content.decode()
