"""Statements: who reads the text when, that silence is never agreement, that another text asks everybody again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.urls import reverse

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
        assert ask_for_agreement(drafted)
        assert not ask_for_agreement(drafted)  # tapped twice
    return drafted


def readers(stage: Stage, words: str = WORDS) -> set[str]:
    """Who reads that text by SQL alone, as the application's role."""
    sql = f"SELECT 1 FROM incidents_statementversion WHERE text = '{words}'"
    return {slug for slug in EVERYBODY if stage.as_app(slug, sql)}


def status(stage: Stage) -> str:
    return stage.owner("SELECT status FROM incidents_statement ORDER BY at LIMIT 1")[0][0]


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
        ask_for_agreement(drafted)
    with inside("dunmere"):
        with pytest.raises(WrongMoment, match="Ask those"):
            issue_statement(drafted, version=1)
        ask_for_agreement(drafted)
    assert readers(stage) == {slug for slug in EVERYBODY if stage.as_app(slug, found)} == ASKED
    says(stage, inside, drafted, {"eastwick": "agrees"})
    with inside("dunmere"), pytest.raises(WrongMoment, match="silence is no agreement"):
        issue_statement(drafted, version=1)
    says(stage, inside, drafted, {"northgate": "agrees"})
    assert status(stage) == "agreed"
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
        decision = write_decision(incident, DECIDED)
        assert issue_statement(asked, version=2, decision=decision.pk)
    assert readers(stage) == ASKED  # the older text goes to nobody new
    assert readers(stage, "Bins are late.") == INSIDE
    assert stage.owner("SELECT decision_id FROM incidents_statement") == [(decision.pk,)]


def test_another_text_asks_everybody_again_and_a_change_of_mind_is_kept(stage, asked, inside):
    says(stage, inside, asked, {"eastwick": "agrees", "northgate": "agrees"})
    assert status(stage) == "agreed"
    says(stage, inside, asked, {"northgate": "objects"})
    assert status(stage) == "asked"
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
    assert status(stage) == "asked"
    assert readers(stage) == ASKED  # who joins later reads the later text alone
    assert readers(stage, f"{WORDS} Really.") == {*ASKED, "coldharbour"}
    assert len(stage.events("statement.asked")) == 2 + 3
    with inside("dunmere"):
        withdraw_statement(asked, reason="Not needed.")
    assert readers(stage) == ASKED
    with inside("northgate"), pytest.raises(WrongMoment):
        answer_statement(asked, version=2, says="agrees")


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
            ask_for_agreement(alone)
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
    assert status(stage) == "asked"
