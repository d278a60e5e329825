"""Who left a session open has not left the register and the incidents open: writes of the API that take a passkey."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import get_resolver

from tests.api.asking import opened, rows, send

pytestmark = pytest.mark.django_db

# By hand: as on the page that does the same. Each line of the second list says why it may do without.
TAKES_A_PASSKEY = {
    ("api-incident-participants", "post"), ("api-incident-systems", "post"), ("api-systems", "post"),
    ("api-system", "patch"), ("api-participations", "post"), ("api-participation", "patch"),
    ("api-dependencies", "post"), ("api-dependency", "patch"), ("api-import-write", "post"),
    ("api-mail-marks", "post"), ("api-mail-renew", "post"), ("api-mail-lift", "post"),
    ("api-duty-catalogue", "post"), ("api-duty-entry", "patch"),
    ("api-incident-mail-marks", "post"), ("api-playbook-sign-offs", "post"), ("api-playbook-withdrawals", "post"),
}  # fmt: skip
A_MINUTE = "opening has to be done in a minute; whom it reaches is what the register says"
DETAIL = "a detail of what is one's own already; it lets nobody see or reach anything more"
ANSWER = "an answer of one's own organisation, undone or corrected by the next"
LEADS = "the lead's word on its own plan, recorded with its reason; lets nobody see or reach anything more"
TAKES_NONE: dict[tuple[str, str], str] = {
    ("api-incidents", "post"): A_MINUTE,
    **{(f"api-alerts-{tool}", "post"): A_MINUTE for tool in ("generic", "alertmanager", "sentinel", "elastic", "ocsf")},
    ("api-access-events", "post"): "for a key alone: no person has that scope",
    ("api-incident", "patch"): "words and severity, recorded with what they were; nobody new sees them",
    ("api-incident-moves", "post"): "the lead's next state, recorded, and taken back by the one before",
    ("api-incident-updates", "post"): "words to those who take part already",
    ("api-incident-techniques", "post"): "a state that everybody reads already; what was said before is kept",
    (
        "api-incident-data-positions",
        "post",
    ): "one's own word, put right by the next; shared by whoever may judge it",
    ("api-incident-data-notices", "post"): "in private to one that takes part already, put right by a newer one",
    ("api-data-notice-acknowledge", "post"): ANSWER,
    ("api-incident-services", "post"): ANSWER,
    ("api-incident-situation-reports", "post"): "a report of one's own, whose former ones are kept",
    ("api-incident-costs", "post"): "a line in a book that nobody else reads",
    ("api-incident-cuts", "post"): "cuts nothing: asks those who take part already, and is called off by its planner",
    ("api-incident-cut-change", "post"): "asks those who take part already again; what was said before is kept",
    ("api-incident-cut-answer", "post"): ANSWER,
    (
        "api-incident-cut-decide",
        "post",
    ): "a name under a plan, which cuts nothing by itself",
    ("api-incident-cut-done", "post"): "written down after it was done",
    ("api-incident-cut-call-off", "post"): "stops what was planned, with a reason that everybody asked reads",
    ("api-incident-outside-reports", "post"): "what was done, in one's own register",
    ("api-decision-log", "post"): "written down, never changed; whoever decides must not wait for a passkey",
    ("api-decision-share", "post"): "one's own word to those who take part already, kept in the record",
    ("api-incident-known", "post"): "the lead's words to those who take part already; every version is kept",
    ("api-incident-own-actions", "post"): "what was done, in one's own register",
    ("api-own-action-undo", "post"): "one's own word of a minute ago",
    ("api-task-reported", "post"): "what was said by telephone: named, told to its organisation, and put right by it",
    ("api-reported-settle", "post"): ANSWER,
    **dict.fromkeys(
        [(f"api-row-{each}", "post") for each in ("ask", "nudge", "next-contact")],
        "a question, or a call that is due anyway: recorded, and bounded by the database",
    ),
    ("api-statements", "post"): "a draft that one's own organisation alone reads",
    **dict.fromkeys(
        [(f"api-statement-{each}", "post") for each in ("change", "ask", "issue", "withdraw")],
        "words to those who take part already; the portal says them to nobody outside",
    ),
    ("api-statement-agree", "post"): ANSWER,
    ("api-statement-object", "post"): ANSWER,
    ("api-playbooks", "post"): "a plan that runs only for who opens with it",
    ("api-integrations", "post"): "a proposal, in force only when the other side has agreed, with a passkey",
    ("api-advisories", "post"): "a document, which names nobody and changes no system; the next version replaces it",
    ("api-components", "post"): DETAIL,
    ("api-component", "patch"): DETAIL,
    ("api-services", "post"): DETAIL,
    ("api-service", "patch"): DETAIL,
    ("api-imports", "post"): "a dry run; writing it takes the passkey",
    ("api-import-check", "post"): "a dry run; writing it takes the passkey",
    ("api-webhook-answers", "post"): "signed by a tool of its organisation, which the administrator let answer",
    ("api-live-tickets", "post"): "for the page that is open, with what it may read already",
    ("api-planned-answers", "post"): ANSWER,
    ("api-access-finding-open", "post"): A_MINUTE,
    ("api-exposure-open", "post"): A_MINUTE,
    **dict.fromkeys([(f"api-access-finding-{each}", "post") for each in ("join", "expect", "dismiss")], ANSWER),
    ("api-identifiers", "post"): "a name of one's own, or of a machine on a system that one runs; permits nothing",
    ("api-duty-sayings", "post"): "what was said before is kept; a clock must not wait for a passkey",
    ("api-decision-choose", "post"): LEADS,
    ("api-task-exempt", "post"): LEADS,
    ("api-planned-moves", "post"): "ends or calls off work of one's own",
    ("api-incident-own-reference", "put"): DETAIL,
    ("api-incident-own-reference", "delete"): DETAIL,
    ("api-task-own-reference", "put"): DETAIL,
    ("api-task-own-reference", "delete"): DETAIL,
    ("api-work-order-take", "post"): "for a key alone: no person has that scope",
    ("api-work-order-again", "post"): ANSWER,
    ("api-work-order-answer", "post"): "for a key alone: no person has that scope",
    **{
        (f"api-task-{act}", "post"): ANSWER
        for act in ("acknowledge", "block", "cancel", "complete", "decline", "start", "undo", "verify")
    },
}


def writes() -> dict[tuple[str, str], bool]:
    """(name of the address, method) of everything of the API that writes: whether it says that it takes a passkey."""
    found = {}
    todo: list[Any] = list(get_resolver().url_patterns)
    while todo:
        each = todo.pop()
        todo += getattr(each, "url_patterns", [])
        view = getattr(getattr(each, "callback", None), "cls", None)
        for method in ("post", "put", "patch", "delete"):
            if view is not None and hasattr(view, method):
                found[each.name, method] = method in getattr(view, "fresh", ())
    return found


def test_every_write_of_the_api_is_on_one_of_the_two_lists():
    found = writes()
    assert {each for each, fresh in found.items() if fresh} == TAKES_A_PASSKEY
    assert {each for each, fresh in found.items() if not fresh} == set(TAKES_NONE)
    print(f"{len(TAKES_NONE)} writes of the API take no passkey")


def test_a_session_alone_lets_nobody_in_and_changes_no_link_and_a_key_goes_by_its_scope(cast, client_of, api_of):
    reference = opened(api_of("ashbourne"))["reference"]
    asked = [
        ("post", f"/incidents/{reference}/participants/", {"organisations": ["gravenhurst"], "because": "Helps"}),
        ("post", f"/incidents/{reference}/systems/", {"systems": ["telephony"]}),
        ("post", "/systems/", {"name": "Payroll"}),
        ("post", "/dependencies/", {}),
        ("post", "/participations/", {}),
    ]
    ticket = cast.visitor("ashbourne").ticket
    before = rows(ticket)
    for slug, role in (("ashbourne", "administrator"), ("gravenhurst", "administrator")):
        for method, path, body in asked:
            answer = send(client_of(slug, role), method, path, body)
            assert answer.status_code == 403, path
            assert "/sign-in/again/" in answer.json()["detail"]
    assert rows(ticket) == before
    # Letting somebody in whom no path reaches takes two: a key cannot ask for that.
    assert send(api_of("ashbourne"), *asked[0]).status_code == 403
    assert send(client_of("ashbourne", "administrator", fresh=True), *asked[0]).status_code == 200
