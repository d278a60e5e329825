"""Four incidents with a row of every kind, written by the owner in plain SQL: nothing here is the code that is judged.

    INC-LED      Ashbourne leads, Coldharbour stands in, Brackenfield and Dunmere take part, Northgate provides,
                 Eastwick looks on and has nothing to do
    INC-APART    Gravenhurst leads and Dunmere takes part: the stranger has something to hide, too
    INC-ALONE    Brackenfield has opened it and nobody has joined yet
    INC-TURNED   Northgate leads, Brackenfield stands in, Ashbourne takes part

What an organisation keeps at home holds `secret_of()` that organisation, so that a leak can be read in any answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg import Connection
from psycopg.sql import SQL, Identifier, Placeholder
from psycopg.types.json import Jsonb

from tests import servers

ORGANISATIONS = ("ashbourne", "brackenfield", "coldharbour", "dunmere", "gravenhurst", "northgate")
INCIDENTS = {
    "INC-LED": {
        "ashbourne": "lead",
        "coldharbour": "deputy_lead",
        "brackenfield": "participant",
        "dunmere": "participant",
        "northgate": "provider",
        "eastwick": "observer",
    },
    "INC-APART": {"gravenhurst": "lead", "dunmere": "participant"},
    "INC-ALONE": {"brackenfield": "lead"},
    "INC-TURNED": {"northgate": "lead", "brackenfield": "deputy_lead", "ashbourne": "participant"},
}
VARIABLES = {
    "owner": "DATABASE_URL",
    "portal_app": "DATABASE_URL_APP",
    "portal_auth": "DATABASE_URL_AUTH",
    "portal_worker": "DATABASE_URL_WORKER",
    "portal_sealer": "DATABASE_URL_SEALER",
}


def secret_of(slug: str) -> str:
    return f"kept at home in {slug}"


@dataclass
class Arranged:
    """A database of its own; `ids` by slug, reference, or `reference/slug/task/n`. Log-ins are real ones."""

    name: str
    ids: dict[str, UUID] = field(default_factory=dict)
    connections: dict[str, Connection] = field(default_factory=dict)

    def log_in(self, role: str) -> Connection:
        """One autocommit connection a role, kept until the end."""
        if role not in self.connections:
            url = servers.database_url(VARIABLES[role], self.name)
            self.connections[role] = psycopg.connect(url, autocommit=True)
        return self.connections[role]

    @contextmanager
    def entered(self, role: str, ticket: str, *, commits: bool = False) -> Iterator[Connection]:
        """A transaction of that role with that ticket, as the scope helper makes it; rolled back unless it commits."""
        connection = self.log_in(role)
        with connection.transaction(force_rollback=not commits):
            connection.execute("SELECT set_config('app.ticket', %s, true)", [ticket])
            yield connection


def ticket(slug: str) -> str:
    return f"gate-ticket-of-{slug}"


def administers(owner: Connection) -> None:
    """Two of the tickets become those of an administrator who has used a passkey just now; `matrix.ADMINISTERS`."""
    for slug in ("coldharbour", "gravenhurst"):
        owner.execute(
            "UPDATE sec.grant_token SET stepped_up_at = 'infinity', authenticator_id = gen_random_uuid(),"
            " session_id = gen_random_uuid(), person_id = (SELECT p.id FROM partners_person p"
            " WHERE p.organisation_id = org_id AND p.role = 'administrator' ORDER BY p.name LIMIT 1)"
            " WHERE token_hash = sha256(%s)",
            [ticket(slug).encode()],
        )


def own_tasks(slug: str) -> str:
    """A ticket that reaches no further than the organisation's own tasks."""
    return f"narrow-ticket-of-{slug}"


@contextmanager
def arranged(name: str) -> Iterator[Arranged]:
    servers.copy_template(name)
    world = Arranged(name)
    try:
        with psycopg.connect(servers.database_url("DATABASE_URL", name)) as owner:
            _Writer(owner, world.ids).write()
        yield world
    finally:
        for connection in world.connections.values():
            connection.close()
        servers.drop(name)


class _Writer:
    def __init__(self, owner: Connection, ids: dict[str, UUID]) -> None:
        self.owner = owner
        self.ids = ids
        self.number = count(1)

    def write(self) -> None:
        for pk, slug in self.owner.execute("SELECT id, slug FROM partners_organisation").fetchall():
            self.ids[slug] = pk
        self.tickets()
        for slug in ORGANISATIONS:
            self.at_home(slug)
        self.estate()
        self.owner.execute(
            "INSERT INTO partners_edgemove (id, dependency_id, at_end, what, text, vouched_by, pressed_by,"
            " organisation_id, at)"
            " SELECT gen_random_uuid(), d.id, 'source', 'cut', '', '', gen_random_uuid(), %s, now()"
            " FROM partners_dependency d",
            [self.ids["northgate"]],
        )
        for slug in ORGANISATIONS:
            self.kept(slug)
            self.put("incidents_concentrationsnapshot", id=uuid4(), organisation_id=self.ids[slug],
                     quarter="2026-10-01", taken_at="now", figures=Jsonb({"own": secret_of(slug)}))  # fmt: skip
        self.files()
        self.permissions()
        for slug in ORGANISATIONS:
            self.assured(slug)
        self.playbook()
        for reference, roles in INCIDENTS.items():
            self.incident(reference, roles)
        self.event("planned.answered", "northgate", audience=["northgate"])
        self.planned("PLN-222222", "northgate", ["ashbourne", "dunmere"])
        self.planned("PLN-333333", "gravenhurst", ["brackenfield", "dunmere"])
        self.planned("PLN-444444", "ashbourne", [])

    def permissions(self) -> None:
        """Permissions between pairs that overlap, and standing access that the council alone has said something of."""
        for grantor, grantee in (("coldharbour", "ashbourne"), ("dunmere", "gravenhurst"), ("brackenfield", "dunmere")):
            made = uuid4()
            self.put(
                "partners_integration", id=made, grantor_id=self.ids[grantor], grantee_id=self.ids[grantee],
                made_at="now", latest=1, ended_by_name="", ended_because="",
            )  # fmt: skip
            self.put(
                "partners_integrationversion", id=uuid4(), integration_id=made, number=1,
                name=f"{grantee} to {grantor}",
                purpose="x", direction="both", data_classes=["personal"], accounts=["svc-x@y"], resources="",
                system_ids=[], starts_on="today", review_on="today", expires_on="today", grantor_owner_name="",
                grantee_owner_name="", kill_switch_name="x", kill_switch_how="x", link_kind="", proposed_at="now",
                proposed_by_name="", proposed_for_id=self.ids[grantee], grantor_approved_by="",
                grantee_approved_by="", refused_by_name="", refused_because="",
            )  # fmt: skip
        for provider, council in (("northgate", "ashbourne"), ("northgate", "dunmere"), ("coldharbour", "dunmere")):
            line = uuid4()
            self.put(
                "partners_standingaccess", id=line, provider_id=self.ids[provider], council_id=self.ids[council],
                name="x", kind="group", rights="x", privileged=True, why="x", approved_by="", system_ids=[],
                link_group="", links=[], added_at="now", version=1, answer="", answer_note="",
            )  # fmt: skip
            self.put(
                "partners_attestation", id=uuid4(), access_id=line, organisation_id=self.ids[council], version=1,
                answer="needed", note=secret_of(council), said_by_name="x", at="now",
            )  # fmt: skip

    def estate(self) -> None:
        """Parts of every system and services of every stand; systems of the two keepers with links of all sorts."""
        for slug in ORGANISATIONS:
            self.put(
                "partners_sharedsystem", id=uuid4(), slug=f"own-{slug}", name=secret_of(slug), spoken="",
                description="", hosting="", status="live", safety_critical=False, cut_stops="", account_realms=[],
                owner_id=self.ids[slug],
            )  # fmt: skip
        self.owner.execute(
            "INSERT INTO partners_component (id, system_id, vendor, product, product_version, cpe, purl, note)"
            " SELECT gen_random_uuid(), s.id, '', 'Directory', '1', '', '', s.slug FROM partners_sharedsystem s"
        )
        self.owner.execute(
            "INSERT INTO partners_segment (id, system_id, name, note)"
            " SELECT gen_random_uuid(), s.id, 'Inner', s.slug FROM partners_sharedsystem s"
        )
        self.owner.execute(
            "INSERT INTO partners_publicservice (id, participation_id, organisation_id, system_id, position, category,"
            " name, safety_critical, critical_dates)"
            " SELECT gen_random_uuid(), p.id, p.organisation_id, p.system_id, 1, 'other',"
            " 'Of ' || p.id, false, '[]' FROM partners_participation p"
        )
        stands = (
            "INSERT INTO partners_participation (id, organisation_id, system_id, services, safety_critical, status)"
        )
        for system, slug in (("planning-search", "ashbourne"), ("elections-register", "eastwick")):
            self.owner.execute(
                f"{stands} SELECT gen_random_uuid(), %s, s.id, '{{}}', false, 'live' FROM partners_sharedsystem s"
                " WHERE s.slug = %s",
                [self.ids[slug], system],
            )
        for source, target, barrier in (
            ("telephony", "own-gravenhurst", "none"),  # the target is Gravenhurst's
            ("own-gravenhurst", "telephony", "claimed"),  # it stands on the target
            ("own-gravenhurst", "housing-tenancy", "none"),  # it walks into the target
            ("own-gravenhurst", "finance-ledger", "tested"),  # it knows the target by name alone
            ("website-forms", "own-gravenhurst", "tested"),
            ("own-coldharbour", "website-forms", "none"),  # nobody runs the target
            ("own-dunmere", "own-coldharbour", "none"),
            ("own-coldharbour", "own-dunmere", "tested"),
            ("own-dunmere", "own-brackenfield", "none"),
        ):
            self.owner.execute(
                "INSERT INTO partners_dependency (id, source_id, target_id, kind, label, phrase, stops, carries,"
                ' "group", barrier, tested_on, reviewed_by, note)'
                " SELECT gen_random_uuid(), s.id, t.id, 'hosting', %s, '', '', false, '', %s,"
                " CASE WHEN %s = 'tested' THEN current_date END, '', ''"
                " FROM partners_sharedsystem s, partners_sharedsystem t WHERE s.slug = %s AND t.slug = %s",
                [f"{source} {target}", barrier, barrier, source, target],
            )

    def kept(self, slug: str) -> None:
        """Work and chores of one organisation, and history that it shares with nobody."""
        own, secret = self.ids[slug], secret_of(slug)
        self.put(
            "partners_change", id=uuid4(), kind="system", object_id=uuid4(), what="changed", before=Jsonb({}),
            after=Jsonb({"note": secret}), at="now", organisation_id=own, audience=[own],
        )  # fmt: skip
        self.put(
            "partners_workitem", id=uuid4(), organisation_id=own, kind="x", key=secret, title=secret, detail="",
            page="", raised_at="now", state="open", outcome="",
        )  # fmt: skip
        self.put("partners_chore", id=uuid4(), organisation_id=own, name="x", due_at="now", claimed_by="")
        self.reached(slug, own, secret)

    def reached(self, slug: str, own: UUID, secret: str) -> None:
        """Who is on duty, a private number, and tests: one that has begun and one whose minute is still a secret."""
        person = self.ids[f"{slug}/person"]
        point = self.put(
            "partners_contactpoint", id=uuid4(), organisation_id=own, person_id=person, kind="phone", label=secret,
            address="ends 67", trust="trusted", trust_because="", order=9, is_active=True, is_private=True,
        )  # fmt: skip
        self.put("partners_privatenumber", contact_point_id=point, organisation_id=own, sealed=secret.encode())
        contractor = self.put(
            "partners_contractor", id=uuid4(), organisation_id=own, name=secret, number="+441632960000", hours="",
            script=secret,
        )  # fmt: skip
        for whose in ({"person_id": person}, {"contractor_id": contractor}):
            self.put(
                "partners_dutyshift", id=uuid4(), organisation_id=own, weekday=1, starts="08:00", ends="17:00", order=1,
                **whose,
            )  # fmt: skip
            self.put(
                "partners_dutyoverride", id=uuid4(), organisation_id=own, starts_at="now", ends_at="tomorrow",
                note=secret, made_at="now", **whose,
            )  # fmt: skip
        self.put(
            "partners_toldalongside", id=uuid4(), organisation_id=own, role="communications", person_id=person,
            severity=2,
        )  # fmt: skip
        self.put("partners_offlinepack", organisation_id=own, built_at="now", checked_at="now", digest=b"", page=secret)
        delivery = self.one(
            "SELECT id FROM notifications_delivery WHERE organisation_id = %s AND incident_id IS NULL", own
        )
        self.put(
            "notifications_receipt", id=uuid4(), delivery_id=delivery, provider_ref=secret, status="delivered", at="now"
        )
        for state, month in (("planned", "2026-01-01"), ("done", None)):
            test = self.put(
                "notifications_contacttest", id=uuid4(), organisation_id=own, month=month, due_at="now", state=state,
                because="",
            )  # fmt: skip
            self.put(
                "notifications_contacttestask", id=uuid4(), test_id=test, organisation_id=own, contact_point_id=point,
                person_id=person, delivery_id=delivery, digest=uuid4().bytes, asked_at="now",
            )  # fmt: skip
        self.asked(own, secret, person)

    def asked(self, own: UUID, secret: str, person: UUID) -> None:
        """A card, and when its fact was looked at."""
        asked = {"organisation_id": own, "kind": "contact", "object_id": uuid4(), "fact": Jsonb({"label": secret})}
        self.put("partners_factreview", id=uuid4(), reviewed_on="today", reviewed_by_id=person, **asked)
        self.put("partners_reviewcard", id=uuid4(), person_id=person, month="2026-11-01", place=1, dealt_at="now",
                 state="open", words=secret, work_raised=False, **asked)  # fmt: skip

    def files(self) -> None:
        """A file of each organisation with a row of it, and rows of its own that hang on a file of the next one."""
        files = {slug: uuid4() for slug in ORGANISATIONS}
        for slug, file in files.items():
            own, secret = self.ids[slug], secret_of(slug)
            self.put(
                "partners_import", id=file, organisation_id=own, kind="systems", state="checked", file_name=secret,
                read_as="CSV", headers=[secret], mapping=Jsonb({}), row_count=1, checked_count=1, counts=Jsonb({}),
                uploaded_at="now", written_count=0,
            )  # fmt: skip
            self.put("partners_importmapping", id=uuid4(), organisation_id=own, kind="systems", digest=secret,
                     columns=Jsonb({"name": secret}), used_at="now")  # fmt: skip
        for nth, (slug, file) in enumerate(files.items()):
            own, secret = self.ids[slug], secret_of(slug)
            foreign = files[ORGANISATIONS[(nth + 1) % len(ORGANISATIONS)]]
            for number, of in enumerate((file, foreign), start=1):
                self.put(
                    "partners_importrow", organisation_id=own, file_id=of, number=number, cells=Jsonb([secret]),
                    trouble="", fate="added", key=secret, changes=Jsonb({}), troubles=Jsonb([]), values=Jsonb({}),
                )  # fmt: skip
            # Some jobs stand under another's name: a foreign key alone would allow it.
            queued = foreign if nth % 2 else file
            if nth not in {1, 5}:
                self.owner.execute(
                    "INSERT INTO partners_importjob (file_id, organisation_id, attempts, claimed_by)"
                    " VALUES (%s, %s, 0, '') ON CONFLICT DO NOTHING",
                    [queued, own],
                )

    def assured(self, slug: str) -> None:
        """An assessment of its own that the next one reads, findings in it by both, a contract, files.

        What two of them share is nobody's secret of home.
        """
        own, secret = self.ids[slug], f"shared by {slug} with one other"
        reader = self.ids[ORGANISATIONS[(ORGANISATIONS.index(slug) + 1) % len(ORGANISATIONS)]]
        provider = self.ids["coldharbour" if slug in {"northgate", "dunmere"} else "northgate"]
        assessment = self.put("partners_assessment", id=uuid4(), provider_id=provider, organisation_id=own,
                              kind="architecture", title=secret, scope="s", assessor="", summary="",
                              written_at="now")  # fmt: skip
        self.put("partners_assessmentshare", id=uuid4(), assessment_id=assessment, organisation_id=reader,
                 shared_by_organisation_id=own, shared_at="now")  # fmt: skip
        for whose in (own, reader):
            finding = self.put("partners_finding", id=uuid4(), provider_id=provider, organisation_id=whose,
                               assessment_id=assessment, title=secret, detail="", severity="high", due_on="tomorrow",
                               state="open", raised_at="now", retested_by="")  # fmt: skip
            self.put("partners_findingmove", id=uuid4(), finding_id=finding, what="planned", text=secret,
                     vouched_by="", pressed_by=uuid4(), organisation_id=provider, at="now")  # fmt: skip
        self.put("partners_contract", id=uuid4(), organisation_id=own, provider_id=reader, version=1,
                 responsibilities=Jsonb({}), liability=secret, insurer="", exit_terms="", written_at="now")  # fmt: skip
        for purpose in ("assessment", "task"):
            self.put("files_storedfile", id=uuid4(), organisation_id=own, purpose=purpose, owner_id=assessment,
                     storage_name=uuid4().hex, name=secret, size=1, sha256=b"", content_type="text/plain",
                     state="kept", uploaded_at="now")  # fmt: skip
        self.put("files_usage", organisation_id=own, bytes=2)

    def put(self, table: str, **values: Any) -> UUID:
        """Insert one row; it gets an id unless it brings its own key."""
        statement = SQL("INSERT INTO {} ({}) VALUES ({})").format(
            Identifier(table),
            SQL(", ").join(map(Identifier, values)),
            SQL(", ").join(map(Placeholder, values)),
        )
        self.owner.execute(statement, values)
        return values.get("id") or self.owner.execute("SELECT gen_random_uuid()").fetchone()[0]

    def one(self, sql: str, *parameters: Any) -> Any:
        row = self.owner.execute(sql, parameters).fetchone()
        assert row is not None, sql
        return row[0]

    def tickets(self) -> None:
        """A valid one each, and one of every kind that must open nothing."""
        mint = "INSERT INTO sec.grant_token (token_hash, org_id, kind, expires_at, revoked_at) VALUES (sha256(%s), %s, "
        for slug in ORGANISATIONS:
            self.owner.execute(mint + "'session', now() + '1 day', NULL)", [ticket(slug).encode(), self.ids[slug]])
        administers(self.owner)
        narrow = mint.replace("revoked_at)", "revoked_at, reach)")
        for slug in ORGANISATIONS:
            self.owner.execute(
                narrow + "'session', now() + '1 day', NULL, 'own_tasks')", [own_tasks(slug).encode(), self.ids[slug]]
            )
        ashbourne = self.ids["ashbourne"]
        self.owner.execute(narrow + "'session', now() + '1 day', NULL, 'display')", [b"display", ashbourne])
        self.owner.execute(mint + "'session', now() - interval '1 second', NULL)", [b"expired", ashbourne])
        self.owner.execute(mint + "'session', now() + '1 day', now())", [b"revoked", ashbourne])
        self.owner.execute(mint + "'session', now() + '1 day', NULL)", [b"isolated", self.ids["eastwick"]])
        self.owner.execute("UPDATE sec.org_state SET isolated_at = now() WHERE org_id = %s", [self.ids["eastwick"]])

    def at_home(self, slug: str) -> None:
        """What belongs to one organisation, whatever happens: names of people, keys, sessions, replays, events."""
        org, secret = self.ids[slug], secret_of(slug)
        person = self.one("SELECT id FROM partners_person WHERE organisation_id = %s ORDER BY name LIMIT 1", org)
        self.ids[f"{slug}/person"] = person
        self.owner.execute(
            "UPDATE partners_person SET name = name || ' ' || %s WHERE organisation_id = %s", [secret, org]
        )
        self.owner.execute(
            "UPDATE partners_contactpoint SET label = %s, address = %s || id WHERE organisation_id = %s",
            [secret, secret, org],
        )
        self.owner.execute("UPDATE partners_dutydesk SET name = %s WHERE organisation_id = %s", [secret, org])
        key = self.put(
            "partners_apikey", id=uuid4(), organisation_id=org, label=secret, scopes=["read"], created_at="now",
            expires_at="tomorrow",
        )  # fmt: skip
        self.put("partners_apikeysecret", key_id=key, digest=secret.encode())
        self.put("partners_credential", person_id=person, password=secret)
        # The demonstration's own private numbers, and the key that they are sealed under.
        self.owner.execute("DELETE FROM partners_privatenumber WHERE organisation_id = %s", [org])
        self.owner.execute("DELETE FROM vault_datakey WHERE organisation_id = %s", [org])
        self.put("vault_datakey", id=uuid4(), organisation_id=org, version=1, wrapped=bytes(60), master_key_id=secret,
                 created_at="now")  # fmt: skip
        self.put("partners_signinlink", id=uuid4(), person_id=person, purpose="enrolment", digest=secret.encode(),
                 expires_at="tomorrow")  # fmt: skip
        self.put("django_session", session_key=f"session-{slug}", session_data=secret, expire_date="tomorrow")
        self.signing_in(org, person, secret)
        self.two_persons(slug, org, person, secret)
        self.put(
            "api_replay", id=uuid4(), organisation_id=org, method="POST", path="/", key=slug, body_digest=b"",
            status=201, body=secret.encode(), content_type="application/json", location="", created_at="now",
        )  # fmt: skip
        changed = self.event("contact.changed", slug, audience=[slug], data={"told": secret})
        self.delivery("", slug, "pending", point_of=slug, event=changed)  # a notice of its own
        self.put("auth_group", name=f"planted {slug}")
        self.put("monitoring_alertrule", id=uuid4(), organisation_id=org, name=secret, source="s", position=1,
                 conditions=Jsonb([]), mapping=Jsonb({}), action="queue", dedupe="", window_minutes=1,
                 is_active=True)  # fmt: skip

    def signing_in(self, org: UUID, person: UUID, secret: str) -> None:
        """Of two people: what one person signs in with is not what another one does."""
        other = self.one(
            "SELECT id FROM partners_person WHERE organisation_id = %s AND id <> %s AND NOT break_glass"
            " ORDER BY name LIMIT 1",
            org,
            person,
        )
        for who in (person, other):
            self.put("partners_authenticator", id=uuid4(), organisation_id=org, person_id=who, kind="passkey",
                     label=secret, created_at="now", credential_id=uuid4().bytes, public_key=secret.encode(),
                     rides_on_words="", sign_count=0, backed_up=False, last_step=0)  # fmt: skip
            self.put("partners_recoverycode", id=uuid4(), person_id=who, digest=uuid4().bytes, created_at="now")
            self.put("partners_personsession", id=uuid4(), organisation_id=org, person_id=who, born="passkey",
                     started_at="now", last_seen_at="now", ends_at="tomorrow", browser=secret,
                     ended_because="")  # fmt: skip
        self.put("partners_signinpolicy", organisation_id=org, idle_minutes=60, absolute_hours=12, allow_password=True)
        self.put("partners_identityprovider", organisation_id=org, issuer=f"https://{org}.example", client_id=secret,
                 client_secret=secret.encode(), metadata=Jsonb({}), keys=Jsonb({}), trouble="",
                 is_active=True)  # fmt: skip
        self.put("partners_federatedidentity", id=uuid4(), organisation_id=org, person_id=person, issuer="i",
                 subject=secret, linked_at="now")  # fmt: skip
        self.put("partners_oidcflow", id=uuid4(), organisation_id=org, state=uuid4().bytes, browser=b"", nonce=secret,
                 verifier=secret, goes_to="", expires_at="tomorrow")  # fmt: skip
        self.put("partners_attempts", key=uuid4().bytes, count=1, window_ends_at="tomorrow")

    def two_persons(self, slug: str, org: UUID, person: UUID, secret: str) -> None:
        """Each organisation asks the next one of the list, and is asked by the one before."""
        nth = ORGANISATIONS.index(slug)
        second = self.ids[ORGANISATIONS[(nth + 1) % len(ORGANISATIONS)]]
        about = self.ids[ORGANISATIONS[(nth + 2) % len(ORGANISATIONS)]]
        told = [org, second]
        by = {"requested_by": person, "requested_by_name": secret, "requesting_organisation_id": org}
        approval = self.put(
            "partners_approval", id=uuid4(), kind="isolate", about_id=about, incident_reference="", payload=Jsonb({}),
            payload_hash=b"", effects=["It cuts."], reason=secret, two_organisations=True, audience=told,
            state="waiting", requested_with=uuid4(), requested_session=uuid4(), requested_at="now",
            expires_at="tomorrow", decided_by_name="", decided_because="", **by,
        )  # fmt: skip
        self.put("partners_callback", id=uuid4(), about_id=about, purpose="appeal", number="1", outcome="reached",
                 spoke_with=secret, note="", called_by=person, called_by_name=secret, calling_organisation_id=org,
                 called_at="now", audience=told)  # fmt: skip
        self.put("partners_isolation", id=uuid4(), organisation_id=about, step=1, incident_reference="", reason=secret,
                 pressed_by=person, pressed_by_name=secret, pressing_organisation_id=org, approval_id=approval,
                 started_at="now", lifted_by_name="", audience=told)  # fmt: skip

    def event(self, kind: str, slug: str, *, audience: list[str], incident: str = "", data: Any = None) -> UUID:
        return self.put(
            "ledger_event", id=uuid4(), kind=kind, at="now", actor_organisation_id=self.ids[slug], actor_kind="person",
            actor_person_id=self.ids[f"{slug}/person"], incident_id=self.ids.get(incident), incident_reference=incident,
            audience=[self.ids[each] for each in audience], data=Jsonb(data or {}),
        )  # fmt: skip

    def playbook(self) -> None:
        """Ashbourne's own, next to the demonstration's, which is Northgate's."""
        self.ids["playbook"] = self.put(
            "incidents_playbook", id=uuid4(), slug="own", name="Own", description="", cacao_id="playbook--own",
            version="1", created_by_organisation_id=self.ids["ashbourne"], imported_at="now", document=Jsonb({}),
            digest=b"", warnings=Jsonb([]), blockers=Jsonb([]),
        )  # fmt: skip
        texts = dict.fromkeys(("do_this", "why", "who", "stops", "worked", "undo", "cannot"), "")
        for position in (1, 2, 3):
            self.ids[f"step/{position}"] = self.put(
                "incidents_step", id=uuid4(), playbook_id=self.ids["playbook"], cacao_step_id=f"action--{position}",
                position=position, title=f"Step {position}", audience="all", acknowledge_minutes=15, finish_minutes=60,
                containing=position == 1, confirmed_by_council=False, join="all", d3fend=Jsonb([]),
                instructions=Jsonb([]), after=[], **texts,
            )  # fmt: skip

    def incident(self, reference: str, roles: dict[str, str]) -> None:
        lead = next(slug for slug, role in roles.items() if role == "lead")
        deputy = next((slug for slug, role in roles.items() if role == "deputy_lead"), "")
        me = self.ids[lead]
        incident = self.ids[reference] = self.put(
            "incidents_incident", id=uuid4(), reference=reference, title=f"Title of {reference}", summary="",
            status="open", tlp="amber", exercise=False, lead_id=me, deputy_lead_id=self.ids.get(deputy),
            participants=[me], overseers=[me], playbook_id=self.ids["playbook"], opened_at="now", outcome="",
            meeting_point="", techniques=[], accounts=[], tell_people=[], lead_phone="",
        )  # fmt: skip
        if reference == "INC-ALONE":
            return
        system = self.one(  # one that is the lead's to name
            "SELECT s.id FROM partners_sharedsystem s WHERE s.provider_id = %s OR EXISTS (SELECT 1"
            " FROM partners_participation p WHERE p.system_id = s.id AND p.organisation_id = %s)"
            " ORDER BY s.slug LIMIT 1",
            me,
            me,
        )
        self.put("incidents_incidentsystem", id=uuid4(), incident_id=incident, system_id=system, slug="s", name="S",
                 named=True)  # fmt: skip
        self.put("incidents_radius", incident_id=incident, computed_at="now", document=Jsonb({"paths": reference}))
        self.put("incidents_run", incident_id=incident, lead_id=me, claimed_by="")
        self.radius_moves(incident, lead, list(roles))
        for slug, role in roles.items():
            self.side(reference, slug, role)
        self.put("incidents_update", id=uuid4(), incident_id=incident, author_organisation_id=me, author_name="A",
                 text="To all of you", at="now")  # fmt: skip
        others = [slug for slug in roles if slug != lead]
        self.put("incidents_update", id=uuid4(), incident_id=incident, author_organisation_id=self.ids[others[0]],
                 author_name="A", text="Not the lead's", at="now")  # fmt: skip
        for asked in {others[0], "dunmere" if "dunmere" in roles else others[-1]}:
            self.put("incidents_handover", id=uuid4(), incident_id=incident, from_organisation_id=me,
                     to_organisation_id=self.ids[asked], kind="voluntary", reason=secret_of(lead), offered_at="now",
                     expires_at="tomorrow", declined_because="")  # fmt: skip
        everybody = list(roles)
        self.event("incident.opened", lead, audience=everybody, incident=reference)
        self.event("incident.widened", others[0], audience=everybody, incident=reference)
        self.event("task.started", others[0], audience=[others[0], lead], incident=reference)
        outsider = next(slug for slug in ORGANISATIONS if slug not in roles)
        self.event("estate.read", lead, audience=[lead, outsider])
        self.event("task.blocked", others[0], audience=[others[0], outsider], incident=reference)

    def planned(self, reference: str, by: str, reached: list[str]) -> None:
        """Work that `by` has announced, and what those whom it reaches said of it."""
        work = self.put("incidents_plannedwork", id=uuid4(), reference=reference, once=uuid4(),
                        announced_by_id=self.ids[by], title=secret_of(by), stops=secret_of(by), fallback="", ask="x",
                        status="announced", starts_at="tomorrow", ends_at="infinity", window=1, confirm_by="tomorrow",
                        announced_at="now")  # fmt: skip
        system = self.one(
            "SELECT id FROM partners_sharedsystem WHERE slug = 'identity-platform' AND %s IS NOT NULL", work
        )
        self.put("incidents_plannedsystem", id=uuid4(), work_id=work, system_id=system, slug="s", name=secret_of(by))
        self.put("incidents_plannedchange", id=uuid4(), work_id=work, at="now", what="announced", words=secret_of(by),
                 starts_at="tomorrow", ends_at="infinity")  # fmt: skip
        for slug in reached:
            self.put("incidents_plannedside", id=uuid4(), work_id=work, announcer_id=self.ids[by],
                     organisation_id=self.ids[slug], slug=slug, name=slug, because="it is so", answer="objects",
                     reason=secret_of(slug), answered_at="now", answered_window=1)  # fmt: skip

    def radius_moves(self, incident: UUID, lead: str, roles: list[str]) -> None:
        """A later radius, a reason to walk, and what each side says of itself and of a link."""
        dependency, system = self.owner.execute(
            "SELECT d.id, d.source_id FROM partners_dependency d JOIN partners_sharedsystem s ON s.id = d.source_id"
            " WHERE s.slug = 'identity-platform' ORDER BY d.id LIMIT 1"
        ).fetchone()
        self.put("incidents_radiusversion", id=uuid4(), incident_id=incident, number=1, at="now", causes=Jsonb([]),
                 document=Jsonb({"paths": secret_of(lead)}), contain_first=Jsonb([]), changed=Jsonb({}))  # fmt: skip
        self.put("incidents_rewalk", id=uuid4(), incident_id=incident, what="asked", organisation_id=self.ids[lead],
                 at="now")  # fmt: skip
        for slug in roles:
            said_by, secret = self.ids[slug], secret_of(slug)
            self.put("incidents_linkclaim", id=uuid4(), incident_id=incident, state="proposed", said_by_id=said_by,
                     said_at="now", from_system_id=system, from_name="S", to_name=slug, words=secret,
                     decision="")  # fmt: skip
            self.put("incidents_clearing", id=uuid4(), incident_id=incident, organisation_id=said_by, why=secret,
                     stated_by="N", stated_at="now", was="direct", withdrawn_why="")  # fmt: skip
            self.put("incidents_linkdispute", id=uuid4(), dependency_id=dependency, source_name="S", target_name="T",
                     said_by_id=said_by, said_at="now", words=secret, outcome="stands", answer=secret,
                     answered_at="now")  # fmt: skip

    def side(self, reference: str, slug: str, role: str) -> None:
        incident, org, secret = self.ids[reference], self.ids[slug], secret_of(slug)
        self.put(
            "incidents_participant", id=uuid4(), incident_id=incident, organisation_id=org, slug=slug, name=slug,
            kind="council", role=role, is_provider=role == "provider", exposure="direct", because="it is so",
            other_paths=Jsonb([]), joined_at="now", duty_name="", duty_phone="", tasks_total=0, tasks_open=0,
            tasks_waiting=0, tasks_settled=0, tasks_blocked=0, containing_open=0, told_by="", people_told=0,
            people_seen=0, not_told_because="",
        )  # fmt: skip
        self.put("incidents_guestgrant", id=uuid4(), incident_id=incident, organisation_id=org,
                 person_id=self.one("SELECT id FROM partners_person WHERE organisation_id = %s LIMIT 1", org),
                 tasks=True, updates=True, duties=True,
                 made_by=uuid4(), made_at="now", ends_at="tomorrow")  # fmt: skip
        self.put("incidents_walldisplay", id=uuid4(), incident_id=incident, organisation_id=org, label=secret,
                 made_by=uuid4(), made_at="now", expires_at="tomorrow", code_expires_at="now")  # fmt: skip
        if role == "observer":
            return
        for position, status in ((1, "waiting"), (2, "acknowledged"), (3, "done")):
            step = self.ids[f"step/{position}"]
            task = self.ids[f"{reference}/{slug}/task/{position}"] = self.put(
                "incidents_task", id=uuid4(), incident_id=incident, organisation_id=org, step_id=step,
                position=position, title=f"Step {position}", containing=False, status=status, ready=True, reason="",
                version=1, changed_at="now", previous_status="", previous_reason="",
            )  # fmt: skip
            self.put("incidents_tasknote", id=uuid4(), task_id=task, organisation_id=org, text=secret,
                     answers=Jsonb({}), at="now")  # fmt: skip
            self.put("incidents_ownreference", id=uuid4(), incident_id=incident, organisation_id=org, task_id=task,
                     text=secret)  # fmt: skip
        self.put("incidents_ownreference", id=uuid4(), incident_id=incident, organisation_id=org, text=secret)
        self.put(
            "incidents_duty", id=uuid4(), incident_id=incident, organisation_id=org, kind="ico_72h", hours=72,
            aware_at=None if slug in {"dunmere", "ashbourne"} else "now",
            decision="" if slug in {"dunmere", "ashbourne"} else secret,
        )  # fmt: skip
        rule = self.one("SELECT id FROM monitoring_alertrule WHERE organisation_id = %s LIMIT 1", org)
        stranger = self.one("SELECT id FROM monitoring_alertrule WHERE organisation_id <> %s ORDER BY id LIMIT 1", org)
        for its_rule, its_incident in (
            (rule, incident),
            (stranger, incident),
            (rule, None),
            (rule, self.ids["INC-LED"]),
        ):
            self.put("monitoring_alert", id=uuid4(), organisation_id=org, rule_id=its_rule, incident_id=its_incident,
                     source="s", title=secret, reference="", body=Jsonb({}), fingerprint=b"", received_at="now",
                     outcome="joined" if its_incident else "queued", reason="")  # fmt: skip
        assigned = self.event(
            "tasks.assigned", slug, audience=[slug], incident=reference, data={"organisation": slug, "told": secret}
        )
        for state, of in (("pending", slug), ("claimed", slug), ("pending", "fernleigh")):
            self.delivery(reference, slug, state, point_of=of, event=assigned)

    def delivery(self, reference: str, slug: str, state: str, *, point_of: str, event: UUID) -> None:
        """The last of a side's three goes to somebody else's contact point, which no code of ours would write."""
        point, person = self.owner.execute(
            "SELECT id, person_id FROM partners_contactpoint WHERE organisation_id = %s ORDER BY id LIMIT 1",
            [self.ids[point_of]],
        ).fetchone()
        pk = self.put(
            "notifications_delivery", id=uuid4(), incident_id=self.ids.get(reference), incident_reference=reference,
            exercise=False, organisation_id=self.ids[slug], event_id=event, way="email", message="opened",
            code=secret_of(slug), state=state, claimed_by="gate" if state == "claimed" else "",
            contact_point_id=point, person_id=person, idempotency_key=f"{reference}{slug}{next(self.number)}".encode(),
        )  # fmt: skip
        self.ids[f"{reference}/{slug}/delivery/{state}"] = pk
