"""Writing an organisation's contacts. The database asks who may (`sec.put_contact`), and tells the others."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID, uuid4

from django.db import connections

from partners import approvals
from partners.models import ContactPoint
from partners.phone_numbers import masked
from portal.vault.sealing import open_sealed, seal

FIELD = "partners_privatenumber.sealed"


@dataclass(frozen=True, slots=True)
class Said:
    """A contact as somebody describes it. `person_id` None is the duty desk; `address` is normalised already.

    Of a private number that stays as it was, `address` is ''.
    """

    person_id: UUID | None
    kind: str
    label: str
    address: str
    rides_on_id: UUID | None = None
    is_private: bool = False
    order: int = 1


def put(said: Said, *, organisation_id: UUID, point: ContactPoint | None = None) -> UUID:
    """Add a contact, or change `point`. A new address is untested, and the organisation's people get work to look at.

    Raises:
        approvals.NotAllowed: not one's own and not an administrator, no passkey just now, or not a contact at all.
    """
    pk = point.pk if point else uuid4()
    address, sealed = said.address, None
    if said.is_private and said.address:
        address = masked(said.address)
        sealed = seal(said.address.encode(), organisation_id=organisation_id, field=FIELD, row_id=pk)
    elif said.is_private and point is not None:
        address = point.address
    made: UUID = approvals.call(
        "SELECT sec.put_contact(%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [pk, said.person_id, said.kind, said.label, address, said.rides_on_id, said.is_private, said.order, sealed],
    )
    return made


def retire(point: ContactPoint) -> None:
    """Take a contact out of use.

    Raises:
        approvals.NotAllowed: see `put`.
    """
    approvals.call("SELECT sec.retire_contact(%s)", [point.pk])


def my_number(point: ContactPoint) -> str:
    """The whole of one's own private number; '' when it is somebody else's, or none."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT sealed FROM sec.my_numbers() WHERE contact_point_id = %s", [point.pk])
        row = cursor.fetchone()
    if row is None:
        return ""
    return open_sealed(row[0], organisation_id=point.organisation_id, field=FIELD, row_id=point.pk).decode()


def reveal(contact_id: UUID, *, incident_id: UUID, because: str) -> str:
    """A private number, in an open incident; recorded for both organisations.

    Raises:
        approvals.NotAllowed: not an overseer, no passkey just now, no reason, or the incident is not open.
    """
    with approvals.refusals(), connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT organisation_id, sealed FROM sec.reveal_number(%s, %s, %s)", [incident_id, contact_id, because]
        )
        row = cursor.fetchone()
    if row is None:
        raise approvals.NotAllowed("This number is not kept here.")
    return open_sealed(row[1], organisation_id=row[0], field=FIELD, row_id=contact_id).decode()
