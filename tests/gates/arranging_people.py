"""Rows of people: tickets, what each organisation keeps at home, sign-in, two persons."""

from __future__ import annotations

from uuid import UUID, uuid4

from psycopg import Connection
from psycopg.types.json import Jsonb

from tests.gates.arranged_names import ORGANISATIONS, own_tasks, secret_of, ticket
from tests.gates.arranging import Writer


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


class People(Writer):
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
        boss = self.one(
            "SELECT id FROM partners_person WHERE organisation_id = %s AND role = 'administrator'"
            " ORDER BY name LIMIT 1",
            org,
        )
        for who in (person, other, boss):
            self.put("incidents_savedview", id=uuid4(), organisation_id=org, person_id=who, kind="", state="open",
                     name=f"{secret} {uuid4().hex[:8]}", made_at="now")  # fmt: skip
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
        mark: dict[str, object] = {
            "reason": secret, "suspected_from": "now", "marked_by": person, "marked_by_name": secret,
            "marked_by_organisation_id": org, "marked_at": "now", "until": "tomorrow", "lifted_by_name": "",
            "incident_reference": "",
        }  # fmt: skip
        for everybody, audience in ((True, told), (False, [org])):
            made = self.put("partners_maildistrust", id=uuid4(), domain=f"{about}.example", organisation_id=about,
                            for_all=everybody, audience=audience, **mark)  # fmt: skip
            self.put("partners_mailnotice", id=uuid4(), mark_id=made, organisation_id=org, text=secret, people=1,
                     issued_by=person, issued_by_name=secret, issued_at="now")  # fmt: skip
