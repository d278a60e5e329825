"""What the pages of the browser pass show: incidents in every stage on the running product, and people signed in."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import secrets
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg
from psycopg.types.json import Jsonb

from incidents.blast_radius import blast_radius
from incidents.changes import difference
from incidents.frozen import frozen
from tests.browser.advisories import put_advisories
from tests.browser.decisions import put_decisions
from tests.browser.many_findings import put_many_findings, take_them_away
from tests.browser.own_books import put_own_books
from tests.browser.personal_data import put_personal_data
from tests.incidents.estates import ON, known
from tests.incidents.playbooks import tool_document
from tests.incidents.wide_partnership import wide_estate
from tests.pages import Stage
from tests.running import Running, wait_for
from tests.servers import ROOT

INCIDENTS = {
    "closed": {"title": "Stood down in time", "systems": ["remote-access"]},
    "main": {"title": "Intrusion on the shared identity platform", "systems": ["identity-platform"], "severity": 2},
    "fresh": {"title": "Unknown programs on the remote access gateway", "systems": ["remote-access"]},
    "suspected": {"title": "Odd sign-ins at night", "systems": ["file-services"], "stage": "suspected"},
    "practised": {"title": "Exercise that is over", "systems": ["identity-platform"], "exercise": True},
    "exercise": {"title": "Ten-minute exercise", "systems": ["social-care-records"], "exercise": True},
    "tools": {"title": "Dry run of a tool", "systems": ["file-services"], "exercise": True, "playbook": "for-tools"},
}
OVER = {"closed", "practised"}

TECHNIQUES = (
    ("ashbourne", "T1199", "hypothesised", "It came over the trust of another."),
    ("ashbourne", "T1078.002", "hypothesised", ""),
    ("ashbourne", "T1490", "ruled_out", "The backups are whole, looked at by two."),
    ("dunmere", "T1486", "observed", "Files on FS-02 end in .locked since 07:50."),
)
LATE = """
UPDATE incidents_task t
   SET acknowledge_by = CASE WHEN o.slug = 'dunmere' THEN now() - interval '12 minutes' ELSE t.acknowledge_by END,
       finish_by = CASE WHEN o.slug = 'fernleigh' THEN now() - interval '3 minutes' ELSE t.finish_by END
  FROM partners_organisation o, incidents_incident i
 WHERE o.id = t.organisation_id AND i.id = t.incident_id AND i.reference = %(reference)s AND t.position IN (1, 4)
"""
A_DAY_AGO = """
UPDATE incidents_task t SET done_at = done_at - interval '25 hours' FROM incidents_incident i
 WHERE i.id = t.incident_id AND i.reference = %(reference)s AND t.status = 'done'
"""


def call(product: Running, slug: str, method: str, path: str, body: Any = None, **headers: str) -> Any:
    """Ask the API with the organisation's key; a refusal is an error of the stage."""
    request = urllib.request.Request(
        f"{product.url}/api/v1{path}",
        None if body is None else json.dumps(body).encode(),
        {"Authorization": f"Bearer {product.key(slug)}", "Content-Type": "application/json"} | headers,
        method=method,
    )
    try:
        with urllib.request.urlopen(request, timeout=15) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as refused:
        raise AssertionError(f"{method} {path}: {refused.code} {refused.read().decode()}") from None


def tasks(product: Running, slug: str, reference: str) -> dict[tuple[str, int], dict[str, Any]]:
    found = call(product, slug, "GET", f"/incidents/{reference}/tasks/?limit=1000")["results"]
    return {(each["organisation"], each["step"]): each for each in found}


@contextlib.contextmanager
def arranged(product: Running) -> Iterator[Stage]:
    """Seven incidents, the story played in one of them; all are closed again at the end for whoever comes next."""
    stage: Stage = {}
    try:
        call(product, "ashbourne", "POST", "/playbooks/", tool_document())
        for name, body in INCIDENTS.items():
            stage[name] = call(product, "ashbourne", "POST", "/incidents/", body)["reference"]
            if name in OVER:
                _close(product, stage[name])
            if name == "main":
                _wait_until_told(product, stage[name])
                _play(product, stage[name])
        put_personal_data(product.database_url, stage["main"])
        stage |= put_decisions(product.database_url, stage["main"])
        stage["cut"] = _cut_and_services(product, stage["main"], stage["fresh"])
        put_own_books(product.database_url, stage["main"])
        stage |= put_advisories(product.database_url)
        put_many_findings(product.database_url)
        stage |= _details(product, stage)
        stage["wide"] = _widened(product, stage["exercise"])
        _done_a_day_ago(product, stage["exercise"])
        stage["planned"] = _planned(product)
        _signs(product, "brackenfield", no_more=True)
        yield stage
    finally:
        take_them_away(product.database_url)
        _signs(product, "brackenfield", no_more=False)
        if "planned" in stage:
            off = {"to": "cancelled", "words": "The pages have been looked at."}
            call(product, "northgate", "POST", f"/planned-work/{stage['planned']}/moves/", off)
        for name in INCIDENTS.keys() - OVER:
            if name in stage:
                _close(product, stage[name])


def _signs(product: Running, slug: str, *, no_more: bool) -> None:
    """Its signatures have ended, or count again."""
    ended = "now(), 'withdrawn'" if no_more else "NULL, ''"
    with psycopg.connect(product.database_url) as connection:
        connection.execute(
            f"UPDATE incidents_signoff SET (ended_at, ended_how) = ({ended}) FROM partners_organisation o"
            " WHERE o.id = organisation_id AND o.slug = %s",
            [slug],
        )


def _close(product: Running, reference: str) -> None:
    call(product, "ashbourne", "POST", f"/incidents/{reference}/moves/", {"to": "closed", "outcome": "resolved"})


def _wait_until_told(product: Running, reference: str) -> None:
    path = f"/incidents/{reference}/participants/?limit=100"
    wait_for(lambda: all(each["told_at"] for each in call(product, "ashbourne", "GET", path)["results"]), seconds=20)


def _play(product: Running, reference: str) -> None:
    """The demonstration's own story."""
    environment = {**os.environ, "BULKHEAD_VAR": str(product.var)}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    command = [sys.executable, "manage.py", "play_story", "--pace", "0"]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, timeout=40)
    # Time has passed for whoever has not answered, and for one who has not finished.
    with psycopg.connect(product.database_url) as connection:
        connection.execute(LATE, {"reference": reference})
    ashbourne = tasks(product, "ashbourne", reference)
    call(product, "ashbourne", "POST", f"/tasks/{ashbourne['ashbourne', 1]['id']}/acknowledge/", {})
    for slug, technique, state, words in TECHNIQUES:
        said = {"technique": technique, "state": state, "words": words}
        call(product, slug, "POST", f"/incidents/{reference}/techniques/", said)
    text = "Directory trust is being suspended. Do not write mail between councils."
    call(product, "ashbourne", "POST", f"/incidents/{reference}/updates/", {"text": text})


def _done_a_day_ago(product: Running, reference: str) -> None:
    """Brackenfield has done its first step, and nobody has checked it."""
    first = min(
        (step, each["id"]) for (slug, step), each in tasks(product, "brackenfield", reference).items() if each["ready"]
    )
    call(product, "brackenfield", "POST", f"/tasks/{first[1]}/complete/", {})
    with psycopg.connect(product.database_url) as connection:
        connection.execute(A_DAY_AGO, {"reference": reference})


def _planned(product: Running) -> str:
    """Work that Northgate has announced: one organisation knows, one objects, one has said nothing."""
    begins = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(days=6)
    details = {
        "starts_at": begins.isoformat(),
        "ends_at": (begins + timedelta(hours=3)).isoformat(),
        "stops": "Signing in to e-mail, Teams, remote access and social care records",
        "fallback": "Telephones work. Print the duty lists before.",
        "ask": "Northgate night desk, 01632 960100",
    }
    body = {"kind": "planned", "title": "New version of the directory", "systems": ["identity-platform"]}
    reference = call(product, "northgate", "POST", "/incidents/", {**body, "planned": details})["reference"]
    no = {"answer": "objects", "reason": "The count is on that night."}
    call(product, "brackenfield", "POST", f"/planned-work/{reference}/answers/", no)
    call(product, "coldharbour", "POST", f"/planned-work/{reference}/answers/", {"answer": "known"})
    return reference


def _details(product: Running, stage: Stage) -> Stage:
    main = tasks(product, "ashbourne", stage["main"])
    closed = tasks(product, "ashbourne", stage["closed"])
    dunmere = sorted(step for organisation, step in main if organisation == "dunmere")
    links = call(product, "ashbourne", "GET", "/dependencies/")["results"]
    permissions = call(product, "ashbourne", "GET", "/integrations/")["results"]
    access = call(product, "ashbourne", "GET", "/standing-access/")["results"]
    return {
        "waiting_permission": next(each["id"] for each in permissions if each["state"] == "waiting"),
        "ng_adm": next(each["id"] for each in access if each["name"] == "NG-ADM"),
        "dunmere_first": main["dunmere", dunmere[0]]["id"],
        "dunmere_second": main["dunmere", dunmere[1]]["id"],
        "done": next(each["id"] for each in main.values() if each["status"] == "done"),
        "blocked": next(each["id"] for each in main.values() if each["status"] == "blocked"),
        "closed_task": next(iter(closed.values()))["id"],
        "dependency": next(each["id"] for each in links if each["target"]["slug"] == "file-services"),
        "playbook": _signed(product),
        "link": sign_in_path(product, "Zofia Nowak"),
        "asked": _asked(product, stage["main"]),
        "duty": _duty(product, stage["main"]),
        "answer": _answer_link(product, stage["main"]),
        "somebody": person_named(product, "Anita Desai"),
        **_assured(product),
        **_marked(product, stage["main"]),
        "hook": _hooked(product),
        "tool_task": _by_tool(product, stage["tools"]),
        "alert": _alerted(product, stage["suspected"]),
        "dropped_alert": _dropped(product),
    }


def _alerted(product: Running, reference: str) -> str:
    """An alert that waits, which came twice, and an incident that a tool has opened. The alert's id."""
    found = json.loads((ROOT / "tests" / "data" / "alerts" / "alertmanager.json").read_text())
    found["alerts"] = found["alerts"][:1]
    for _ in range(2):
        call(product, "ashbourne", "POST", "/alerts/alertmanager/", found)
    with psycopg.connect(product.database_url) as connection:
        connection.execute(
            "UPDATE incidents_incident SET tool_kind = 'siem', tool_of = 'Ashbourne' WHERE reference = %s", [reference]
        )
        (row,) = connection.execute("SELECT id FROM monitoring_alert WHERE tool = 'alertmanager'").fetchall()
    return str(row[0])


def _dropped(product: Running) -> str:
    """One that was dismissed long ago, of which what the tool sent is kept no more. Its id."""
    with psycopg.connect(product.database_url) as connection:
        (row,) = connection.execute(
            "INSERT INTO monitoring_alert SELECT (jsonb_populate_record(a, jsonb_build_object('id', gen_random_uuid(),"
            " 'body', '{}'::jsonb, 'body_dropped_at', now(), 'received_at', now() - interval '31 days', 'outcome',"
            " 'dismissed', 'reason', 'Planned work', 'decided_at', now() - interval '31 days', 'title', 'Old alarm',"
            " 'fingerprint', '\\x00', 'key', ''))).* FROM monitoring_alert a WHERE tool = 'alertmanager' LIMIT 1"
            " RETURNING id"
        ).fetchall()
    return str(row[0])


def _cut_and_services(product: Running, reference: str, fresh: str) -> str:
    """Northgate plans to take the shared files off: one agrees, one objects, the others are silent. Its id."""
    at = f"/incidents/{reference}/cuts/"
    plan = {
        "what": "system",
        "system": "file-services",
        "how": "The servers are switched off by Northgate's night team.",
        "ask": "Helen Strand, 01632 960100",
        "starts_at": (datetime.now(UTC) + timedelta(hours=2)).isoformat(),
    }
    cut: str = call(product, "northgate", "POST", at, plan)["id"]
    objection = {"answer": "objects", "reason": "Council tax letters go out tonight.", "revision": 1}
    call(product, "ashbourne", "POST", f"{at}{cut}/answer/", objection)
    call(product, "coldharbour", "POST", f"{at}{cut}/answer/", {"answer": "agrees", "revision": 1})
    said = (
        (fresh, "brackenfield", "Telecare", "down"),
        (reference, "dunmere", "Housing benefit payments", "working"),
    )
    for at, who, service, state in said:
        body = {"service": service, "state": state, "note": "By hand until further notice."}
        call(product, who, "POST", f"/incidents/{at}/services/", body)
    return cut


def _duty(product: Running, reference: str) -> str:
    """The page of Ashbourne's duty to the Information Commissioner."""
    (duty,) = call(product, "ashbourne", "GET", f"/incidents/{reference}/duties/")["results"]
    return f"/incidents/{reference}/duties/{duty['id']}/"


def _by_tool(product: Running, reference: str) -> str:
    """A task of Dunmere's, which its own tool has taken and could not do."""
    own = tasks(product, "dunmere", reference)["dunmere", 1]["id"]
    with psycopg.connect(product.database_url) as connection:
        connection.execute(
            "INSERT INTO incidents_workorder (task_id, organisation_id, lease, lease_until, taken_at, key_name,"
            " outcome, result, answered_at) SELECT t.id, t.organisation_id, gen_random_uuid(), now(), now(),"
            " 'Gateway worker', 'failed', '192.0.2.1: no route to host', now() FROM incidents_task t WHERE t.id = %s",
            [own],
        )
    return own


def _signed(product: Running) -> str:
    """The playbook, with a signature that nobody can check; Brackenfield has a key, and trusts one for itself."""
    playbook = call(product, "ashbourne", "GET", "/playbooks/shared-platform-containment/")["id"]
    public = "MCowBQYDK2VwAyEA" + "7" * 43 + "="
    signature = {
        "type": "jss", "id": f"jss--{uuid4()}", "created": "2026-09-15T08:00:00.000Z",
        "signee": "Harbour Standards Body", "algorithm": "XMSS", "hash_algorithm": "sha-256", "value": "x",
        "public_key": public,
    }  # fmt: skip
    with psycopg.connect(product.database_url) as connection:
        connection.execute(
            "INSERT INTO incidents_playbooksignature (id, playbook_id, signature_id, document, organisation_id)"
            " SELECT gen_random_uuid(), %s, %s, %s, o.id FROM partners_organisation o WHERE o.slug = 'northgate'",
            [playbook, signature["id"], Jsonb(signature)],
        )
        connection.execute(
            "INSERT INTO incidents_signingkey (id, organisation_id, algorithm, public_key, thumbprint, made_at)"
            " SELECT gen_random_uuid(), o.id, 'Ed25519', %s, encode(sha256(decode(%s, 'base64')), 'hex'), now()"
            " FROM partners_organisation o WHERE o.slug = 'brackenfield'",
            [public, public],
        )
        connection.execute(
            "INSERT INTO incidents_trustedkey (id, owner, public_key, thumbprint, reason, for_all, added_by_id, since)"
            " SELECT gen_random_uuid(), 'Harbour Standards Body', %s, encode(sha256('x'), 'hex'),"
            " 'Fingerprint compared by telephone', false, o.id, now() FROM partners_organisation o"
            " WHERE o.slug = 'brackenfield'",
            [public],
        )
    return playbook


def _asked(product: Running, reference: str) -> str:
    """A question to Dunmere that waits, and a word to Gravenhurst."""
    asked = str(uuid4())
    with psycopg.connect(product.database_url) as connection:
        connection.execute(
            "INSERT INTO incidents_updaterequest (id, incident_id, organisation_id, asked_by_id, question, asked_at,"
            " answer, answered_by) SELECT %s, i.id, o.id, i.lead_id, 'Is the finance batch stopped?', now(), '', ''"
            " FROM incidents_incident i, partners_organisation o WHERE i.reference = %s AND o.slug = 'dunmere'",
            [asked, reference],
        )
        connection.execute(
            "INSERT INTO incidents_headsup (id, incident_id, text, exercise, sent_at, recipients)"
            " SELECT gen_random_uuid(), i.id, 'Look for sign-ins at night by accounts that back up.', false,"
            " now() - interval '2 hours', ARRAY[o.id] FROM incidents_incident i, partners_organisation o"
            " WHERE i.reference = %s AND o.slug = 'gravenhurst'",
            [reference],
        )
    return asked


def _answer_link(product: Running, reference: str) -> str:
    """The path of the link in the mail that Dunmere got; nobody presses it."""
    found = [each for each in product.mail() if reference in each["subject"] and "dunmere" in each["to"][0]]
    return re.search(r"/answer/[\w-]+/", found[0]["text"])[0]


def _widened(product: Running, reference: str) -> str:
    """The exercise's newest radius is that of a partnership of 200 systems; nothing of it stands in the register."""
    estate = wide_estate()
    radius = frozen(estate, blast_radius(estate, starts=[known("identity-platform")], on=ON))
    with psycopg.connect(product.database_url) as connection:
        connection.execute(
            "INSERT INTO incidents_radiusversion"
            " (id, incident_id, number, at, causes, document, contain_first, changed)"
            " SELECT gen_random_uuid(), id, 1, now(), '[]', %s, '[]', %s FROM incidents_incident WHERE reference = %s",
            [Jsonb(radius), Jsonb(difference(radius, radius)), reference],
        )
    return reference


def _marked(product: Running, reference: str) -> Stage:
    """Ashbourne's own mark on Gravenhurst's mail ends soon: it takes no part, so that no board changes."""
    with psycopg.connect(product.database_url) as connection:
        connection.execute(
            "INSERT INTO partners_maildistrust (id, domain, organisation_id, for_all, reason, suspected_from,"
            " marked_by, marked_by_name, marked_by_organisation_id, marked_at, until, lifted_by_name,"
            " incident_reference, audience) SELECT gen_random_uuid(), 'gravenhurst.example', w.id, false,"
            " 'An invoice that they did not send.', now() - interval '1 day', gen_random_uuid(), 'Priya Nair',"
            " i.lead_id, now() - interval '2 hours', now() + interval '20 hours', '', '', ARRAY[i.lead_id]"
            " FROM partners_organisation w, incidents_incident i WHERE w.slug = 'gravenhurst' AND i.reference = %s",
            [reference],
        )
        row = connection.execute(
            "SELECT c.id FROM partners_contactpoint c JOIN partners_organisation o ON o.id = c.organisation_id"
            " WHERE o.slug = 'ashbourne' AND c.person_id IS NULL ORDER BY c.label LIMIT 1"
        ).fetchone()
    return {"contact": str(row[0])}


def _assured(product: Running) -> Stage:
    """An assessment with a file to list, and a finding that is planned."""
    with psycopg.connect(product.database_url) as connection:
        connection.execute(
            "INSERT INTO files_storedfile (id, organisation_id, purpose, owner_id, storage_name, name, size, sha256,"
            " content_type, state, uploaded_at) SELECT gen_random_uuid(), a.organisation_id, 'assessment', a.id,"
            " repeat('0', 64), 'Report of the testers, final.pdf', 1480213, sha256('report'), 'application/pdf',"
            " 'kept', now() FROM partners_assessment a WHERE a.kind = 'penetration_test'"
        )
        found = connection.execute(
            "SELECT a.id, f.id FROM partners_assessment a, partners_finding f"
            " WHERE a.kind = 'penetration_test' AND f.state = 'planned'"
        ).fetchone()
    return {"assessment": str(found[0]), "finding": str(found[1])}


def _hooked(product: Running) -> str:
    """A webhook of Brackenfield's that has failed, what its log has (delivered, given up, waiting for tomorrow), and
    what its tool has answered."""
    hook = uuid4()
    with psycopg.connect(product.database_url) as connection:
        connection.execute(
            "INSERT INTO notifications_webhook (id, organisation_id, label, address, host, kinds, answers, failures,"
            " failing_since, rests_until) SELECT %s, id, 'Ticketing', 'https://tickets.brackenfield.example/in',"
            " 'tickets.brackenfield.example', '{incident.opened,webhook.replayed}', true, 3, now(),"
            " now() + interval '1 day'"
            " FROM partners_organisation WHERE slug = 'brackenfield'",
            [hook],
        )
        connection.execute(
            "INSERT INTO notifications_webhookdelivery (id, webhook_id, organisation_id, seq, event_id, kind, state,"
            " due_at, tries, tried_at, settled_at, status, error)"
            " SELECT gen_random_uuid(), w.id, w.organisation_id, l.seq, gen_random_uuid(), l.kind, l.state, l.due,"
            " l.tries, now(), now(), l.status, l.error FROM notifications_webhook w, (VALUES"
            " (7, 'incident.opened', 'delivered', NULL::timestamptz, 1, 204, ''),"
            " (8, 'incident.opened', 'dead', NULL, 1, 400, 'It refused the message (400).'),"
            " (9, 'incident.opened', 'pending', now() + interval '1 day', 3, NULL, 'It did not answer in time.')"
            " ) AS l(seq, kind, state, due, tries, status, error) WHERE w.id = %s",
            [hook],
        )
        connection.execute(
            "INSERT INTO notifications_answer (id, organisation_id, webhook_id, incident_id, message_id, way, said,"
            " words, settled_at) SELECT gen_random_uuid(), w.organisation_id, w.id, p.incident_id, 'msg_1', 'tool',"
            " 'other', 'the night desk', now() FROM notifications_webhook w JOIN incidents_participant p"
            " ON p.organisation_id = w.organisation_id WHERE w.id = %s LIMIT 1",
            [hook],
        )
    return str(hook)


def person_named(product: Running, name: str) -> str:
    with psycopg.connect(product.database_url) as connection:
        return str(connection.execute("SELECT id FROM partners_person WHERE name = %s", [name]).fetchone()[0])


def sign_in_path(product: Running, name: str) -> str:
    """A one-time link of its own: those of demo.json are for whoever else shares this product."""
    token = secrets.token_urlsafe(32)
    with psycopg.connect(product.database_url) as connection:
        connection.execute(
            "INSERT INTO partners_signinlink (id, person_id, purpose, digest, expires_at)"
            " SELECT %s, id, 'demonstration', %s, now() + interval '1 hour' FROM partners_person WHERE name = %s",
            [uuid4(), hashlib.sha256(token.encode()).digest(), name],
        )
    return f"/sign-in/link/{token}/"


def step_up_everybody(product: Running) -> None:
    """As if each signed-in person had used a passkey just now, and for as long as the pass takes."""
    with psycopg.connect(product.database_url) as connection:
        connection.execute(
            "UPDATE sec.grant_token SET stepped_up_at = 'infinity', authenticator_id = gen_random_uuid()"
            " WHERE kind = 'session' AND revoked_at IS NULL"
        )
