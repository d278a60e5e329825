"""A planned cut: who is asked and who knows nothing, answers that silence is none of, a decision by name."""

from __future__ import annotations

import html
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from django.urls import reverse

from incidents.errors import Invalid, NotYours, WrongMoment
from incidents.exercises import resume, suspend
from incidents.models import Incident, PlannedCut
from incidents.planned_cuts.choosing import Choice, choice_of, choices_for
from incidents.planned_cuts.planning import Plan, affected_by, answer_cut, decide_cut, end_cut, plan_cut
from portal import clock
from portal.pages import local_time
from tests.notifications.stage import Stage, in_threads

pytestmark = pytest.mark.django_db(transaction=True)

# Remote access cannot work without the identity platform, telecare not without remote access.
LINK = "Remote access (VPN) off Identity platform"
AWAY = ("dunmere", "eastwick", "fernleigh", "gravenhurst")  # the last is a stranger, the others plain participants
TABLES = ("incidents_plannedcut", "incidents_plannedcutside", "incidents_plannedcutchange")


@pytest.fixture
def incident(stage: Stage) -> Incident:
    return stage.opens()


def choice(stage: Stage, incident: Incident, slug: str, words: str) -> Choice:
    return next(each for each in choices_for(incident, me=stage.ids[slug]) if words in each.words)


def plan(stage: Stage, incident: Incident, slug: str = "northgate", words: str = LINK, **more: Any) -> Plan:
    said = {"how": "The trust is taken away.", "ask": "Helen Strand, 01632 960100", "starts_at": clock.now()} | more
    return Plan(choice(stage, incident, slug, words), **said)


@pytest.fixture
def cut(stage: Stage, incident: Incident, inside) -> PlannedCut:
    with inside("northgate"):
        return plan_cut(incident, plan(stage, incident))


def answers(cut: PlannedCut, inside, slug: str, say: str, why: str = "", seen: int | None = None) -> bool:
    with inside(slug):
        return answer_cut(PlannedCut.objects.get(pk=cut.pk), say=say, why=why, seen=seen)


def objected(stage: Stage) -> datetime:
    """When the newest objection was made."""
    ((at,),) = stage.owner("SELECT max(answered_at) FROM incidents_plannedcutside WHERE answer = 'objects'")
    return at


def test_whoever_it_stops_something_for_is_asked_and_nobody_else_learns_of_it(stage, incident, cut, client_of, inside):
    rows = stage.owner(
        "SELECT slug, asked, services, critical, fallback, runs_an_end FROM incidents_plannedcutside ORDER BY slug"
    )
    remote = ["Supplier access", "Work from home"]
    gsm = "Alarm units switch to the mobile network (GSM)"
    assert rows == [
        ("ashbourne", True, ["Supplier access", "Telecare", "Work from home"], True, gsm, False),
        ("brackenfield", True, ["Supplier access", "Telecare", "Work from home"], True, "", False),
        ("coldharbour", True, remote, False, "", False),
        ("northgate", False, [], False, "", True),
    ]
    seen = {
        slug: [len(stage.as_app(slug, f"SELECT 1 FROM {table}")) for table in TABLES]
        for slug in ("northgate", "ashbourne", "brackenfield", "coldharbour", *AWAY)
    }
    assert seen["northgate"] == seen["ashbourne"] == [1, 4, 1]  # planner and lead see every side
    assert seen["brackenfield"] == seen["coldharbour"] == [1, 1, 1]
    assert {slug: seen[slug] for slug in AWAY} == {slug: [0, 0, 0] for slug in AWAY}
    page = reverse("incident-cut", args=[incident.reference, cut.pk])
    board = reverse("incident-board", args=[incident.reference])
    listed = reverse("incident-cuts", args=[incident.reference])
    mine = client_of("brackenfield").get(page).content.decode()
    assert "Telecare" in mine
    assert "Coldharbour" not in mine
    assert "do you agree" in client_of("brackenfield").get(board).content.decode()
    assert "do you agree" in client_of("brackenfield").get(reverse("my-tasks")).content.decode()
    assert "asked 3, agreed 0, objected 0, no answer 3" in client_of("ashbourne").get(board).content.decode()
    for slug in AWAY:
        assert client_of(slug).get(page).status_code == 404
        for path in (board, listed):
            assert LINK not in client_of(slug).get(path).content.decode()
    told = [stage.ids[slug] for slug in AWAY]
    for kind in ("cut.moved", "cut.asked"):
        for _data, audience in stage.events(kind):
            assert not set(audience) & set(told)
    assert len(stage.events("cut.asked")) == 3
    with inside("dunmere"), pytest.raises(NotYours):
        answer_cut(cut, say="agrees")


def test_silence_is_no_yes_and_a_person_decides_by_name(stage, incident, cut, client_of, inside):
    assert answers(cut, inside, "coldharbour", "agrees")
    assert not answers(cut, inside, "coldharbour", "agrees")
    with pytest.raises(WrongMoment, match="object and say why"):
        answers(cut, inside, "brackenfield", "objects")
    assert answers(cut, inside, "brackenfield", "objects", "Telecare has no fallback here.")
    page = client_of("ashbourne").get(reverse("incident-cut", args=[incident.reference, cut.pk])).content.decode()
    assert "Telecare has no fallback here." in page
    assert "asked 3, agreed 1, objected 1, no answer 1" in page
    own = client_of("coldharbour").get(reverse("incident-cut", args=[incident.reference, cut.pk])).content.decode()
    assert "no fallback here" not in own
    with inside("northgate"):
        first = objected(stage)
        with pytest.raises(WrongMoment, match="say why it goes ahead"):
            decide_cut(cut, why="", seen=1, objected=first)
        with pytest.raises(WrongMoment, match="changed meanwhile"):  # looked before the objection came
            decide_cut(cut, why="The intruder is in.", seen=1, objected=None)
    # One objection goes, another comes: as many as before, and nobody looked at it.
    assert answers(cut, inside, "brackenfield", "agrees")
    assert answers(cut, inside, "coldharbour", "objects", "The supplier is in the plant just now.")
    with inside("northgate"):
        with pytest.raises(WrongMoment, match="changed meanwhile"):
            decide_cut(cut, why="The intruder is in.", seen=1, objected=first)
        with pytest.raises(WrongMoment, match="planned, not decided"):
            end_cut(cut, how="done")
    for slug, role in (
        ("brackenfield", "incident_manager"),
        ("coldharbour", "incident_manager"),
        ("northgate", "responder"),
    ):
        with inside(slug, role), pytest.raises(NotYours):
            decide_cut(cut, why="Because.", seen=1, objected=objected(stage))
    step = reverse("incident-cut-step", args=[incident.reference, cut.pk])
    said = {"step": "decided", "words": "The intruder is in.", "seen": 1}
    shown = client_of("ashbourne").get(reverse("incident-cut", args=[incident.reference, cut.pk])).content.decode()
    said["objected"] = html.unescape(shown.split('name="objected" value="')[1].split('"')[0])
    assert client_of("ashbourne").post(step, said).status_code == 302
    assert client_of("ashbourne").post(step, said).status_code == 302  # tapped twice
    ((status, name, because),) = stage.owner(
        "SELECT status, decided_by_name, decided_because FROM incidents_plannedcut"
    )
    ((who,),) = stage.owner(
        "SELECT p.name FROM partners_person p JOIN incidents_plannedcut c ON c.decided_for_id = p.organisation_id"
        " WHERE p.role = 'incident_manager' AND p.organisation_id = %s ORDER BY p.name LIMIT 1",
        [stage.ids["ashbourne"]],
    )
    assert (status, name, because) == ("decided", who, "The intruder is in.")
    board = client_of("northgate").get(reverse("incident-board", args=[incident.reference])).content.decode()
    assert f"decided by {who}, Ashbourne" in board
    assert {data["organisation"] for data, _ in stage.events("cut.told")} == {
        "ashbourne", "brackenfield", "coldharbour", "northgate"
    }  # fmt: skip
    assert client_of("northgate").post(step, {"step": "done", "seen": 1}).status_code == 302
    with inside("northgate"), pytest.raises(WrongMoment, match="the cut is done"):
        end_cut(cut, how="called_off", words="Too late.")
    with pytest.raises(WrongMoment, match="t is over"):
        answers(cut, inside, "brackenfield", "agrees")
    assert stage.owner("SELECT what FROM incidents_plannedcutchange ORDER BY at") == [
        ("planned",),
        ("decided",),
        ("done",),
    ]


def test_another_time_or_extent_asks_again_and_undoes_the_decision(stage, incident, cut, inside, client_of):
    answers(cut, inside, "brackenfield", "agrees")
    with inside("northgate"):
        decide_cut(cut, why="Nobody else answers.", seen=1, objected=None)
        later = plan(stage, incident, starts_at=clock.now() + timedelta(hours=2), why="After the night shift.")
        with pytest.raises(Invalid):
            plan_cut(incident, plan(stage, incident, starts_at=clock.now() + timedelta(hours=2)), former=cut)
        moved = plan_cut(incident, later, former=cut)
        assert (moved.pk, moved.revision, moved.status, moved.decided_at) == (cut.pk, 2, "planned", None)
        assert plan_cut(incident, later, former=moved).revision == 2  # the same again
    with pytest.raises(WrongMoment, match="changed meanwhile"):
        answers(cut, inside, "brackenfield", "agrees", seen=1)
    page = reverse("incident-cut", args=[incident.reference, cut.pk])
    assert "Please answer again" in client_of("brackenfield").get(page).content.decode()
    kept = "SELECT revision, answer FROM incidents_plannedcutside WHERE slug = 'brackenfield' ORDER BY 1"
    assert stage.owner(kept) == [(1, "agrees"), (2, "")]
    with inside("ashbourne"):  # the lead narrows it to e-mail: telecare goes on
        other = plan(stage, incident, "ashbourne", "E-mail and Teams off Identity platform", why="Only this is needed.")
        narrowed = plan_cut(incident, other, former=PlannedCut.objects.get(pk=cut.pk))
    assert narrowed.revision == 3
    assert [data["organisation"] for data, _ in stage.events("cut.told") if data["step"] == "spared"] == []
    loses = stage.owner("SELECT slug, loses FROM incidents_plannedcutside WHERE revision = 3 ORDER BY slug")
    assert loses == [(slug, ["new log-ins to e-mail and Teams"]) for slug in (
        "ashbourne", "brackenfield", "coldharbour", "northgate")]  # fmt: skip
    # Whoever changes it is the one that is not asked: the planner's old plan is no yes to the lead's.
    who = "SELECT slug, asked FROM incidents_plannedcutside WHERE revision = 3 ORDER BY 1"
    everybody = {"ashbourne": False, "brackenfield": True, "coldharbour": True, "northgate": True}
    assert dict(stage.owner(who)) == everybody
    assert "was changed: do you agree" in client_of("northgate").get(reverse("my-tasks")).content.decode()
    shown = client_of("northgate").get(page).content.decode()
    assert "Changed it" in shown
    assert "Plans it" not in shown
    assert answers(cut, inside, "northgate", "agrees", seen=3)
    for slug in ("brackenfield", "dunmere"):
        with inside(slug), pytest.raises(NotYours):
            plan_cut(incident, later, former=cut)
    with inside("northgate"):
        with pytest.raises(WrongMoment, match="ay why it is called off"):
            end_cut(narrowed, how="called_off")
        assert end_cut(narrowed, how="called_off", words="The intruder is out.")
        assert not end_cut(narrowed, how="called_off", words="The intruder is out.")


def test_who_joins_later_is_asked_and_who_is_spared_reads_no_more_of_it(stage, incident, cut, inside, client_of):
    # Coldharbour joined after it was planned: it was concerned then, and nobody asked it.
    stage.owner("UPDATE incidents_plannedcutside SET asked = false WHERE slug = 'coldharbour'")
    page = reverse("incident-cut", args=[incident.reference, cut.pk])
    shown = client_of("northgate").get(page).content.decode()
    assert "Coldharbour joined since and was never asked" in shown
    assert client_of("coldharbour").get(page).status_code == 404
    with inside("northgate"):
        with pytest.raises(WrongMoment, match="never asked: change it"):
            decide_cut(cut, why="It spreads.", seen=1, objected=None)
        same = Plan(
            choice(stage, incident, "northgate", LINK), cut.how, cut.ask, cut.starts_at, why="Coldharbour joined."
        )
        assert plan_cut(incident, same, former=cut).revision == 2  # the same words, for everybody
        assert plan_cut(incident, same, former=cut).revision == 2
    assert client_of("coldharbour").get(page).status_code == 200
    # Now it concerns others: Brackenfield keeps its own side and hears that it is spared, in the words that it knew.
    with inside("northgate"):
        own = plan(stage, incident, "northgate", "Housing off Finance ledger", why="Only this is needed.")
        plan_cut(incident, own, former=cut)
    spared = {data["organisation"]: data["title"] for data, _ in stage.events("cut.told") if data["step"] == "spared"}
    assert spared.get("brackenfield") == LINK
    assert [len(stage.as_app("brackenfield", f"SELECT 1 FROM {table}")) for table in TABLES] == [0, 2, 0]
    assert client_of("brackenfield").get(page).status_code == 404
    # Looking told nobody outside that there is an incident.
    assert {data["reason"] for data, _ in stage.events("estate.read")} <= {"opening", "walking-again", "what-if"}


def test_a_council_plans_where_it_runs_an_end_and_nowhere_else(stage, incident, inside, client_of):
    with inside("eastwick"):
        own = choices_for(incident, me=stage.ids["eastwick"])
        assert {each.words for each in own} == {
            "Housing off Finance ledger", "Housing, the whole system", "Website forms, the whole system"
        }  # fmt: skip
        feed = plan(stage, incident, "eastwick", "Housing off Finance ledger")
        asked = {each.slug: each.loses for each in affected_by(incident, feed.choice)}
        assert asked == {"eastwick": ["rent balances, a day old from then on"], "dunmere": []}
        made = plan_cut(incident, feed)
    with inside("northgate"):
        group = choice(stage, incident, "northgate", "NG-ADM")
        assert len(group.links) == 2
        remote = choice(stage, incident, "northgate", LINK)
    for slug in ("eastwick", "dunmere"):  # nothing that others run alone
        for chosen in (group, remote):
            with inside(slug), pytest.raises(NotYours):
                plan_cut(incident, Plan(chosen, how="x", ask="y", starts_at=clock.now()))
    with inside("gravenhurst"), pytest.raises(NotYours):
        plan_cut(incident, Plan(remote, how="x", ask="y", starts_at=clock.now()))
    with inside("eastwick", "responder"), pytest.raises(NotYours):
        plan_cut(incident, feed)
    assert stage.owner("SELECT slug, asked FROM incidents_plannedcutside WHERE cut_id = %s ORDER BY 1", [made.pk]) == [
        ("dunmere", True), ("eastwick", False),
    ]  # fmt: skip
    assert answers(made, inside, "dunmere", "agrees")
    with inside("eastwick"):  # everybody asked agrees: no reason is needed
        assert decide_cut(made, why="", seen=1, objected=None)
    assert client_of("gravenhurst").get(reverse("incident-cut-plan", args=[incident.reference])).status_code == 404


def test_what_is_wrong_is_said_and_the_same_form_is_one_plan(stage, incident, inside):
    with inside("northgate"):
        now = clock.now()
        for wrong in ({"how": " "}, {"ask": ""}, {"ends_at": now - timedelta(hours=1)}):
            with pytest.raises(Invalid):
                plan_cut(incident, plan(stage, incident, **wrong))
        for wrong in ({"starts_at": now - timedelta(hours=1)}, {"starts_at": now + timedelta(days=40)}):
            with pytest.raises(WrongMoment, match="from now on"):
                plan_cut(incident, plan(stage, incident, **wrong))
        said = plan(stage, incident, once=uuid4())
        assert plan_cut(incident, said).pk == plan_cut(incident, said).pk
        assert choice_of("link:nothing", choices_for(incident, me=stage.ids["northgate"])) is None
    stage.closes(incident)
    with inside("northgate"), pytest.raises(WrongMoment, match="closed"):
        plan_cut(incident, plan(stage, incident))


def test_of_two_who_decide_at_once_one_is_named(stage, incident, cut):
    at_once, made = Barrier(2), []

    def decides(slug: str) -> None:
        with stage.as_person(slug):
            at_once.wait()
            made.append(decide_cut(cut, why="It spreads.", seen=1, objected=None))

    assert in_threads(lambda: decides("ashbourne"), lambda: decides("northgate")) == []
    assert sorted(made) == [False, True]
    assert stage.owner("SELECT count(*) FROM incidents_plannedcutchange WHERE what = 'decided'") == [(1,)]


def test_the_page_shows_whom_it_concerns_before_anything_is_written(stage, incident, client_of):
    at = reverse("incident-cut-plan", args=[incident.reference])
    provider = client_of("northgate")
    radius = provider.get(reverse("incident-radius", args=[incident.reference])).content.decode()
    assert f"{at}?cut=group%3ANG-ADM" in radius
    form = provider.get(at).content.decode()
    key = form.split(f'">{LINK}')[0].rpartition('value="')[2]
    said = {"what": key, "starts_at": "2999-01-01T10:00", "how": "Taken away.", "ask": "Helen", "step": "plan"}
    page = provider.post(at, said)
    assert page.status_code == 422
    assert "Look at whom it concerns" in page.content.decode()
    assert stage.owner("SELECT count(*) FROM incidents_plannedcut") == [(0,)]
    preview = provider.post(at, said | {"step": "preview"}).content.decode()
    for words in ("Telecare", "Brackenfield", "No fallback recorded", "protects"):
        assert words in preview
    shown = preview.split('name="shown" value="')[1].split('"')[0]
    begins = local_time(clock.now(), "%Y-%m-%dT%H:%M")
    done = provider.post(at, said | {"shown": shown, "starts_at": begins}, follow=True)
    assert "silence is no yes" in done.content.decode()
    assert client_of("northgate", "responder").get(at).status_code == 403


def test_a_preview_is_recorded_for_everybody_that_it_shows(stage, incident, inside):
    before = len(stage.events("estate.read"))
    with inside("northgate"):
        shown = {each.slug for each in affected_by(incident, choice(stage, incident, "northgate", LINK))}
    told = {tuple(audience) for _, audience in stage.events("estate.read")[before:]}
    assert shown == {"ashbourne", "brackenfield", "coldharbour", "northgate"}
    assert told == {(stage.ids[slug],) for slug in shown}


def test_when_an_exercise_goes_on_its_cuts_are_as_far_away_as_they_were(stage, inside):
    practice = stage.opens(exercise=True)
    begins = clock.now() + timedelta(minutes=30)
    with inside("northgate"):
        made = plan_cut(practice, plan(stage, practice, starts_at=begins, ends_at=begins + timedelta(hours=2)))
    with stage.as_person("ashbourne", role="incident_manager"):
        suspend(practice.pk)
    stage.owner("UPDATE incidents_incident SET suspended_at = now() - interval '1 hour'")
    with stage.as_person("ashbourne", role="incident_manager"):
        resume(practice.pk)
    with inside("northgate"):
        cut = PlannedCut.objects.get(pk=made.pk)
    assert timedelta(minutes=59) < cut.starts_at - begins < timedelta(minutes=62)
    assert cut.ends_at - cut.starts_at == timedelta(hours=2)
