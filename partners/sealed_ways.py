"""Channels and browsers as contacts: reading an address that somebody typed, and sealing it.

The whole address is never shown again. The database asks who may (`sec.put_sealed_contact`), and tells the others.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from django.conf import settings
from django.utils.translation import gettext as _

from partners import approvals
from partners.contacts import Said
from partners.models import ContactPoint
from portal import vapid
from portal.egress.hosts import host_of, is_listed
from portal.egress.refusals import Forbidden
from portal.egress.targets import read_target
from portal.vault.sealing import seal

FIELD = "partners_sealedaddress.sealed"
SEALED = frozenset({ContactPoint.Kind.TEAMS, ContactPoint.Kind.SLACK, ContactPoint.Kind.PUSH})
CHANNELS = frozenset({ContactPoint.Kind.TEAMS, ContactPoint.Kind.SLACK})
TAIL = 4  # signs of an address that are shown
POINT_BYTES, SECRET_BYTES = 65, 16  # RFC 8291 2.1 and 3.2


class NotAnAddress(ValueError):
    """Nothing can be sent there; the words say why, without what was typed."""


@dataclass(frozen=True, slots=True)
class Sealable:
    """An address that was read. `shown` is what everybody of the organisation may see of it."""

    whole: str = field(repr=False)
    host: str
    shown: str


def channel(kind: str, address: str) -> Sealable:
    """The address of a channel.

    Raises:
        NotAnAddress: it is none of this kind's.
    """
    name = str(ContactPoint.Kind(kind).label)
    hosts = {ContactPoint.Kind.TEAMS: settings.TEAMS_HOSTS, ContactPoint.Kind.SLACK: settings.SLACK_HOSTS}[
        ContactPoint.Kind(kind)
    ]
    try:
        target = read_target(address, allow=settings.EGRESS_ALLOW)
    except Forbidden:
        raise NotAnAddress(_("Copy the whole address of the channel’s webhook; it begins with https.")) from None
    host = host_of(address)
    if not is_listed(host, hosts):
        raise NotAnAddress(
            _("This is no address of %(name)s: it must lead to %(hosts)s.")
            % {"name": name, "hosts": _(" or ").join(hosts)}
        )
    if len(target.path) < 2 * TAIL:
        raise NotAnAddress(_("Copy the whole address of the channel’s webhook; it begins with https."))
    return Sealable(
        address, host, _("%(host)s, ends %(tail)s") % {"host": host, "tail": address[-TAIL:].replace("+", "-")}
    )


def browser(endpoint: str, p256dh: str, auth: str) -> Sealable:
    """What a browser hands out when it subscribes.

    Raises:
        NotAnAddress: nothing can be sent there.
    """
    host = host_of(endpoint)
    try:
        read_target(endpoint, allow=settings.EGRESS_ALLOW)
        right = len(vapid.read(p256dh)) == POINT_BYTES and len(vapid.read(auth)) == SECRET_BYTES
    except (Forbidden, ValueError):
        right = False
    if not right or not is_listed(host, settings.PUSH_HOSTS):
        raise NotAnAddress(_("Bulkhead cannot send to the service that this browser uses for notices."))
    whole = json.dumps({"endpoint": endpoint, "p256dh": p256dh, "auth": auth})
    return Sealable(whole, host, host)


def put(said: Said, address: Sealable | None, *, organisation_id: UUID, point: ContactPoint | None = None) -> UUID:
    """Add a channel or a browser, or change `point`; without an address it keeps the one that it has.

    Raises:
        approvals.NotAllowed: not one's own and not an administrator, no passkey just now, or the address is there.
    """
    pk = point.pk if point else uuid4()
    sealed = digest = None
    if address is not None:
        plain = address.whole.encode()
        sealed = seal(plain, organisation_id=organisation_id, field=FIELD, row_id=pk)
        # Of a browser the endpoint alone: its keys may change while it stays the same browser.
        same = json.loads(address.whole)["endpoint"] if said.kind == ContactPoint.Kind.PUSH else address.whole
        digest = hashlib.sha256(b"bulkhead address\0" + organisation_id.bytes + same.encode()).digest()
    shown, host = (address.shown, address.host) if address else (point.address, point.host) if point else ("", "")
    made: UUID = approvals.call(
        "SELECT sec.put_sealed_contact(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [pk, said.person_id, said.kind, said.label, shown, host, said.rides_on_id, said.order, sealed, digest],
    )
    return made
