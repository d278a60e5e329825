"""Signing in and connecting through an organisation's own provider: the flows that are under way, and who is who.

Issuer and subject find a person, and only within the organisation whose provider it is; an address finds nobody, and
nobody is made or joined by what a provider says. Everything here needs the open door.
"""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from partners.door_record import record_at_door
from partners.models import FederatedIdentity, IdentityProvider, OidcFlow, Person
from partners.oidc.completing import complete
from partners.oidc.flow import LIFETIME, Departure, Flow, begin, digest_of
from partners.oidc.network import through_egress
from partners.oidc.tokens import Identity
from partners.providers import client_secret_of, keep_ring, metadata_of, ring_of
from portal import clock


class SomebodyElses(Exception):
    """The identity at the provider is connected to another person already."""


def redirect_uri_of(slug: str) -> str:
    """One address for each organisation, so that an answer cannot be taken for another provider's."""
    return f"{settings.PORTAL_URL}/oidc/{slug}/callback"


def begin_flow(
    provider: IdentityProvider, *, browser: str, person: Person | None = None, goes_to: str = ""
) -> Departure:
    """Remember a browser that leaves for the provider; with `person` to connect it to them, else to sign in."""
    departure = begin(
        metadata_of(provider),
        client_id=provider.client_id,
        redirect_uri=redirect_uri_of(provider.organisation.slug),
        now=clock.now(),
        browser=browser,
        prompt="login" if person else "",  # whoever connects an account shows that it is theirs
    )
    flow = departure.flow
    OidcFlow.objects.create(
        organisation_id=provider.organisation_id,
        person=person,
        state=flow.state_digest,
        browser=flow.browser_digest,
        nonce=flow.nonce,
        verifier=flow.verifier,
        goes_to=goes_to,
        expires_at=flow.begun_at + LIFETIME,
    )
    return departure


def take_flow(organisation_id: UUID, state: str) -> OidcFlow | None:
    """Spend the flow of this state; None when there is none, or it was spent or is too old. Committed at once."""
    now, digest = clock.now(), digest_of(state)
    fresh = OidcFlow.objects.filter(organisation_id=organisation_id, state=digest, used_at=None, expires_at__gt=now)
    if not fresh.update(used_at=now):
        return None
    return OidcFlow.objects.select_related("person").get(state=digest)


def identify(query: str, *, row: OidcFlow, provider: IdentityProvider, browser: str) -> Identity:
    """Who the provider says has come back. The flow is spent already; asks the network.

    Raises:
        OidcRefused, ProviderAway: see `partners.oidc.completing`.
    """
    flow = Flow(
        issuer=provider.issuer,
        client_id=provider.client_id,
        redirect_uri=redirect_uri_of(provider.organisation.slug),
        state_digest=bytes(row.state),
        browser_digest=bytes(row.browser),
        nonce=row.nonce,
        verifier=row.verifier,
        begun_at=row.expires_at - LIFETIME,
    )
    ring = ring_of(provider)
    try:
        return complete(
            query,
            flow=flow,
            browser=browser,
            metadata=metadata_of(provider),
            client_secret=client_secret_of(provider),
            keys=ring,
            fetch=through_egress,
            now=clock.now(),
        )
    finally:
        keep_ring(provider, ring)


def person_behind(identity: Identity, organisation_id: UUID) -> Person | None:
    """The person of this organisation to whom the identity was connected, if they may sign in this way."""
    now = clock.now()
    found = (
        FederatedIdentity.objects.select_related("person__organisation")
        .filter(
            Q(person__access_ends_at=None) | Q(person__access_ends_at__gt=now),
            organisation_id=organisation_id,
            person__organisation_id=organisation_id,
            issuer=identity.issuer,
            subject=identity.subject,
            person__is_active=True,
            person__break_glass=False,  # the accounts for the day when the provider is the problem
        )
        .first()
    )
    if found is None:
        return None
    FederatedIdentity.objects.filter(pk=found.pk).update(last_used_at=now)
    return found.person


def connect(person: Person, identity: Identity) -> None:
    """This identity is this person from now on, in place of the one before at the same issuer. Safe to repeat.

    Raises:
        SomebodyElses: it is connected to another person.
    """
    with transaction.atomic(using="auth"):
        theirs = FederatedIdentity.objects.filter(person=person, issuer=identity.issuer)
        theirs.exclude(subject=identity.subject).delete()
        row, _ = FederatedIdentity.objects.get_or_create(
            issuer=identity.issuer,
            subject=identity.subject,
            defaults={"organisation_id": person.organisation_id, "person": person, "linked_at": clock.now()},
        )
        if row.person_id != person.pk:
            raise SomebodyElses
        record_at_door("identity.linked", person.pk, issuer=identity.issuer)


def connection_of(person: Person, issuer: str) -> FederatedIdentity | None:
    """Which identity at this issuer is connected to the person."""
    return FederatedIdentity.objects.filter(person=person, issuer=issuer).first()


def disconnect(person: Person) -> int:
    """Nobody signs in as this person through a provider any more; how many connections there were."""
    with transaction.atomic(using="auth"):
        count, _ = FederatedIdentity.objects.filter(person=person).delete()
        if count:
            record_at_door("identity.unlinked", person.pk)
    return count
