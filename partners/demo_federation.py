"""Brackenfield's own sign-in in the demonstration: its provider has another port at each start, and is pinned anew."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.db import transaction

from partners.models import FederatedIdentity, IdentityProvider, Organisation, Person, SharedSystem
from partners.oidc.metadata import read_metadata
from partners.pinning import Wish, write
from portal import clock
from portal.demo_identities import CLIENT_ID, ORGANISATION, description_of, subject_of

CONNECTED = ("Anita Desai", "Gareth Lowe")
RIDES_ON = "identity-platform"
OWN_SIGN_IN = f"/sign-in/{ORGANISATION}/"


def pin_demonstration(url: str) -> None:
    """Pin the provider at this address; '' switches off one of an earlier start. As the owner, at the open door."""
    organisation = Organisation.objects.filter(slug=ORGANISATION).first()
    if organisation is None:
        return
    earlier = IdentityProvider.objects.filter(pk=organisation.pk).first()
    if earlier is not None and urlsplit(earlier.issuer).hostname != "127.0.0.1":
        return  # somebody has set up a real one
    if not url:
        IdentityProvider.objects.filter(pk=organisation.pk).update(is_active=False)
        return
    metadata = read_metadata(description_of(url), url, {urlsplit(url).netloc})
    system = SharedSystem.objects.filter(slug=RIDES_ON).values_list("pk", flat=True).first()
    wish = Wish(url, CLIENT_ID, "only for the demonstration", system, metadata.fingerprint)
    with transaction.atomic(using="auth"):
        write(organisation.pk, metadata, wish)
        if earlier is not None:
            FederatedIdentity.objects.filter(organisation=organisation, issuer=earlier.issuer).update(issuer=url)
        for person in Person.objects.filter(organisation=organisation, name__in=CONNECTED):
            FederatedIdentity.objects.get_or_create(
                organisation=organisation,
                person=person,
                issuer=url,
                defaults={"subject": subject_of(person.email), "linked_at": clock.now()},
            )
