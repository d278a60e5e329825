"""Opening the addresses that are secrets, for what a worker holds, and for nothing else."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

from django.db import connections

from notifications.deliveries import Held
from notifications.recipients import BESIDE
from partners.sealed_ways import FIELD
from portal.tenancy.scope import queue_scope
from portal.vault.master import VaultError
from portal.vault.sealing import open_sealed

log = logging.getLogger(__name__)


def opened_addresses(worker: str, held: Sequence[Held]) -> list[Held]:
    """The same with whole addresses; '' where one cannot be opened or is not there any more."""
    if not any(each.way in BESIDE for each in held):
        return list(held)
    with queue_scope(), connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT id, organisation_id, contact_point_id, host_key, sealed FROM sec.claimed_addresses(%s)", [worker]
        )
        rows = cursor.fetchall()
    found = {}
    for delivery, organisation_id, point, host_key, sealed in rows:
        try:
            plain = open_sealed(sealed, organisation_id=organisation_id, field=FIELD, row_id=point)
        except VaultError:
            log.exception("the address of delivery %s cannot be opened", delivery)
        else:
            found[delivery] = (plain.decode(), host_key)
    return [_with(each, *found.get(each.id, ("", ""))) if each.way in BESIDE else each for each in held]


def _with(held: Held, address: str, host_key: str) -> Held:
    return replace(held, address=address, host_key=host_key)
