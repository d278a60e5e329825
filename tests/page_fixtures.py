"""Made-up contexts, one for every page template: what the templates say they want, in the demonstration's words.

`pages()` returns {name: (template, context)}; a name is a template's path, with `@variant` when one page is shown twice.
Forms are real Django forms, everything else is plain data, so nothing here touches a database.
"""

# ruff: noqa: E501 - sentences as a reader sees them
from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django import forms

NOW = datetime(2026, 11, 16, 8, 50, 12, tzinfo=UTC)
OPENED = NOW - timedelta(minutes=38)

STATES = {
    "nobody-told": ("Nobody told yet", "◌"),
    "told": ("Told", "◇"),
    "seen": ("Seen", "○"),
    "accepted": ("Accepted", "●"),
    "doing": ("Doing", "◐"),
    "done": ("Done", "✓"),
    "checked": ("Done, checked", "✓✓"),
    "blocked": ("Blocked", "✕"),
    "refused": ("Refused", "⊘"),
    "not-needed": ("Not needed", "–"),
    "called-off": ("Called off", "—"),
    "overdue": ("Overdue", "!"),
}
EXPOSURE = {
    "confirmed": "Seen here",
    "direct": "Uses the attacked system",
    "reachable": "Could be reached",
    "none": "No path known to the register",
    "cleared": "Cleared",
}
STEPS = [
    ("safe-contact", "Safe contact", "Confirm a safe way to reach you"),
    ("decider", "Who decides", "Name who decides today"),
    (
        "safety",
        "Secure telecare",
        "Secure telecare, social-care duty and other safety-critical services before any cut",
    ),
    ("logs", "Preserve logs", "Preserve logs and images, power nothing off"),
    ("freeze", "Freeze admin group", "Freeze the shared administrator group"),
    ("backups", "Move backups", "Take backups out of reach"),
    ("cut-link", "Cut your link", "Cut your link to the attacked system"),
    ("trust", "Suspend trust", "Suspend the directory trust"),
    ("sessions", "End sessions", "End sessions and tickets"),
    ("mail", "Block cross mail", "Block cross-council mail and issue the staff notice"),
    ("rotate", "Rotate secrets", "Rotate privileged credentials"),
    ("aware", "Decide on ICO", "Data protection officer: decide whether and when you became aware"),
    ("report", "Report it", "One report to the national centre and the police for the partnership"),
]


def at(minutes_ago: float) -> datetime:
    return NOW - timedelta(minutes=minutes_ago)


def state(key: str) -> dict[str, str]:
    word, shape = STATES[key]
    return {"word": word, "shape": shape, "css": f"state--{key}"}


def exposure(css: str) -> dict[str, str]:
    return {"word": EXPOSURE[css], "css": css}


def cell(key: str | None, overdue_by: str = "") -> dict[str, str] | None:
    return None if key is None else {**state(key), "href": "/tasks/1/", "overdue_by": overdue_by}


def person(name: str, number: str = "+441632960123") -> dict[str, Any]:
    return {"name": name, "call": {"name": f"{name} duty desk", "number": number}}


def incident(**changes: Any) -> dict[str, Any]:
    return {
        "reference": "INC-7KQ4",
        "title": "Intrusion on the shared identity platform",
        "href": "/incidents/INC-7KQ4/",
        "status": "Open",
        "closed": False,
        "opened_at": OPENED,
        "severity": "Severity 2, our estimate",
        "tlp": "amber",
        "exercise": False,
        "suspected": False,
        "lead": person("Ashbourne"),
        "deputy": person("Northgate IT Services"),
        "meeting_point": "bridge on your card",
        "next_update_at": NOW + timedelta(minutes=10),
        **changes,
    }


def row(slug: str, name: str, exposed: str, because: str, cells: list[Any], **changes: Any) -> dict[str, Any]:
    return {
        "slug": slug,
        "name": name,
        "href": f"/incidents/INC-7KQ4/organisations/{slug}/",
        "own": False,
        "role": "",
        "exposure": exposure(exposed),
        "because": because,
        "tags": [],
        "ladder": None,
        "cells": cells,
        **changes,
    }


LADDER = {
    "css": "overdue",
    "parts": [
        {"words": "Told 08:14", "strong": False},
        {"words": "e-mail not used (rides on the attacked system)", "strong": True},
        {"words": "SMS 08:14 failed", "strong": False},
        {"words": "SMS to deputy 08:20 delivered", "strong": False},
        {"words": "not seen for 32 min", "strong": True},
        {"words": "next: head of IT in 3 min", "strong": False},
    ],
    "rank": "ladder 2 of 4",
    "call": {"name": "Duty desk", "number": "+441632960444"},
}


def _cells(count: int, *keys: str | None) -> list[Any]:
    return [cell(key, "12 min" if key == "overdue" else "") for key in (list(keys) + ["accepted"] * count)[:count]]


def _rows(count: int) -> list[dict[str, Any]]:
    done = ["done"] * 5
    return [
        row("dunmere", "Dunmere", "reachable", "shares Finance, 2 links from the attack", _cells(count), ladder=LADDER, tags=["silent"]),
        row("fernleigh", "Fernleigh", "reachable", "archive of 2006, never cut when it left",
            _cells(count, "done", "accepted", "overdue", "overdue", "seen", "seen"), tags=["acting"]),
        row("northgate", "Northgate IT Services", "direct", "runs the identity platform",
            _cells(count, "done", "done", "done", "blocked", "done", "doing", None, "checked", "refused"), role="provider", tags=["acting"]),
        row("coldharbour", "Coldharbour", "direct", "stands on the identity platform",
            _cells(count, "done", "done", "doing", "done", "seen", "accepted", "told"), tags=["acting"]),
        row("brackenfield", "Brackenfield", "direct", "stands on the identity platform", _cells(count, *done[:4], "doing"), tags=["acting"]),
        row("ashbourne", "Ashbourne", "confirmed", "intruder activity reported 08:05", _cells(count, *done, "doing"), role="lead", own=True, tags=["acting"]),
        row("eastwick", "Eastwick", "reachable", "Housing, through Finance", _cells(count, *done, "not-needed", "called-off"), tags=["contained"]),
    ]  # fmt: skip


FEED = [
    {"seq": 48, "at": at(2), "who": "Northgate", "words": "blocked “End sessions”: the connector is Coldharbour’s"},
    {"seq": 47, "at": at(4), "who": "Bulkhead", "words": "Dunmere’s deputy has not answered; head of IT is next"},
    {
        "seq": 46,
        "at": at(9),
        "who": "Northgate",
        "words": "cut NG-ADM from File services; Dunmere, Eastwick, Fernleigh asked to confirm",
    },
    {"seq": 45, "at": at(17), "who": "Ashbourne", "words": "decided: keep VPN until the telecare fallback is up"},
    {
        "seq": 44,
        "at": at(30),
        "who": "Monitoring",
        "words": "svc-backup@ashbourne on Coldharbour file-02, never before",
    },
]
TILES = [
    {"key": "reached", "title": "Reached", "value": "11 of 14 people", "note": "3 told, not yet seen", "alarm": False, "filter": ""},
    {"key": "accepted", "title": "Acknowledged", "value": "6 of 7 organisations", "note": "Dunmere silent 32 min", "alarm": True, "filter": "silent"},
    {"key": "contained", "title": "Contained", "value": "1 of 7 organisations", "note": "23 of 36 answered steps done or not needed", "alarm": False, "filter": "contained"},
    {"key": "next", "title": "Due next", "value": "09:00 update to all", "note": "then Fernleigh, cut link", "alarm": False, "filter": ""},
    {"key": "clock", "title": "Our own clock", "value": "ICO decision 71 h 15 m", "note": "only Ashbourne sees this", "alarm": False, "filter": ""},
]  # fmt: skip
DO_NOT_TRUST = [
    "E-mail and Teams from Ashbourne, Brackenfield and Coldharbour",
    "The nightly file from File services to your Finance ledger",
]


def board(steps: int = 13, **changes: Any) -> dict[str, Any]:
    return {
        "refresh_url": "/incidents/INC-7KQ4/board/",
        "view": "lead",
        "incident": incident(),
        "buttons": [
            {"words": "Add a system", "href": "/x/", "kind": "secondary"},
            {"words": "Stand down", "href": "/x/", "kind": "secondary"},
            {"words": "Send update", "href": "/x/", "kind": ""},
        ],
        "tiles": TILES,
        "tabs": [
            {"words": "Board", "href": "/x/", "current": True},
            {"words": "How far", "href": "/x/", "current": False},
            {"words": "Deliveries", "href": "/x/", "current": False},
        ],
        "steps": [
            {"key": key, "short": short, "title": title, "href": "/playbooks/shared/"}
            for key, short, title in STEPS[:steps]
        ],
        "rows": _rows(steps),
        "partner": None,
        "feed": FEED,
        "legend": [state(key) for key in STATES],
        **changes,
    }


def partner_board() -> dict[str, Any]:
    own = row(
        "dunmere",
        "Dunmere",
        "reachable",
        "shares Finance, 2 links from the attack",
        _cells(13, "done", "overdue", "doing"),
        own=True,
    )
    return board(
        view="partner",
        buttons=[],
        rows=[own],
        tiles=[TILES[2], TILES[3], {**TILES[4], "note": "only Dunmere sees this"}],
        partner={
            "must_do": [
                {
                    "title": "Cut Dunmere’s link to the finance ledger",
                    "href": "/x/",
                    "due": "3 min overdue",
                    "overdue": True,
                    "state": state("overdue"),
                },
                {
                    "title": "Name who decides today",
                    "href": "/x/",
                    "due": "by 09:05",
                    "overdue": False,
                    "state": state("accepted"),
                },
            ],
            "do_not_trust": DO_NOT_TRUST,
            "my_tasks_href": "/my-tasks/",
            "counts": "4 acting, 1 contained, 1 has not answered",
            "others": [
                {"name": "Ashbourne", "role": "lead", "word": "acting"},
                {"name": "Northgate IT Services", "role": "provider, deputy lead", "word": "acting"},
                {"name": "Eastwick", "role": "takes part", "word": "contained"},
            ],
        },
    )


def path(*names: str, certainty: str = "known") -> dict[str, Any]:
    words = ["shared administrators NG-ADM", "nightly file, writes back", "rent feed", "uses"]
    kinds = ["attacked"] + [""] * (len(names) - 2) + ["organisation"]
    return {
        "stops": [{"name": name, "kind": kind} for name, kind in zip(names, kinds, strict=True)],
        "links": [{"words": words[index], "certainty": certainty} for index in range(len(names) - 1)],
        "sentence": f"{names[-1]} is reached by way of {', '.join(reversed(names[:-1]))}.",
    }


FINANCE = path("Identity platform", "File services", "Finance ledger", "Dunmere")
HOUSING = path("Identity platform", "File services", "Finance ledger", "Housing", "Eastwick", certainty="claimed")


def task(**changes: Any) -> dict[str, Any]:
    return {
        "id": "4b1c",
        "title": "Cut Dunmere’s link to the finance ledger",
        "organisation": "Dunmere",
        "state": state("overdue"),
        "due_at": at(3),
        "due": "3 min overdue",
        "overdue": True,
        "do": ["Close the route to the finance ledger on your outer firewall.", "Leave the server itself running."],
        "why": "The ledger takes a nightly file from the attacked side and writes back.",
        "cannot": "Call the lead; they can close their end.",
        "who_does": "Network duty engineer, or read it out to them",
        "stops": "Tonight’s payment file. Nothing safety-critical.",
        "worked": "The ledger page no longer opens from your network",
        "undo_how": "Open the route again; tell the lead first",
        "main": {"words": "I have this", "url": "/tasks/4b1c/acknowledge/", "extra": {}},
        "others": [{"words": words, "href": f"/tasks/4b1c/#{key}"} for key, words in (("complete", "We already did it"), ("block", "Blocked"), ("decline", "Not us"), ("pass", "Pass on"))],
        "lead_call": {"name": "Ashbourne duty desk", "number": "+441632960123"},
        "answers": [
            {"key": "acknowledge", "words": "I have this", "url": "/x/", "primary": True, "reason": "", "reason_label": "", "extra": {}},
            {"key": "block", "words": "Blocked", "url": "/x/", "primary": False, "reason": "required", "reason_label": "What blocks it?", "extra": {}},
            {"key": "decline", "words": "Not needed here", "url": "/x/", "primary": False, "reason": "required", "reason_label": "Why not?", "extra": {"as": "not_affected"}},
        ],
        "facts": [("Told", "08:14, by SMS"), ("Seen", "08:39, Sam Okoro"), ("Accepted", "not yet")],
        "references": [{"id": "D3-NI", "name": "Network Isolation", "href": "https://d3fend.mitre.org/technique/d3f:NetworkIsolation/"}, {"id": "T1199", "name": "Trusted Relationship", "href": ""}],
        "receipt": None,
        "history": [{"at": at(36), "who": "Bulkhead", "words": "told the duty desk by SMS"}],
        **changes,
    }  # fmt: skip


def receipt() -> dict[str, Any]:
    return {
        "words": "Safe contact confirmed",
        "at": NOW - timedelta(seconds=14),
        "seen_by": "Northgate",
        "undo_url": "/x/",
        "undo_until": NOW + timedelta(seconds=46),
    }


def mine(**changes: Any) -> dict[str, Any]:
    return {
        "refresh_url": "/my-tasks/",
        "references": ["INC-7KQ4"],
        "incident": {
            **incident(),
            "line": "an intruder is on the shared identity platform.",
            "own_line": "Nothing has been seen at Dunmere.",
        },
        "card": task(),
        "receipt": receipt(),
        "next": [
            {
                "title": "Preserve logs and images",
                "href": "/x/",
                "due": "by 09:10",
                "overdue": False,
                "state": state("seen"),
            }
        ]
        * 3,
        "answered": [
            {
                "title": "Confirm a safe way to reach you",
                "href": "/x/",
                "due": "08:41",
                "overdue": False,
                "state": state("done"),
            }
        ],
        "do_not_trust": DO_NOT_TRUST,
        "others": {
            "summary": "4 acting, 1 contained, 1 not yet answered",
            "rows": [{"name": "Ashbourne", "role": "lead", "word": "acting"}],
        },
        "empty": [],
        **changes,
    }


class LoginForm(forms.Form):
    login = forms.EmailField()
    password = forms.CharField(widget=forms.PasswordInput)


class OpenForm(forms.Form):
    systems = forms.MultipleChoiceField(
        required=False, choices=[("identity-platform", "Identity platform"), ("file-services", "File services")]
    )
    accounts = forms.CharField(required=False)
    confirmed = forms.MultipleChoiceField(
        required=False,
        choices=[("ashbourne", "Ashbourne"), ("brackenfield", "Brackenfield"), ("coldharbour", "Coldharbour")],
    )
    reported_by = forms.CharField(required=False)
    title = forms.CharField()
    summary = forms.CharField(required=False)
    severity = forms.ChoiceField(
        required=False, choices=[("", "Not estimated yet"), ("2", "2, highly significant"), ("3", "3, significant")]
    )
    playbook = forms.ChoiceField(choices=[("shared-platform-containment", "Shared platform containment, version 3")])
    exercise = forms.BooleanField(required=False)


class UpdateForm(forms.Form):
    text = forms.CharField()
    next_in = forms.ChoiceField(choices=[("60", "In an hour")])


class WidenForm(forms.Form):
    systems = forms.MultipleChoiceField(choices=[("telephony", "Telephony")])


class CloseForm(forms.Form):
    outcome = forms.ChoiceField(
        choices=[
            ("resolved", "Resolved"),
            ("false_alarm", "False alarm"),
            ("opened_in_error", "Opened in error"),
            ("duplicate", "The same as another"),
        ]
    )
    words = forms.CharField()


class ContactForm(forms.Form):
    person = forms.ChoiceField(choices=[("1", "Duty desk")])
    way = forms.ChoiceField(choices=[("sms", "SMS"), ("email", "E-mail")])
    address = forms.CharField()
    rides_on = forms.ChoiceField(required=False, choices=[("", "Nothing shared")])


class KeyForm(forms.Form):
    name = forms.CharField()
    scopes = forms.MultipleChoiceField(choices=[("read", "read"), ("answer", "answer"), ("suspect", "suspect")])


LIST = [
    {"reference": "INC-7KQ4", "title": "Intrusion on the shared identity platform", "href": "/x/", "status": "Open", "exercise": False, "suspected": False, "lead": "Ashbourne", "opened_at": OPENED, "word": "acting", "needs_you": "1 step overdue"},
    {"reference": "INC-2MV8", "title": "Odd sign-ins on File services", "href": "/x/", "status": "Open", "exercise": True, "suspected": True, "lead": "Coldharbour", "opened_at": at(300), "word": "lead", "needs_you": ""},
]  # fmt: skip
PEACE = [
    {"words": "Your last exercise was 41 days ago.", "href": "/x/", "link": "Run a ten-minute exercise"},
    {"words": "2 of your contacts were never tested.", "href": "/x/", "link": "Test them"},
]
# fmt: off
PAGER = {"next": "/x/?after=2", "previous": None}
PREVIEW = {
    "similar": [{"reference": "INC-2MV8", "title": "Odd sign-ins on File services", "lead": "Coldharbour", "href": "/x/"}],
    "summary": "7 organisations: 1 where it was seen, 3 that use the attacked system, 3 that could be reached.",
    "reached": [
        {"name": "Ashbourne", "exposure": exposure("confirmed"), "because": "Jo Hale saw it at 08:05", "tasks": 11, "ways": "this page"},
        {"name": "Fernleigh", "exposure": exposure("reachable"), "because": "left in 2017, its archive still hangs on File services", "tasks": 9, "ways": "SMS, then telephone"},
    ],
    "effects": ["Wakes 6 people at 02:10.", "Sends 14 SMS.", "Ashbourne’s mail is not used: it rides on the attacked system."],
    "messages": [{"to": "Fernleigh, duty desk", "way": "SMS", "text": "Bulkhead INC-7KQ4: Fernleigh could be reached by an intruder. Reply 4471 YES. Open the app or type the address on your card. Never sign in from a link."}],
    "suspected_told": ["Ashbourne", "Northgate IT Services"],
    "digest": "abc123",
}  # fmt: skip
WHAT = {"paths": [FINANCE, HOUSING], "register_checked": "The register was last checked on 2 October 2026 by Northgate IT Services."}


def _radius() -> dict[str, Any]:
    def reached(slug: str, name: str, css: str, distance: int, because: str, paths: list[Any]) -> dict[str, Any]:
        return {"slug": slug, "name": name, "href": "/x/", "exposure": exposure(css), "distance": distance, "because": because, "paths": paths}

    direct = path("Identity platform", "Ashbourne")
    return {
        "starts": ["Identity platform"],
        "assumed": False,
        "summary": "1 organisation where it was seen, 2 that use it, 3 that could be reached, 1 with no path known to the register.",
        "organisations": [
            reached("ashbourne", "Ashbourne", "confirmed", 0, "Ashbourne: a named person saw the intruder there.", [direct]),
            reached("dunmere", "Dunmere", "reachable", 2, "Dunmere uses the Finance ledger, which File services writes to, which shares administrators with the Identity platform.", [FINANCE, HOUSING]),
            reached("eastwick", "Eastwick", "reachable", 3, "Eastwick uses Housing, which takes the rent feed from the Finance ledger.", [HOUSING]),
        ],
        "outside": [{"name": "Gravenhurst", "reason": "the barrier between Identity platform and Telephony was tested on 3 May 2026 and stops"}],
        "cuts": [
            {"words": "Group NG-ADM off File services", "protects": "Protects Dunmere, Eastwick and Fernleigh.", "stops": "Stops one finance batch.", "best": True},
            {"words": "Cut the VPN", "protects": "Protects no further council.", "stops": "Stops the telecare alarms of 2,140 people; Brackenfield has no fallback recorded.", "best": False},
        ],
        "register_checked": WHAT["register_checked"],
        "legend": [exposure(css) for css in ("confirmed", "direct", "reachable", "none", "cleared")],
    }  # fmt: skip


def _bad(form: type[forms.Form]) -> forms.Form:
    filled = form({"login": "not an address", "systems": ["identity-platform"]})
    filled.is_valid()
    return filled


LINK = {"words": "group NG-ADM", "other": "File services", "kind": "shared administrators", "barrier": "nothing", "barrier_css": "known", "href": "/x/"}
CLAIMED = {"words": "", "other": "Social-care records", "kind": "identity trust", "barrier": "claimed, never tested", "barrier_css": "claimed", "href": ""}
SYSTEM_FACTS = [("Run by", "Northgate IT Services", "/x/"), ("Kind", "Directory"), ("Last checked", "2 October 2026")]


def pages() -> dict[str, tuple[str, dict[str, Any]]]:
    """Every page with its context, in the order in which a reader would meet them."""
    demo = {"steps": ["Sign in as Ashbourne with its link.", "See how far it reaches, and why Fernleigh is in.", "Open and notify."], "people": [{"name": "Jo Hale", "organisation": "Ashbourne", "role": "duty officer"}], "mail_url": "http://localhost:8025/"}
    found: dict[str, dict[str, Any]] = {
        "start.html": {"installed": True, "demo": demo, "incidents": LIST, "peacetime": [], "may_open": True},
        "start.html@out": {"installed": True, "demo": demo, "incidents": [], "peacetime": None, "may_open": False, "viewer": None, "live": None},
        "start.html@empty": {"installed": False, "demo": None, "incidents": [], "peacetime": None, "may_open": False, "viewer": None, "live": None},
        "sign_in/login.html": {"form": LoginForm(), "viewer": None, "live": None},
        "sign_in/login.html@bad": {"form": _bad(LoginForm), "viewer": None, "live": None},
        "sign_in/link.html": {"person": {"name": "Jo Hale"}, "organisation": {"name": "Ashbourne"}, "viewer": None, "live": None},
        "sign_in/link_gone.html": {"viewer": None, "live": None},
        "sign_in/logout.html": {},
        "incidents/list.html": {"incidents": LIST, "closed": LIST[:1], "page": PAGER, "may_open": True, "peacetime": []},
        "incidents/list.html@empty": {"incidents": [], "closed": [], "page": {"next": None, "previous": None}, "may_open": True, "peacetime": PEACE},
        "incidents/open.html": {"form": OpenForm(), "systems": [("identity-platform", "Identity platform", "Ashbourne, Brackenfield, Coldharbour"), ("file-services", "File services", "Ashbourne, Coldharbour")], "preview": PREVIEW},
        "incidents/open.html@bad": {"form": _bad(OpenForm), "systems": [("identity-platform", "Identity platform", "")], "preview": None},
        "incidents/board.html": {"board": board()},
        "incidents/board.html@six": {"board": board(6)},
        "incidents/board.html@partner": {"board": partner_board()},
        "incidents/board.html@exercise": {"board": board(incident=incident(exercise=True, suspected=True, deputy=None, next_update_at=None, severity=""), feed=[])},
        "incidents/participant.html": {"incident": incident(), "participant": {**WHAT, "name": "Dunmere", "role": "", "exposure": exposure("reachable"), "because": "Dunmere uses the Finance ledger, 2 links from the attack.", "reported": "", "cleared": None, "ladder_rows": [{"at": at(36), "way": "SMS", "to": "Duty desk", "outcome": "failed: number not in service"}], "duty": {"name": "Duty desk", "number": "+441632960444"}, "may_clear": True, "clear_url": "/x/", "tasks": [{"title": STEPS[0][2], "href": "/x/", "state": state("done"), "due": "08:22"}]}},
        "incidents/radius.html": {"incident": incident(), "radius": _radius()},
        "incidents/declare.html": {"incident": incident(suspected=True)},
        "incidents/update.html": {"incident": incident(), "form": UpdateForm(), "audience": "7 organisations"},
        "incidents/widen.html": {"incident": incident(), "form": WidenForm()},
        "incidents/close.html": {"incident": incident(), "form": CloseForm(), "effects": ["Tells 14 people in 7 organisations.", "Calls off 3 open steps."], "open_tasks": 3},
        "incidents/task.html": {"incident": incident(), "task": task()},
        "incidents/my_tasks.html": {"mine": mine()},
        "incidents/my_tasks.html@empty": {"mine": mine(card=None, receipt=None, next=[], empty=["4 of 7 organisations are acting, 1 is contained.", "The next update comes at 09:00."])},
        "partners/organisations.html": {"organisations": [{"name": "Ashbourne", "href": "/x/", "kind": "Council", "standing": "", "systems": 9, "duty": "Duty officer, all hours", "contact_state": "3 ways tested", "contact_alarm": False}, {"name": "Fernleigh", "href": "/x/", "kind": "Council", "standing": "former", "systems": 1, "duty": "", "contact_state": "last test failed", "contact_alarm": True}], "page": PAGER},
        "partners/organisation.html": {"organisation": {"name": "Ashbourne", "kind": "Council", "standing": "", "own": True}, "facts": [("People served", "143,200"), ("Duty desk", "01632 960123")], "systems": [{"name": "Identity platform", "href": "/x/", "services": "all sign-in", "note": ""}], "people": [{"name": "Jo Hale", "role": "head of IT", "on_duty": True}], "contacts_href": "/x/"},
        "partners/systems.html": {"systems": [{"name": "Telecare alarms", "slug": "telecare-alarms", "href": "/x/", "provider": "Northgate IT Services", "organisations": "Ashbourne, Brackenfield", "safety": "2,140 people served", "standing": "in use", "yours": True}], "page": PAGER, "may_edit": False},
        "partners/system.html": {"system": {"name": "Identity platform", "slug": "identity-platform", "safety": "", "standing": "in use"}, "facts": SYSTEM_FACTS, "standing_on": [{"name": "Ashbourne", "services": "all sign-in", "people": "143,200", "fallback": ""}], "links_out": [LINK, CLAIMED], "links_in": [], "components": [{"name": "Directory server", "version": "2022", "identifier": "cpe:2.3:o:example:directory:2022:*:*:*:*:*:*:*"}], "what_if_href": "/x/", "checked": WHAT["register_checked"]},
        "partners/dependencies.html": {"dependencies": [{"source": "Identity platform", "target": "File services", "kind": "shared administrators", "words": "NG-ADM", "href": "/x/", "barrier": "nothing", "barrier_css": "known", "standing": "in use"}], "page": PAGER},
        "partners/dependency.html": {"dependency": {"source": "File services", "target": "Archive of 2006", "kind": "hosting", "sentence": "Retired in 2017, never cut."}, "facts": SYSTEM_FACTS, "ends": [{"name": "Fernleigh", "says": "open", "at": None, "by": "", "may_say_cut": True, "url": "/x/"}, {"name": "Northgate", "says": "cut", "at": at(9), "by": "Kim Lund", "may_say_cut": False, "url": ""}]},
        "partners/contacts.html": {"contacts": [{"id": "1", "person": "Duty desk", "way": "SMS", "address": "+44 1632 ••• 123", "trust": "trusted", "trust_why": "", "rides_on": "", "tested": "41 days ago", "tested_alarm": False, "test_url": "/x/"}, {"id": "2", "person": "Duty desk", "way": "E-mail", "address": "duty@ashbourne.example", "trust": "doubtful", "trust_why": "rides on the attacked system", "rides_on": "E-mail and Teams", "tested": "failed 3 days ago", "tested_alarm": True, "test_url": ""}], "form": ContactForm()},
        "partners/keys.html": {"keys": [{"id": "1", "name": "Monitoring", "prefix": "bh_7f3a", "scopes": "suspect, read", "made": "2 Oct 2026", "used": "3 min ago", "expires": "2 Oct 2027", "revoke_url": "/x/"}], "fresh_key": "bh_7f3a_3f0c9d0e6b", "form": KeyForm()},
        "playbooks/list.html": {"playbooks": [{"title": "Shared platform containment", "slug": "x", "href": "/x/", "version": "3", "steps": 13, "signed": "6 of 8 signed this version", "own_state": "signed 2 Oct 2026", "own_alarm": False}]},
        "playbooks/detail.html": {"playbook": {"title": "Shared platform containment", "description": "What everybody does in the first hours.", "version": "3", "document_href": "/x/"}, "facts": [("Version", "3"), ("Steps", "13")], "steps": [{"title": title, "who": "every council", "what": ["Use a telephone that does not ride on the attacked system."], "due": "accept in 5 min, finish in 10", "after": "after 7 to 9" if key == "rotate" else "", "references": [{"id": "D3-NI", "name": "Network Isolation"}]} for key, _short, title in STEPS], "signatures": [{"organisation": "Ashbourne", "state": "signed version 3", "alarm": False}, {"organisation": "Dunmere", "state": "signed version 2, with a reservation", "alarm": False}]},
        "notifications/deliveries.html": {"deliveries": [{"at": at(36), "incident": "INC-7KQ4", "incident_href": "/x/", "organisation": "Dunmere", "person": "Duty desk", "way": "SMS", "state": "failed", "css": "alarm", "note": "number not in service; deputy is next"}, {"at": at(35), "incident": "", "incident_href": "", "organisation": "Eastwick", "person": "", "way": "webhook", "state": "delivered", "css": "", "note": ""}], "page": PAGER, "refresh_url": "/deliveries/", "follow": "*", "incident": None, "totals": [("Sent", 14), ("Delivered", 11), ("Failed", 1)], "empty_why": "No incident has been opened since this installation began."},
        "monitoring/alerts.html": {"rules": [{"source": "Sentinel", "when": "a rule named “first sight” fires with high severity", "then": "opens a suspected incident", "systems": "Identity platform", "active": True}], "recent": [{"at": at(30), "source": "Sentinel", "title": "svc-backup@ashbourne on Coldharbour file-02", "outcome": "joined", "incident": "INC-7KQ4", "incident_href": "/x/"}], "endpoints": [{"name": "Alertmanager", "url": "http://localhost:8000/api/v1/alerts/alertmanager/"}]},
        "api/docs.html": {"title": "Bulkhead API", "version": "1", "base_url": "http://localhost:8000", "schema_url": "/api/v1/schema/", "groups": [{"name": "Incidents", "id": "incidents", "operations": [{"id": "incidents-create", "method": "POST", "path": "/api/v1/incidents/", "summary": "Open an incident", "description": "Works out who is reached and tells them.", "scopes": ["open"], "parameters": [{"name": "Idempotency-Key", "place": "header", "required": False, "words": "Makes the call safe to repeat."}], "body": '{\n  "title": "…"\n}', "answers": [{"status": "201", "words": "Opened"}], "curl": "curl -X POST http://localhost:8000/api/v1/incidents/ -H 'Authorization: Bearer KEY' -d '{\"title\": \"VPN down\", \"systems\": [\"remote-access\"]}'"}]}]},
    }  # fmt: skip
    for status in (400, 403, 404, 500, 503):
        found[f"errors/{status}.html"] = {"status": status, "detail": ""}
    return {name: (name.partition("@")[0], {**common(), **context}) for name, context in found.items()}


def common() -> dict[str, Any]:
    """What the context processors and the Jinja2 backend give every page."""
    return {
        "viewer": {"name": "Jo Hale", "organisation_name": "Ashbourne", "organisation_slug": "ashbourne", "role": "duty officer"},
        "live": {"url": "ws://localhost:8001", "head": 48, "epoch": "e1"},
        "open_incidents_count": 1,
        "my_tasks_count": 3,
        "messages": [],
        "csrf_input": "",
    }
