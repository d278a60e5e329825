"""Gate: a webhook can be had for each kind of event that is recorded, and for no other."""

from __future__ import annotations

import re

import psycopg
import pytest

from notifications.hook_kinds import KINDS
from tests import servers
from tests.gates.recorded_kinds import BY_HAND, FUNCTIONS, Function, Unknown, kinds_in_code, kinds_in_sql

pytestmark = pytest.mark.django_db


@pytest.fixture
def functions(owner_url: str) -> list[Function]:
    with psycopg.connect(owner_url) as owner:
        rows = owner.execute(FUNCTIONS).fetchall()
    return [Function(name, body, tuple(parameters)) for name, body, parameters in rows]


def test_each_kind_that_is_recorded_can_be_subscribed_to_and_no_other(functions: list[Function]) -> None:
    recorded = kinds_in_code(servers.ROOT) | kinds_in_sql(functions)
    assert sorted(recorded - KINDS) == [], "recorded, and a tool gets them only by *"
    assert sorted(KINDS - recorded) == [], "offered, and never recorded"
    assert all(re.fullmatch(r"[a-z_]+[.][a-z_]+", kind) for kind in KINDS)


def test_the_reader_finds_what_the_ledger_of_the_demonstration_holds(functions: list[Function], owner_url: str) -> None:
    """Else an empty reader would agree with an empty table."""
    with psycopg.connect(owner_url) as owner:
        held = {kind for (kind,) in owner.execute("SELECT DISTINCT kind FROM ledger_event").fetchall()}
    code, sql = kinds_in_code(servers.ROOT), kinds_in_sql(functions)
    assert held <= code | sql
    # One of each form: literal, chosen, by a table, by a helper, by an f-string, by the door, by a constant.
    assert code >= {"update.sent", "incident.joined", "task.undone", "delivery.sent_again", "alert.queued",
                    "authenticator.added", "import.checked"}  # fmt: skip
    assert sql >= {"call.wanted", "link.reconnected", "planned.started", "finding.confirmed", "break_glass.drilled",
                   "webhook.switched_off", "display.paired"}  # fmt: skip


def test_a_kind_that_cannot_be_read_stops_the_gate(functions: list[Function]) -> None:
    writes = "INSERT INTO public.ledger_event (id, kind) VALUES (gen_random_uuid(), {});"
    assert kinds_in_sql([Function("a", writes.format("'some.thing'"), ())]) == {"some.thing"}
    for expression in ("what", "lower(what)", "'some.' || lower(what)"):
        with pytest.raises(Unknown):
            kinds_in_sql([Function("a", writes.format(expression), ("what",))])
    known = {function.name for function in functions}
    assert {name for name, _ in BY_HAND if "." not in name} <= known
