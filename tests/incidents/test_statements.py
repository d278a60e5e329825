"""Statements: who reads the text when, that silence is never agreement, that another text asks everybody again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.urls import reverse

from incidents.api.statements import statements_shown
from incidents.decisions.writing import Taken, write_decision
from incidents.errors import Invalid, NotYours, WrongMoment
from incidents.models import Incident, Statement
from incidents.statements.saying import (
    Draft,
    answer_statement,
    ask_for_agreement,
    change_statement,
    issue_statement,
    remind_of_statements,
    withdraw_statement,
    write_statement,
)
from tests.isolation.two import Two
from tests.notifications.stage import Stage, as_worker

pytestmark = pytest.mark.django_db(transaction=True)

# Dunmere writes, Eastwick and Northgate (deputy and provider) must agree; Ashbourne leads and is not asked.
EVERYBODY = ("dunmere", "eastwick", "northgate", "ashbourne", "coldharbour", "gravenhurst")
INSIDE = set(EVERYBODY) - {"gravenhurst"}
ASKED = {"dunmere", "eastwick", "northgate"}
WORDS = "Bins are collected as usual."
DRAFT = Draft("First words", "residents", WORDS, ("eastwick", "northgate"))
AT = datetime(2026, 1, 5, 8, 30, tzinfo=UTC)
DECIDED = Taken("Northgate is silent.", "Wait.", "It goes out without them.", "Residents ask.", "Grace", "Gold", AT)


@pytest.fixture
def incident(stage: Stage) -> Incident:
    return stage.opens()


@pytest.fixture
def drafted(stage: Stage, incident: Incident, inside) -> Statement:
    with inside("dunmere", "responder"):
        return write_statement(incident, DRAFT, me=stage.ids["dunmere"])


@pytest.fixture
def asked(drafted: Statement, inside) -> Statement:
    with inside("dunmere"):
        assert ask_for_agreement(drafted, version=1)
        assert not ask_for_agreement(drafted, version=1)  # tapped twice
    return drafted


def readers(stage: Stage, words: str = WORDS) -> set[str]:
    """Who reads that text by SQL alone, as the application's role."""
    sql = f"SELECT 1 FROM incidents_statementversion WHERE text = '{words}'"
    return {slug for slug in EVERYBODY if stage.as_app(slug, sql)}


def agreed(stage: Stage, inside, statement: Statement) -> dict[str, str]:
    """The word that each reads of it, by API as by the page."""
    found = {}
    for slug in sorted(ASKED):
        with inside(slug):
            found[slug] = statements_shown([Statement.objects.get(pk=statement.pk)], me=stage.ids[slug])[statement.pk]
    assert all(not found[slug]["must_agree"] for slug in ASKED - {"dunmere"})
    return {slug: each["status"] for slug, each in found.items()}


def says(stage: Stage, inside, statement: Statement, answers: dict[str, str], *, version: int = 1) -> None:
    for slug, answer in answers.items():
        with inside(slug):
            reason = "It is wrong." if answer == "objects" else ""
            assert answer_statement(statement, version=version, says=answer, reason=reason)
            assert not answer_statement(statement, version=version, says=answer, reason=reason)  # tapped twice


def test_the_text_is_read_by_its_author_then_by_the_asked_and_by_all_when_it_is_issued(stage, drafted, inside):
    assert readers(stage) == {"dunmere"}
    found = "SELECT 1 FROM incidents_statement"
    assert {slug for slug in EVERYBODY if stage.as_app(slug, found)} == {"dunmere"}
    with inside("dunmere", "responder"), pytest.raises(NotYours):  # drafts, and asks nobody
        ask_for_agreement(drafted, version=1)
    with inside("dunmere"):
        with pytest.raises(WrongMoment, match="Ask those"):
            issue_statement(drafted, version=1)
        ask_for_agreement(drafted, version=1)
    assert readers(stage) == {slug for slug in EVERYBODY if stage.as_app(slug, found)} == ASKED
    says(stage, inside, drafted, {"eastwick": "agrees"})
    with inside("dunmere"), pytest.raises(WrongMoment, match="silence is no agreement"):
        issue_statement(drafted, version=1)
    says(stage, inside, drafted, {"northgate": "agrees"})
    # That all agree its author alone reads: of two who are asked each would know what the other said.
    assert agreed(stage, inside, drafted) == {"dunmere": "agreed", "eastwick": "asked", "northgate": "asked"}
    for table, columns in (("incidents_statement", "s.*"), ("incidents_statementversion", "s.*")):
        row = str(stage.as_app("eastwick", f"SELECT {columns} FROM {table} s"))
        assert str(stage.ids["northgate"]) not in row
        assert "agreed" not in row
    # What each said is the author's and its own to read.
    answers = "SELECT 1 FROM incidents_statementask"
    assert {slug: len(stage.as_app(slug, answers)) for slug in EVERYBODY} == {
        "dunmere": 2, "eastwick": 1, "northgate": 1, "ashbourne": 0, "coldharbour": 0, "gravenhurst": 0,
    }  # fmt: skip
    for slug in ("eastwick", "ashbourne"):
        with inside(slug), pytest.raises(NotYours):
            issue_statement(drafted, version=1)
    with inside("dunmere"):
        assert issue_statement(drafted, version=1)
        assert not issue_statement(drafted, version=1)
        with pytest.raises(WrongMoment, match="write a new one"):
            change_statement(drafted, text="Other", must_agree=DRAFT.must_agree)
    assert readers(stage) == INSIDE
    with inside("dunmere"):
        assert withdraw_statement(drafted, reason="The bins were not collected.")
        assert not withdraw_statement(drafted, reason="The bins were not collected.")
    assert readers(stage) == INSIDE  # as withdrawn: who has read it must learn that it does not hold
    assert WORDS not in str(stage.owner("SELECT string_agg(data::text, '') FROM ledger_event"))
    ((_, audience),) = stage.events("statement.issued")
    assert stage.ids["gravenhurst"] not in audience


def test_silence_and_an_objection_are_got_over_only_by_a_decision_written_since(stage, incident, asked, inside):
    says(stage, inside, asked, {"eastwick": "objects"})
    with inside("dunmere"):
        decision = write_decision(incident, replace(DECIDED, decision="Before they were asked anew."))
        assert change_statement(asked, text="Bins are late.", must_agree=DRAFT.must_agree)
    assert readers(stage, "Bins are late.") == ASKED
    with inside("eastwick"):
        their = write_decision(incident, DECIDED)
        with pytest.raises(WrongMoment, match="read it again"):  # to the text of before
            answer_statement(asked, version=1, says="agrees")
    with inside("dunmere"):
        for named in (None, uuid4(), decision.pk, their.pk):
            with pytest.raises(WrongMoment, match="silence is no agreement"):
                issue_statement(asked, version=2, decision=named)
        with pytest.raises(WrongMoment, match="read it again"):
            issue_statement(asked, version=1, decision=decision.pk)
        with pytest.raises(WrongMoment, match="asked again"):  # nobody is got round by asking fewer
            change_statement(asked, text="Bins are late.", must_agree=["northgate"])
        early = write_decision(incident, replace(DECIDED, decision="Before anybody objected."))
    says(stage, inside, asked, {"northgate": "objects"}, version=2)
    with inside("dunmere"):
        with pytest.raises(WrongMoment, match="since the newest objection"):  # it has not looked at that
            issue_statement(asked, version=2, decision=early.pk)
        decision = write_decision(incident, DECIDED)
        assert issue_statement(asked, version=2, decision=decision.pk)
    assert readers(stage) == ASKED  # the older text goes to nobody new
    assert readers(stage, "Bins are late.") == INSIDE
    assert stage.owner("SELECT decision_id FROM incidents_statement") == [(decision.pk,)]


def test_another_text_asks_everybody_again_and_a_change_of_mind_is_kept(stage, asked, inside):
    says(stage, inside, asked, {"eastwick": "agrees", "northgate": "agrees"})
    assert agreed(stage, inside, asked)["dunmere"] == "agreed"
    says(stage, inside, asked, {"northgate": "objects"})
    assert agreed(stage, inside, asked)["dunmere"] == "asked"
    kept = stage.owner("SELECT answer, reason, earlier FROM incidents_statementask WHERE answer = 'objects'")
    assert [(answer, reason, [each["answer"] for each in earlier]) for answer, reason, earlier in kept] == [
        ("objects", "It is wrong.", ["agrees"])
    ]
    says(stage, inside, asked, {"northgate": "agrees"})
    with inside("dunmere"):
        assert not change_statement(asked, text=WORDS, must_agree=DRAFT.must_agree)  # twice the same
        assert change_statement(asked, text=f"{WORDS} Really.", must_agree=[*DRAFT.must_agree, "coldharbour"])
        with pytest.raises(WrongMoment):
            issue_statement(asked, version=2)
    assert readers(stage) == ASKED  # who joins later reads the later text alone
    assert readers(stage, f"{WORDS} Really.") == {*ASKED, "coldharbour"}
    assert len(stage.events("statement.asked")) == 2 + 3
    with inside("dunmere"):
        withdraw_statement(asked, reason="Not needed.")
    assert readers(stage) == ASKED
    with inside("northgate"), pytest.raises(WrongMoment):
        answer_statement(asked, version=2, says="agrees")


def test_nobody_asks_with_a_text_that_they_have_not_read(stage, drafted, inside, client_of):
    with inside("dunmere", "responder"):
        assert change_statement(drafted, text="Our supplier lost everything.", must_agree=DRAFT.must_agree)
    with inside("dunmere"), pytest.raises(WrongMoment, match="read it again"):
        ask_for_agreement(drafted, version=1)
    page = reverse("statement", args=[drafted.pk])
    assert client_of("dunmere").post(page, {"act": "ask", "version": "1"}).status_code == 409
    assert readers(stage, "Our supplier lost everything.") == {"dunmere"}
    assert client_of("dunmere").post(page, {"act": "ask", "version": "2"}).status_code == 302


def test_what_an_intruder_agrees_to_does_not_count_and_the_lead_withdraws_for_who_is_cut_off(
    stage, incident, asked, inside, client_of, cast
):
    says(stage, inside, asked, {"eastwick": "agrees", "northgate": "agrees"})
    page, two = reverse("statement", args=[asked.pk]), Two(cast, inside)
    since = "UPDATE partners_isolation SET suspected_from = now() - interval '1 hour' WHERE organisation_id = %s"
    two.isolates("eastwick", 4, incident)
    stage.owner(since, [stage.ids["eastwick"]])
    shown = client_of("dunmere").get(page).content.decode()
    assert "Waits for agreement" in shown
    assert "Does not count:" in shown
    assert "when Eastwick may have been compromised" in shown
    with inside("dunmere"):
        with pytest.raises(WrongMoment, match="silence is no agreement"):
            issue_statement(asked, version=1)
        decision = write_decision(incident, DECIDED)
        assert issue_statement(asked, version=1, decision=decision.pk)
    with inside("ashbourne"), pytest.raises(NotYours):  # its author can do it itself
        withdraw_statement(asked, reason="Said by the intruder.")
    two.isolates("dunmere", 3, incident)
    for slug in ("northgate", "coldharbour"):
        with inside(slug), pytest.raises(NotYours):
            withdraw_statement(asked, reason="Said by the intruder.")
    assert "is cut off and cannot take it back" in client_of("ashbourne").get(page).content.decode()
    said = {"act": "withdraw", "version": "1", "reason": "Said by the intruder."}
    assert client_of("ashbourne").post(page, said).status_code == 302
    assert stage.owner("SELECT status, withdrawn_because FROM incidents_statement") == [("withdrawn", said["reason"])]


def test_who_may_not_and_what_says_nothing(stage, incident, asked, inside):
    me = stage.ids["dunmere"]
    for slug, role, refused in (("fernleigh", "observer", NotYours), ("gravenhurst", "incident_manager", Invalid)):
        with inside(slug, role), pytest.raises(refused):
            write_statement(incident, DRAFT, me=stage.ids[slug])
    for slug in ("ashbourne", "coldharbour", "gravenhurst", "dunmere"):  # not asked, whoever leads
        with inside(slug), pytest.raises(NotYours):
            answer_statement(asked, version=1, says="agrees")
    with inside("ashbourne", "responder"), pytest.raises(NotYours):
        withdraw_statement(asked, reason="So")
    with inside("dunmere"):
        for wrong, pointer in (
            ({"title": " "}, "/title"), ({"text": ""}, "/text"), ({"text": "x" * 4001}, "/text"),
            ({"hours": 0}, "/hours"),
            ({"must_agree": ["gravenhurst"]}, "/must_agree"), ({"must_agree": ["dunmere"]}, "/must_agree"),
            ({"must_agree": ["nobody"]}, "/must_agree"),
        ):  # fmt: skip
            with pytest.raises(Invalid, match=pointer):
                write_statement(incident, replace(DRAFT, **wrong), me=me)
        with pytest.raises(Invalid, match="/reason"):
            withdraw_statement(asked, reason=" ")
        alone = write_statement(incident, replace(DRAFT, must_agree=()), me=me)
        assert write_statement(incident, replace(DRAFT, must_agree=()), me=me) == alone
        with pytest.raises(WrongMoment, match="Name who must agree"):
            ask_for_agreement(alone, version=1)
    with inside("eastwick"), pytest.raises(Invalid, match="/reason"):
        answer_statement(asked, version=1, says="objects")
    for slug in ("dunmere", "eastwick", "ashbourne"):  # by hand, past every check of ours
        for sql in (
            "UPDATE incidents_statementask SET answer = 'agrees'",
            "UPDATE incidents_statement SET status = 'issued', issued_at = now()",
            "DELETE FROM incidents_statementversion",
            "SELECT sec.put_version(s, 9, 'x', '{}', 4) FROM incidents_statement s",
        ):
            with pytest.raises(Exception, match="permission denied"):
                stage.as_app(slug, sql)


def test_the_pages_by_hand(stage, incident, client_of):
    at, write = (reverse(name, args=[incident.reference]) for name in ("incident-statements", "statement-write"))
    board, dunmere, eastwick = (
        reverse("incident-board", args=[incident.reference]),
        client_of("dunmere"),
        client_of("eastwick"),
    )
    assert [client_of("gravenhurst").get(path).status_code for path in (at, write)] == [404, 404]
    said = {
        "title": "First words",
        "audience": "press",
        "text": WORDS,
        "must_agree": ["eastwick", "northgate"],
        "hours": "4",
    }
    assert "have to be disclosed" in dunmere.get(write).content.decode()
    wrong = dunmere.post(write, {**said, "audience": ""})
    assert (wrong.status_code, WORDS in wrong.content.decode()) == (422, True)
    page = dunmere.post(write, said)
    statement = page["Location"]
    for slug in ("eastwick", "northgate", "ashbourne", "gravenhurst"):
        assert client_of(slug).get(statement).status_code == 404
    assert dunmere.post(statement, {"act": "ask", "version": "1"}).status_code == 302
    for slug in ("ashbourne", "coldharbour", "gravenhurst"):
        assert client_of(slug).get(statement).status_code == 404
        assert client_of(slug).post(statement, {"act": "agree", "version": "1"}).status_code == 404
    asks = "Dunmere asks you to agree to a statement"
    for path in (board, "/", reverse("my-tasks")):
        assert asks in eastwick.get(path).content.decode(), path
        assert asks not in client_of("coldharbour").get(path).content.decode(), path
    assert "More: 1 to answer" in client_of("northgate").get(board).content.decode()
    assert eastwick.post(statement, {"act": "object", "version": "1"}).status_code == 422
    assert eastwick.post(statement, {"act": "shout", "version": "1"}).status_code == 422
    assert eastwick.post(statement, {"act": "agree", "version": "7"}).status_code == 409
    assert eastwick.post(statement, {"act": "object", "version": "1", "reason": "Not usual."}).status_code == 302
    assert eastwick.post(statement, {"act": "issue", "version": "1"}).status_code == 403
    assert asks not in eastwick.get(board).content.decode()
    page = dunmere.get(statement).content.decode()
    assert "Not usual." in page
    assert "No answer: that is no agreement" in page
    assert "Not usual." not in client_of("northgate").get(statement).content.decode()
    assert dunmere.post(statement, {"act": "issue", "version": "1"}).status_code == 409
    change = reverse("statement-change", args=[statement.split("/")[-2]])
    assert eastwick.get(change).status_code == 404
    assert dunmere.post(change, {**said, "text": "Bins are late."}).status_code == 302
    for slug in ("eastwick", "northgate"):
        assert client_of(slug).post(statement, {"act": "agree", "version": "2"}).status_code == 302
    assert "First words" not in client_of("coldharbour").get(at).content.decode()
    assert dunmere.post(statement, {"act": "issue", "version": "2"}).status_code == 302
    page = client_of("coldharbour").get(statement).content.decode()
    assert "Bins are late." in page
    assert WORDS not in page
    assert client_of("gravenhurst").get(statement).status_code == 404
    assert dunmere.post(statement, {"act": "withdraw", "version": "2", "reason": "Wrong."}).status_code == 302
    assert "do not use these words" in client_of("coldharbour").get(statement).content.decode()


def test_who_is_silent_is_reminded_at_half_and_at_the_end_and_it_stays_silence(stage, incident, asked, inside):
    says(stage, inside, asked, {"eastwick": "agrees"})

    def reminds() -> int:
        with as_worker():
            return remind_of_statements()

    assert reminds() == 0
    for back, kind in (("2 hours", "reminded"), ("4 hours", "overdue")):
        stage.owner(
            f"UPDATE incidents_statementask SET asked_at = now() - interval '{back}',"
            f" due_at = now() + interval '4 hours' - interval '{back}'"
        )
        assert (reminds(), reminds()) == (1, 0)
        ((_, audience),) = stage.events(f"statement.{kind}")
        assert set(audience) == {stage.ids["dunmere"], stage.ids["northgate"]}
    assert agreed(stage, inside, asked)["dunmere"] == "asked"
