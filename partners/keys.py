"""API keys: `bh_<id>_<secret>`. The id finds the row, the secret is compared by hash; a key names no organisation."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from django.db import connections

from partners.models import ApiKey, ApiKeySecret, Organisation, Person
from partners.sessions import StepsInForce
from portal import clock
from portal.tenancy.door import KeyRefused, Visitor, mint, ticket_of

SCOPES = frozenset(
    {"suspect", "open", "answer", "orders", "read", "playbooks", "access-events", "estate", "contacts", "audit"}
)
LONGEST = timedelta(days=365)
LAST_USED_GRAIN = timedelta(minutes=1)


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
    found = (
        ApiKeySecret.objects.select_related("key__organisation")
        .annotate(steps=StepsInForce("key__organisation_id"))
        .filter(pk=key_id)
        .first()
    )
    now = clock.now()
    offered = ApiKeySecret.digest_of(parts[2])
    if found is None or not hmac.compare_digest(bytes(found.digest), offered):
        raise KeyRefused
    key = found.key
    if key.revoked_at is not None or key.expires_at <= now:
        raise KeyRefused
    if key.last_used_at is None or now - key.last_used_at > LAST_USED_GRAIN:
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
    return Visitor(
        organisation_id=key.organisation_id,
        organisation_slug=key.organisation.slug,
        organisation_name=key.organisation.name,
        kind="key",
        ticket=ticket_of(parts[2]),
        key_id=key.pk,
        name=key.label,
        scopes=frozenset(key.scopes),
        reach="own_tasks" if 3 in (found.steps or ()) else "all",
        steps=frozenset(found.steps or ()),
    )
