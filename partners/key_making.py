"""Making and revoking API keys: an administrator's to do, never a key's. Runs inside; secrets are made at the door."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.utils.translation import gettext as _

from partners.administering import NotThis
from partners.keys import end_key, make_key
from partners.models import ApiKey, Organisation, Person
from portal import clock
from portal.ledger.record import Actor, record
from portal.tenancy.scope import at_the_door

AT_ONCE = 2  # the old one and its successor, while a machine is moved from one to the other


def keys_in_force() -> list[ApiKey]:
    """Of the organisation of the open scope; one query."""
    now = clock.now()
    return list(ApiKey.objects.filter(revoked_at=None, expires_at__gt=now).select_related("service_account"))


def offer_key(
    *, label: str, scopes: Iterable[str], lifetime: timedelta, service_account: Person | None, actor: Actor
) -> tuple[ApiKey, str]:
    """Make a key for the own organisation; its full text can be read only now.

    Raises:
        NotThis: two of this name (or of this service account) are in force already.
    """
    rivals = [
        key
        for key in keys_in_force()
        if (
            key.service_account_id == service_account.pk
            if service_account
            else key.label.casefold() == label.casefold()
        )
    ]
    if len(rivals) >= AT_ONCE:
        raise NotThis(_("Two keys for this are in force. Revoke one of them first."))
    organisation = Organisation.objects.get(pk=actor.organisation_id)
    wanted = sorted(set(scopes))
    record("key.made", actor=actor, audience=[organisation.pk], scopes=wanted, days=lifetime.days)
    with at_the_door():
        return make_key(organisation, label=label, scopes=wanted, lifetime=lifetime, service_account=service_account)


def revoke_key(key: ApiKey, *, actor: Actor) -> None:
    """End a key of the own organisation: its next call is refused."""
    record("key.revoked", actor=actor, audience=[actor.organisation_id], subject_id=key.pk)
    with at_the_door():
        end_key(key)
