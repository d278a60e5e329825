"""Subscriptions for tests, made as an administrator makes them, and what became of what was sent to them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from notifications import hook_sending, hooks
from notifications.models import Webhook
from portal.ledger.record import Actor, Entry, record_many
from portal.tenancy.scope import organisation_scope
from portal.webhook_stand_in import WebhookStandIn, serving
from tests.cast import Cast
from tests.notifications.stage import Stage, as_worker

KIND = "standing.changed"


class Hooks:
    """A stage with a stand-in for every tool; `url` is its address."""

    def __init__(self, stage: Stage, cast: Cast, tool: WebhookStandIn, url: str) -> None:
        self.stage, self.cast, self.tool, self.url = stage, cast, tool, url

    @contextmanager
    def administering(self, slug: str) -> Iterator[None]:
        with organisation_scope(self.cast.visitor(slug, "administrator", fresh=True).ticket):
            yield

    def subscribe(self, slug: str, *kinds: str, path: str = "") -> UUID:
        """A subscription to `/slug`, or to a path, whose key the tool knows."""
        wish = hooks.Wish(f"Tool of {slug}", f"{self.url}{path or slug}", kinds or (KIND,))
        with self.administering(slug):
            pk, key = hooks.make(wish, organisation_id=self.stage.ids[slug])
        self.tool.keys.append(key)
        return pk

    def hook(self, pk: UUID) -> Webhook:
        """As its organisation reads it; inside a scope."""
        return Webhook.objects.defer("address").get(pk=pk)

    def happens(self, slug: str, count: int = 1, kind: str = KIND) -> None:
        """So many events in the organisation's own stream, in one commit."""
        entries = [Entry(kind, (self.stage.ids[slug],), None, {"nth": nth}) for nth in range(count)]
        with organisation_scope(self.stage.ticket(slug)):
            record_many(entries, actor=Actor(self.stage.ids[slug]))

    def sends(self, *, seconds: float = 5.0) -> int:
        with as_worker():
            return hook_sending.send_due(seconds=seconds)

    def rows(self, pk: UUID, columns: str = "state, status, error", where: str = "true") -> list[tuple[Any, ...]]:
        return self.stage.owner(
            f"SELECT {columns} FROM notifications_webhookdelivery WHERE webhook_id = %s AND {where}"
            " ORDER BY made_at, seq NULLS LAST",
            [pk],
        )

    def due_now(self, pk: UUID) -> None:
        """As if the waiting were over."""
        self.stage.owner(
            "UPDATE notifications_webhookdelivery SET due_at = now() WHERE webhook_id = %s AND due_at IS NOT NULL", [pk]
        )
        self.stage.owner("UPDATE notifications_webhook SET rests_until = NULL WHERE id = %s", [pk])

    def state(self, pk: UUID) -> tuple[Any, ...]:
        (row,) = self.stage.owner(
            "SELECT state, because, failures, rests_until IS NOT NULL FROM notifications_webhook WHERE id = %s", [pk]
        )
        return row


@contextmanager
def hooked(stage: Stage, cast: Cast, settings: Any) -> Iterator[Hooks]:
    tool = WebhookStandIn()
    with serving(tool) as url:
        settings.EGRESS_ALLOW = frozenset({url.removeprefix("http://").rstrip("/")})
        yield Hooks(stage, cast, tool, url)
