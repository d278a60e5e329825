"""API keys: `bh_<id>_<secret>`. The id finds the row, the secret is compared by hash; a key names no organisation."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from django.db import connections

from partners.models import ApiKey, ApiKeySecret, Organisation, Person
from portal import clock
from portal.postgres.prepared import prepared_cursor
from portal.tenancy.door import KeyRefused, Visitor, mint, ticket_of

SCOPES = frozenset(
    {"suspect", "open", "answer", "orders", "read", "playbooks", "access-events", "estate", "contacts", "audit"}
)
LONGEST = timedelta(days=365)
LAST_USED_GRAIN = timedelta(minutes=1)
# Asked by each request of a tool: written out, because to compose it took as long as to ask it.
BY_ID = """
SELECT s.digest, k.organisation_id, o.slug, o.name, k.label, k.scopes, k.expires_at, k.revoked_at, k.last_used_at,
       sec.steps_in_force(k.organisation_id)
  FROM partners_apikeysecret s
  JOIN partners_apikey k ON k.id = s.key_id
  JOIN partners_organisation o ON o.id = k.organisation_id
 WHERE s.key_id = %s
"""


def make_key(
    organisation: Organisation,
    *,
    label: str,
    scopes: Iterable[str],
    lifetime: timedelta = LONGEST,
    service_account: Person | None = None,
) -> tuple[ApiKey, str]:
    """Make a key and return it with its full text, which is shown once. Needs the open door (or the owner).

    Who may make one is asked before, inside: see `partners.key_making`.

    Raises:
        ValueError: an unknown scope, or a lifetime of more than a year.
    """
    wanted = sorted(set(scopes))
    if not wanted or not SCOPES.issuperset(wanted):
        raise ValueError(f"unknown scopes: {sorted(set(wanted) - SCOPES)}" if wanted else "a key needs a scope")
    if not timedelta(0) < lifetime <= LONGEST:
        raise ValueError("a key lives at most 365 days")
    now = clock.now()
    key = ApiKey.objects.create(
        organisation=organisation,
        label=label,
        scopes=wanted,
        created_at=now,
        expires_at=now + lifetime,
        service_account=service_account,
    )
    secret = secrets.token_hex(32)
    ApiKeySecret.objects.create(key=key, digest=ApiKeySecret.digest_of(secret))
    mint(
        secret,
        organisation_id=organisation.pk,
        kind="key",
        key_id=key.pk,
        lifetime_seconds=int(lifetime.total_seconds()),
    )
    return key, f"bh_{key.pk.hex}_{secret}"


def end_key(key: ApiKey) -> None:
    """End it now, its tickets too. Needs the open door; safe to repeat."""
    ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=clock.now())
    with connections["auth"].cursor() as cursor:
        cursor.execute("SELECT sec.revoke_key(%s)", [key.pk])


def visitor_of_key(text: str) -> Visitor:
    """The visitor behind a Bearer key. Needs the open door.

    Raises:
        KeyRefused: malformed, unknown, expired or revoked; the caller never learns which.
    """
    parts = text.split("_")
    if len(parts) != 3 or parts[0] != "bh" or not text.isascii():
        raise KeyRefused
    try:
        key_id = UUID(hex=parts[1])
    except ValueError:
        raise KeyRefused from None
    with prepared_cursor("auth") as cursor:
        cursor.execute(BY_ID, [key_id])
        found = cursor.fetchone()
    offered = ApiKeySecret.digest_of(parts[2])
    if found is None or not hmac.compare_digest(bytes(found[0]), offered):
        raise KeyRefused
    _, organisation, slug, name, label, scopes, expires_at, revoked_at, last_used_at, in_force = found
    now = clock.now()
    if revoked_at is not None or expires_at <= now:
        raise KeyRefused
    if last_used_at is None or now - last_used_at > LAST_USED_GRAIN:
        ApiKey.objects.filter(pk=key_id).update(last_used_at=now)
    steps = frozenset(in_force or ())
    return Visitor(
        organisation_id=organisation,
        organisation_slug=slug,
        organisation_name=name,
        kind="key",
        ticket=ticket_of(parts[2]),
        key_id=key_id,
        name=label,
        scopes=frozenset(scopes),
        reach="own_tasks" if 3 in steps else "all",
        steps=steps,
    )
