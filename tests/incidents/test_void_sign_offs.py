"""What a signature is worth once its version may not be run: nothing, everywhere. What is asked for again, what not."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from incidents import sign_offs
from incidents.coverage import coverage
from incidents.errors import WrongMoment
from incidents.loading_sign_offs import load_sign_offs
from incidents.models import Playbook, SignedAtOpening, SignOff, Step
from incidents.opening import Opening, open_incident
from incidents.plans import plan_of
from incidents.playbooks import keep_playbook
from incidents.sign_off_chores import said_of
from incidents.sign_off_forms import SignForm
from incidents.sign_offs import Part
from partners.acting import actor_of
from partners.loading import Loaded
from partners.models import SharedSystem
from partners.partnership_file import read_partnership
from portal.tenancy.scope import queue_scope
from tests.incidents.playbooks import DEMO
from tests.notifications.stage import address, logged_in

pytestmark = pytest.mark.django_db
SLUG, CURRENT = "shared-platform-containment", json.loads(DEMO.read_bytes())["modified"]
NEWER = "2026-10-20T09:00:00.000Z"
PARTNERSHIP = Path(__file__).parents[2] / "demo" / "partnership.json"


def in_days(days: int) -> Any:
    return datetime.now(UTC).date() + timedelta(days=days)


def version(text: str) -> Playbook:
    return Playbook.objects.get(slug=SLUG, version=text)


def newer(**changes: Any) -> dict[str, Any]:
    return json.loads(DEMO.read_bytes()) | {"modified": NEWER} | changes


@pytest.fixture
def signed_then_revoked(inside, cast):
    """Everybody of the demonstration has signed a version that is revoked since, and a new one may be run."""
    with inside("northgate"):
        keep_playbook(newer(revoked=True), organisation_id=cast.id("northgate"))
        kept, _new = keep_playbook(newer(modified="2026-10-30T09:00:00.000Z"), organisation_id=cast.id("northgate"))
    return kept


def test_a_signature_to_a_revoked_version_is_void_in_list_page_coverage_api_and_opening(
    signed_then_revoked, inside, cast, client_of, api_of
):
    now = signed_then_revoked
    with inside("northgate"):
        platform = SharedSystem.objects.select_related("owner", "provider").get(slug="identity-platform")
        (found,) = coverage([platform], me=cast.id("northgate"))
        assert len(found.here) == 4
        assert found.signed == {}
    listed = client_of("ashbourne").get("/playbooks/").content.decode()
    row = listed.partition("Shared platform containment</a>")[2].partition("</tr>")[0]
    assert "not signed: the version that you signed is revoked" in row
    assert "0 organisations" in row
    page = client_of("ashbourne").get(f"/playbooks/{now.pk}/").content.decode()
    assert "which counts for nothing because that version is revoked" in page
    assert "counts until" not in page
    answer = api_of("ashbourne").get(f"/api/v1/playbooks/{SLUG}/sign-offs/").json()["results"]
    assert {each["state"] for each in answer} == {"void"}
    with inside("brackenfield", "administrator", fresh=True):
        sign_offs.sign(now, until=in_days(9))
    with inside("ashbourne"):
        opening = Opening("x", systems=("identity-platform",), playbook=SLUG)
        incident = open_incident(opening, actor=actor_of(cast.visitor("ashbourne")))
        rows = SignedAtOpening.objects.filter(incident=incident).values_list("organisation__slug", "word", "steps")
        words = {slug: word for slug, word, _steps in rows}
        assert words["ashbourne"] == words["dunmere"] == "void"
        assert words["brackenfield"] == "signed"
        assert not any(step["agreed_until"] for _slug, word, steps in rows if word == "void" for step in steps)
    board = client_of("dunmere").get(f"/incidents/{incident.reference}/").content.decode()
    assert "signed a version (2026-03-02) on 5 March 2026 that was not to be run any more" in board


def test_nobody_is_reminded_of_what_may_not_be_run(signed_then_revoked, inside, cast):
    moment = datetime.now(UTC)
    with inside("ashbourne"):
        own = list(SignOff.objects.filter(organisation_id=cast.id("ashbourne")).select_related("playbook"))
        title, detail, asked, _due = said_of(plan_of(signed_then_revoked), own, covered=True, now=moment)
        assert title == "Sign the playbook Shared platform containment"
        assert asked == signed_then_revoked
        assert "your signature is void" in detail
    with inside("northgate"):  # nothing is left that may be run
        keep_playbook(newer(modified="2026-11-20T09:00:00.000Z", revoked=True), organisation_id=cast.id("northgate"))
    with inside("ashbourne"):
        later = moment + timedelta(days=400)
        assert said_of(plan_of(signed_then_revoked), own, covered=True, now=later) is None


def test_what_was_agreed_is_filled_in_again_for_unchanged_steps_alone(inside, cast):
    document = newer()
    with inside("coldharbour"):
        seven, eight = (Step.objects.get(playbook=version(CURRENT), position=position) for position in (7, 8))
    document["workflow"][seven.cacao_step_id]["description"] = "Another act."
    with inside("northgate"):
        kept, _new = keep_playbook(document, organisation_id=cast.id("northgate"))
        shared, _new = keep_playbook(
            newer(modified="2026-10-21T09:00:00.000Z", playbook_variables={"__x__": {"type": "string"}}),
            organisation_id=cast.id("northgate"),
        )
    until = in_days(90)
    with inside("coldharbour", "administrator", fresh=True):
        said = [Part(seven.pk, "Ring us", until), Part(eight.pk, "By day", until)]
        made = sign_offs.sign(version(CURRENT), until=until, parts=said)
        before = SignOff.objects.select_related("playbook").get(pk=made)

        def filled(playbook: Playbook) -> dict[str, Any]:
            steps = list(Step.objects.filter(playbook=playbook))
            initial = SignForm(playbook=playbook, steps=steps, before=before).initial
            return {name: value for name, value in initial.items() if name[-2:] in {"_7", "_8"}}

        assert filled(version(CURRENT)) == {
            "words_7": "Ring us", "agreed_7": until, "words_8": "By day", "agreed_8": until,
        }  # fmt: skip
        assert filled(kept) == {"words_7": "Ring us", "words_8": "By day", "agreed_8": until}
        assert filled(shared) == {"words_7": "Ring us", "words_8": "By day"}


def test_more_than_200_steps_are_refused_in_words_of_their_own(inside):
    with inside("coldharbour", "administrator", fresh=True):
        step = Step.objects.get(playbook=version(CURRENT), position=7)
        with pytest.raises(WrongMoment, match="at most 200 steps"):
            sign_offs.sign(version(CURRENT), until=in_days(9), parts=[Part(step.pk, "x")] * 201)


def test_the_page_says_what_withdrawing_does(client_of, inside):
    with inside("coldharbour"):
        now = version(CURRENT).pk
    page = (
        client_of("coldharbour", "administrator", fresh=True)
        .get(f"/playbooks/{now}/sign-off/withdraw/")
        .content.decode()
    )
    for words in (
        "counts as not having signed this version", "The version itself stays as it is",
        "Whoever keeps the playbook is told", "keep what was signed when they opened",
    ):  # fmt: skip
        assert words in page


@pytest.mark.django_db(transaction=True)
def test_the_demonstration_loaded_again_signs_for_nobody_who_withdrew(inside, cast):
    with inside("coldharbour", "administrator", fresh=True):
        mine = SignOff.objects.get(organisation_id=cast.id("coldharbour"), ended_at=None)
        sign_offs.withdraw(mine, reason="We leave.")
    with logged_in(address("DATABASE_URL")), queue_scope():
        load_sign_offs(read_partnership(PARTNERSHIP), Loaded())
    with inside("coldharbour"):
        (only,) = SignOff.objects.filter(organisation_id=cast.id("coldharbour"))
        assert only.ended_how == "withdrawn"
