"""Tools of two organisations that listen while things go on happening to both; see `isolation.py`."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import psycopg

from portal.children import free_port
from portal.signing import new_key, written
from portal.vault.sealing import seal
from portal.webhook_stand_in import Received, WebhookStandIn, serving
from scripts.prove.load import Workers
from scripts.prove.tools import FIELD, HAPPENED, KEYED, SUBSCRIBE

LOOK_SECONDS = 0.05


@dataclass
class Tool:
    """A tool of each organisation, which tells by its path and key whose message it took."""

    url: str = ""
    stand_in: WebhookStandIn = field(default_factory=WebhookStandIn)
    came: dict[str, dict[str, float]] = field(default_factory=dict)  # by path: webhook-id, when it first came
    lock: threading.Lock = field(default_factory=threading.Lock)

    def told(self, message: Received) -> None:
        with self.lock:
            self.came.setdefault(message.path, {}).setdefault(message.id, time.monotonic())

    def times(self, path: str) -> list[float]:
        with self.lock:
            return list(self.came.get(path, {}).values())


@contextmanager
def a_tool() -> Iterator[Tool]:
    """Serve it; a product that is started inside may call it."""
    port, before = free_port(), os.environ.get("EGRESS_ALLOW")
    tool = Tool(f"http://127.0.0.1:{port}")
    tool.stand_in.told = tool.told
    os.environ["EGRESS_ALLOW"] = f"127.0.0.1:{port}"
    try:
        with serving(tool.stand_in, port=port):
            yield tool
    finally:
        os.environ.pop("EGRESS_ALLOW")
        if before is not None:
            os.environ["EGRESS_ALLOW"] = before


class Happening(Workers):
    """Something happens again and again to each of these organisations, whose tools are told of nothing else."""

    def __init__(self, owner_url: str, tool: Tool, organisations: dict[str, UUID], *, pause: float) -> None:
        super().__init__()
        self.owner_url, self.tool, self.organisations, self.pause = owner_url, tool, organisations, pause
        with psycopg.connect(owner_url) as owner:
            self.hooks = {path: self._subscribe(owner, path, org) for path, org in organisations.items()}
        self.start(1, self._go_on)

    def _subscribe(self, owner: psycopg.Connection, path: str, organisation: UUID) -> UUID:
        hook, row, key = uuid4(), uuid4(), new_key()
        self.tool.stand_in.keys.append(written(key))
        owner.execute(SUBSCRIBE, [hook, organisation, self.tool.url + path])
        sealed = seal(key, organisation_id=organisation, field=FIELD, row_id=row)
        owner.execute(KEYED, [row, hook, organisation, sealed])
        return hook

    def _go_on(self, _: int) -> None:
        with psycopg.connect(self.owner_url, autocommit=True) as owner:
            while not self.stopping.wait(self.pause):
                for organisation in self.organisations.values():
                    owner.execute(HAPPENED, {"org": organisation, "count": 1})

    def waiting(self, path: str) -> int:
        """How many messages of this tool are not delivered."""
        sql = "SELECT count(*) FROM notifications_webhookdelivery WHERE webhook_id = %s AND state <> 'delivered'"
        with psycopg.connect(self.owner_url) as owner:
            row = owner.execute(sql, [self.hooks[path]]).fetchone()
        assert row
        return int(row[0])

    def all_came(self, path: str, *, patience: float) -> bool:
        """Whether within so many seconds nothing waits for this tool any more."""
        end = time.monotonic() + patience
        while self.waiting(path):
            if time.monotonic() > end:
                return False
            time.sleep(LOOK_SECONDS)
        return True
