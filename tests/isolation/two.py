"""Two persons for one act, in tests: asking, deciding and carrying out by raw SQL as the application's role."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import Error, connections, transaction

from incidents.models import Incident
from incidents.opening import Opening, open_incident
from partners.acting import actor_of
from tests.cast import Cast

REFUSED = "42501"
WRONG = "23514"
EFFECTS = ["It does what it says."]


@dataclass
class Two:
    """Who acts is `(organisation, role)`; a refusal is its SQLSTATE, a success what the function answered."""

    cast: Cast
    inside: Callable[..., AbstractContextManager[None]]

    def sql(self, who: tuple[str, str], statement: str, *parameters: Any, fresh: bool = True) -> Any:
        with self.inside(*who, fresh=fresh):
            return run(statement, *parameters)

    def opens(self, *systems: str) -> Incident:
        with self.inside("ashbourne"):
            opening = Opening(title="Intruder", systems=systems or ("identity-platform",))
            return open_incident(opening, actor=actor_of(self.cast.visitor("ashbourne")))

    def press(
        self, who: tuple[str, str], step: int, *, against: str = "", because: str = "Odd sign-ins", **how: Any
    ) -> Any:
        org = self.cast.id(against or who[0])
        return self.sql(who, "SELECT sec.isolate(%s, %s, %s, NULL, NULL, NULL)", org, step, because, **how)

    def undo(self, who: tuple[str, str], isolation: UUID, **how: Any) -> Any:
        return self.sql(who, "SELECT sec.lift_isolation(%s, NULL)", isolation, **how)

    def ask(
        self,
        who: tuple[str, str],
        against: str,
        step: int,
        *,
        told: list[str],
        incident: Incident | None,
        both: bool = True,
        **how: Any,
    ) -> Any:
        payload = {"organisation": str(self.cast.id(against)), "step": step, "since": None}
        return self.sql(
            who,
            "SELECT sec.request_approval('isolate', %s, %s, %s::jsonb, %s, 'Odd sign-ins', %s, %s::uuid[])",
            self.cast.id(against),
            incident.pk if incident else None,
            json.dumps(payload),
            EFFECTS,
            both,
            [self.cast.id(each) for each in told],
            **how,
        )

    def ask_to_lift(self, who: tuple[str, str], isolation: UUID, about: str, *, told: list[str], **how: Any) -> Any:
        return self.sql(
            who,
            "SELECT sec.request_approval('lift_isolation', %s, NULL, %s::jsonb, %s, 'All clear', true, %s::uuid[])",
            self.cast.id(about),
            json.dumps({"isolation": str(isolation)}),
            EFFECTS,
            [self.cast.id(each) for each in told],
            **how,
        )

    def decide(self, who: tuple[str, str], approval: UUID, *, yes: bool = True, because: str = "", **how: Any) -> Any:
        return self.sql(who, "SELECT sec.decide(%s, %s, %s)", approval, yes, because, **how)

    def carry_out(
        self, who: tuple[str, str], approval: UUID, against: str, step: int, incident: Incident, **how: Any
    ) -> Any:
        return self.sql(
            who,
            "SELECT sec.isolate(%s, %s, '', NULL, %s, %s)",
            self.cast.id(against),
            step,
            incident.pk,
            approval,
            **how,
        )

    def lift(self, who: tuple[str, str], isolation: UUID, approval: UUID, **how: Any) -> Any:
        return self.sql(who, "SELECT sec.lift_isolation(%s, %s)", isolation, approval, **how)

    def isolates(
        self, against: str, step: int, incident: Incident, *, lead: str = "ashbourne", second: str = "brackenfield"
    ) -> UUID:
        """The whole act: asked, approved, carried out."""
        asked = self.ask((lead, "incident_manager"), against, step, told=[second], incident=incident)
        assert isinstance(asked, UUID), asked
        assert self.decide((second, "incident_manager"), asked) is None
        made = self.carry_out((second, "incident_manager"), asked, against, step, incident)
        assert isinstance(made, UUID), made
        return made


def run(statement: str, *parameters: Any) -> Any:
    """One value of one statement in a savepoint; the SQLSTATE when it was refused."""
    try:
        with transaction.atomic(using="default"), connections["default"].cursor() as cursor:
            cursor.execute(statement, parameters)
            row = cursor.fetchone()
            return None if row is None or row[0] == "" else row[0]
    except Error as refused:
        return getattr(refused.__cause__, "sqlstate", None) or repr(refused)
