"""Who opens this socket: by the session of a page of ours, or by a socket ticket."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from channels.db import database_sync_to_async
from django.conf import settings
from django.db import connections
from django.http.cookie import parse_cookie
from django.utils.module_loading import import_string

from partners.sessions import find
from portal.tenancy.door import ticket_of
from portal.tenancy.scope import at_the_door

log = logging.getLogger(__name__)

PARAMETERS = frozenset({"after", "epoch", "ticket"})
NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)
# As long as the hub lets a socket live, and a little more.
SOCKET_SECONDS = 3900


class BadParameters(Exception):
    """The address asks for something that there is not."""


class WrongOrigin(Exception):
    """A page of somebody else's wants to use a visitor's session."""


@dataclass(frozen=True)
class Asked:
    """What the address says. `after` None asks for what comes from now on."""

    after: int | None
    epoch: str
    socket_ticket: str


def asked_for(scope: Mapping[str, Any]) -> Asked:
    """Read `?after=SEQ&epoch=E&ticket=T`; each is optional.

    Raises:
        BadParameters: an unknown or repeated parameter, or a value that is none.
    """
    try:
        given = parse_qs(
            scope["query_string"].decode("ascii"), keep_blank_values=True, strict_parsing=False, max_num_fields=8,
            errors="strict",
        )  # fmt: skip
    except ValueError as trouble:  # UnicodeDecodeError is one
        raise BadParameters from trouble
    if not PARAMETERS.issuperset(given) or any(len(values) > 1 for values in given.values()):
        raise BadParameters
    first = {name: values[0] for name, values in given.items()}
    after, epoch = first.get("after", ""), first.get("epoch", "")
    if after and not NUMBER.fullmatch(after):
        raise BadParameters
    if epoch:
        try:
            epoch = str(UUID(epoch))
        except ValueError as trouble:
            raise BadParameters from trouble
    return Asked(int(after) if after else None, epoch, first.get("ticket", ""))


def check_origin(scope: Mapping[str, Any], asked: Asked) -> None:
    """Let a session be used from a page of ours alone; a socket ticket is not sent by a browser on its own.

    Raises:
        WrongOrigin: the header is absent, repeated or not exactly the portal's.
    """
    origins = [value.decode("latin-1") for name, value in scope["headers"] if name == b"origin"]
    if not asked.socket_ticket and (len(origins) != 1 or origins[0] not in settings.LIVE_ORIGINS):
        log.warning("socket refused: its origin is %s", ", ".join(map(repr, origins)) or "absent")
        raise WrongOrigin


async def ticket_at_the_door(scope: Mapping[str, Any], asked: Asked) -> str:
    """The database ticket that this socket may read with, or '' when nobody is signed in. Spends a socket ticket."""
    if asked.socket_ticket:
        return await _spend(asked.socket_ticket)
    cookies = b"; ".join(value for name, value in scope["headers"] if name == b"cookie").decode("latin-1")
    key = parse_cookie(cookies).get(settings.SESSION_COOKIE_NAME, "")
    return await _of_session(key) if key else ""


@database_sync_to_async
def _spend(secret: str) -> str:
    ticket = ticket_of(secret)
    with at_the_door(), connections["auth"].cursor() as cursor:
        cursor.execute("SELECT sec.spend(%s, make_interval(secs => %s))", [ticket, SOCKET_SECONDS])
        return ticket if cursor.fetchone()[0] else ""


@database_sync_to_async
def _of_session(key: str) -> str:
    with at_the_door():
        found = find(import_string(f"{settings.SESSION_ENGINE}.SessionStore")(key))
        return found.visitor.ticket if found and found.visitor else ""
