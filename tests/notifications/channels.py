"""Channels and browsers for tests: a stand-in for all of their services, and contacts made as people make them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from partners import sealed_ways
from partners.contacts import Said
from portal import vapid
from portal.chat_stand_in import Browser, ChatStandIn
from portal.faulty import serving
from tests.notifications.stage import Stage

PRIVATE = vapid.new_private_key()
WAYS = ("slack", "teams", "push")


class Channels:
    """A stage with a stand-in for Slack, Teams and a push service; `url` is its address without a slash at the end."""

    def __init__(self, stage: Stage, service: ChatStandIn, url: str) -> None:
        self.stage, self.service, self.url = stage, service, url.rstrip("/")
        self.host = urlsplit(url).netloc

    def add(self, kind: str, slug: str, person: str, *, name: str = "duty", desk: bool = False) -> UUID:
        """A channel or a browser of somebody, or of the desk; that person adds it, with a passkey used just now."""
        address = f"{self.url}/{kind}/{name}"
        with self.stage.as_person(slug, person, fresh=True):
            whose = None if desk else self.stage.owner("SELECT id FROM partners_person WHERE name = %s", [person])[0][0]
            said = Said(whose, kind, f"{kind} {name}", "", order=9)
            if kind == "push":
                read = sealed_ways.browser(**Browser.of(f"/push/{name}").subscription(address))
            else:
                read = sealed_ways.channel(kind, address)
            return sealed_ways.put(said, read, organisation_id=self.stage.ids[slug])

    def rows(self, columns: str = "state, error", where: str = "true") -> list[tuple[Any, ...]]:
        return self.stage.owner(
            f"SELECT {columns} FROM notifications_delivery WHERE way IN ('slack', 'teams', 'push') AND {where}"
            " ORDER BY created_at, id"
        )

    def due(self) -> None:
        """Whatever waits is due now."""
        self.stage.owner("UPDATE notifications_delivery SET due_at = now() WHERE state = 'pending'")


def set_up(settings: Any, host: str) -> None:
    """All three lead to this host of the loopback interface, and nowhere else."""
    settings.EGRESS_ALLOW = frozenset({*settings.EGRESS_ALLOW, host})
    settings.SLACK_HOSTS = settings.TEAMS_HOSTS = settings.PUSH_HOSTS = (host,)
    settings.VAPID_PRIVATE_KEY, settings.VAPID_PUBLIC_KEY = PRIVATE, vapid.public_of(PRIVATE)
    settings.BESIDE_WAYS = list(WAYS)


@contextmanager
def channels(stage: Stage, settings: Any) -> Iterator[Channels]:
    service = ChatStandIn(public_key=vapid.public_of(PRIVATE))
    with serving(service) as url:
        set_up(settings, urlsplit(url).netloc)
        settings.SUNK_WAYS = [*settings.SUNK_WAYS, *WAYS]
        yield Channels(stage, service, url)
