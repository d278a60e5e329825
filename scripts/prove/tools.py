"""The half of B6 and B7 that goes to tools: webhooks of many organisations, and a receiver that drops repeated ids."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from uuid import UUID, uuid4

import psycopg

from portal.faulty import Answer, DropTheLine
from portal.signing import new_key, written
from portal.vault.sealing import seal
from portal.webhook_stand_in import Received, WebhookStandIn, serving
from scripts.prove.gate import Gate

FIELD = "notifications_webhooksecret.sealed"
ORGANISATIONS = "SELECT id FROM partners_organisation WHERE status = 'current' ORDER BY slug"
SUBSCRIBE = """
INSERT INTO notifications_webhook (id, organisation_id, label, address, host, kinds)
VALUES (%s, %s, 'Tool', %s, '127.0.0.1', '{standing.changed}')
"""
KEYED = "INSERT INTO notifications_webhooksecret (id, webhook_id, organisation_id, sealed) VALUES (%s, %s, %s, %s)"
HAPPENED = """
INSERT INTO ledger_event (id, kind, at, actor_organisation_id, actor_kind, incident_reference, audience, data)
SELECT gen_random_uuid(), 'standing.changed', now(), %(org)s, 'system', '', ARRAY[%(org)s::uuid],
       jsonb_build_object('n', n)
  FROM generate_series(1, %(count)s) n
"""


class Tools:
    """`messages` events of some organisations, each of which has a tool that listens (see `Half` in `trial.py`).

    The receiver verifies each signature, and drops an id that it knows. What it is then left with is compared by what
    the events say themselves, organisation and number: an event that came under two ids is there twice. `errors` is
    the share of tries that are answered 500, and `lost_replies` that of messages that are taken without an answer.
    """

    process, queue = "hooks", "notifications_webhookdelivery"

    def __init__(self, messages: int, chance: random.Random, *, errors: float = 0, lost_replies: float = 0) -> None:
        self.messages, self.chance, self.errors, self.lost_replies = messages, chance, errors, lost_replies
        self.gate = Gate()
        self.lock = threading.Lock()
        self.ids: Counter[str] = Counter()
        self.left: Counter[tuple[str, int]] = Counter()  # by path and number, after repeated ids were dropped
        self.wanted: set[tuple[str, int]] = set()
        self.refused = self.dropped = 0  # tries that were answered 500, and answers that got lost
        self.stand_in = Losing(self)
        self.open = ExitStack()
        self.url = self.open.enter_context(serving(self.stand_in))
        self.environment: Mapping[str, str] = {"EGRESS_ALLOW": self.url.removeprefix("http://").rstrip("/")}

    def close(self) -> None:
        self.open.close()

    def told(self, message: Received) -> None:
        with self.lock:
            self.ids[message.id] += 1
            if self.ids[message.id] == 1:
                self.left[message.path, message.body["data"]["data"]["n"]] += 1

    def count(self) -> int:
        with self.lock:
            return len(self.left)

    def missing(self) -> int:
        with self.lock:
            return len(self.wanted - self.left.keys())

    def repeated(self) -> int:
        """How often something is left that was there already, or that nobody has sent."""
        with self.lock:
            return self.left.total() - len(self.left) + len(self.left.keys() - self.wanted)

    def facts(self) -> dict[str, int]:
        """What else is worth knowing: how often an id came that the receiver knew."""
        return {"ids_repeated": self.ids.total() - len(self.ids), "not_verified": self.stand_in.not_verified()}

    def arrange(self, owner_url: str, worker_url: str) -> None:
        """Subscribe a tool of each organisation, and let as much happen at each, the first one takes the rest."""
        with psycopg.connect(owner_url) as owner:
            organisations = [row[0] for row in owner.execute(ORGANISATIONS)]
            each, rest = divmod(self.messages, len(organisations))
            counts = {f"/{nth}": each + (rest if nth == 0 else 0) for nth in range(len(organisations))}
            self.wanted = {(path, n) for path, count in counts.items() for n in range(1, count + 1)}
            for path, organisation in zip(counts, organisations, strict=True):
                self._subscribe(owner, organisation, path)
            owner.commit()
            for count, organisation in zip(counts.values(), organisations, strict=True):
                owner.execute(HAPPENED, {"org": organisation, "count": count})

    def _subscribe(self, owner: psycopg.Connection, organisation: UUID, path: str) -> None:
        hook, row, key = uuid4(), uuid4(), new_key()
        self.stand_in.keys.append(written(key))
        owner.execute(SUBSCRIBE, [hook, organisation, self.url.rstrip("/") + path])
        sealed = seal(key, organisation_id=organisation, field=FIELD, row_id=row)
        owner.execute(KEYED, [row, hook, organisation, sealed])


class Losing(WebhookStandIn):
    """A receiver that answers some tries with an error, and loses some answers after it has taken the message."""

    def __init__(self, half: Tools) -> None:
        super().__init__(told=half.told)
        self.half = half

    def post(self, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        while self.half.gate.shut(self.half.count()):
            time.sleep(0.01)
        if self.half.chance.random() < self.half.errors:
            self.half.refused += 1
            return 500, {}, b""
        answer = super().post(path, headers, body)
        if answer[0] == 204 and self.half.chance.random() < self.half.lost_replies:
            self.half.dropped += 1
            raise DropTheLine
        return answer

    def not_verified(self) -> int:
        return sum(count for (_, what), count in self.happened.items() if what == "not verified")
