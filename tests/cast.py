"""The cast: who is who in the demonstration partnership, and the tickets and keys they hold in tests."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import psycopg

from portal.tenancy.door import Visitor, ticket_of

EVERY_SCOPE = [
    "suspect", "open", "answer", "orders", "read", "playbooks", "access-events", "estate", "contacts", "audit",
]  # fmt: skip


@dataclass(frozen=True)
class Member:
    """One organisation of the cast; `people` are (id, name, role)."""

    id: UUID
    slug: str
    name: str
    people: list[tuple[UUID, str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Cast:
    """Ashbourne leads, Brackenfield takes part, Northgate provides, Gravenhurst is the stranger."""

    members: dict[str, Member]

    def __getitem__(self, slug: str) -> Member:
        return self.members[slug]

    def id(self, slug: str) -> UUID:
        return self.members[slug].id

    def visitor(self, slug: str, role: str = "incident_manager", *, fresh: bool = False) -> Visitor:
        """A signed-in person of that role, or any person of the organisation who has it in their stead.

        `fresh` is a session of theirs in which a passkey was used just now; it stays so.
        """
        member = self.members[slug]
        person_id, name, its_role = next((each for each in member.people if each[2] == role), member.people[0])
        return Visitor(
            organisation_id=member.id,
            organisation_slug=slug,
            organisation_name=member.name,
            kind="person",
            ticket=f"{'fresh' if fresh else 'test'}-ticket-{person_id}",
            person_id=person_id,
            name=name,
            role=its_role if fresh else role,
            session_id=person_id if fresh else None,
            scopes=frozenset([*EVERY_SCOPE, "mail", "data", "duties", "decisions"]),  # no key has the last four
        )

    def make_key(self, owner_url: str, slug: str, scopes: list[str] | None = None, *, expired: bool = False) -> str:
        """A committed key, so that both aliases of the application see it; returns its text."""
        key_id, secret = uuid4(), secrets.token_hex(32)
        when = "now() - interval '1 day'" if expired else "now() + interval '1 day'"
        with psycopg.connect(owner_url) as connection:
            connection.execute(
                "INSERT INTO partners_apikey (id, organisation_id, label, scopes, created_at, expires_at)"
                f" VALUES (%s, %s, 'test', %s, now() - interval '2 days', {when})",
                [key_id, self.members[slug].id, EVERY_SCOPE if scopes is None else scopes],
            )
            digest = hashlib.sha256(secret.encode()).digest()
            connection.execute("INSERT INTO partners_apikeysecret (key_id, digest) VALUES (%s, %s)", [key_id, digest])
            connection.execute(
                "SELECT sec.mint(%s, %s, 'key', NULL, %s, interval '1 day')",
                [ticket_of(secret), self.members[slug].id, key_id],
            )
        return f"bh_{key_id.hex}_{secret}"


def read_cast(owner_url: str) -> Cast:
    with psycopg.connect(owner_url) as connection:
        members = {
            slug: Member(pk, slug, name)
            for pk, slug, name in connection.execute("SELECT id, slug, name FROM partners_organisation").fetchall()
        }
        rows = connection.execute(
            "SELECT o.slug, p.id, p.name, p.role FROM partners_person p"
            " JOIN partners_organisation o ON o.id = p.organisation_id ORDER BY p.name"
        ).fetchall()
    for slug, pk, name, role in rows:
        members[slug].people.append((pk, name, role))
    return Cast(members)
