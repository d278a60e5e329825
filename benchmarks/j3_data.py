"""A million records of access in our own form, seeded: who reaches whom is as skewed as it is in life."""

from __future__ import annotations

import random
from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from uuid import UUID, uuid4

import psycopg

SEED = 20261103
ORGANISATIONS, SYSTEMS, ACCOUNTS, APPROVED = 34, 60, 40_000, 2_448
EXPONENT = 1.05  # of Zipf's law, by which accounts are active
CROSSING = 0.12
BEGAN = datetime(2026, 11, 3, 6, tzinfo=UTC)
RUNNER = "council-00"  # runs every system: what happens there is its to tell
LINE = (
    '{"at":"%s","id":"e%09d","account":"u%05d@council-%02d","resource":"app-%02d","resource_organisation":"council-%02d",'
    '"system":"system-%02d"}\n'
)


@dataclass(frozen=True, slots=True)
class World:
    """Indices alone: account → organisation, and which (account, organisation, system) a permission covers."""

    homes: list[int]
    approved: frozenset[tuple[int, int, int]]


def world() -> World:
    chance = random.Random(SEED)
    homes = [chance.randrange(ORGANISATIONS) for _ in range(ACCOUNTS)]
    approved: set[tuple[int, int, int]] = set()
    while len(approved) < APPROVED:
        # The busy ones are the integrations: accounts of services and of administrators.
        account = int(chance.paretovariate(0.35)) % ACCOUNTS
        organisation = chance.randrange(ORGANISATIONS)
        if organisation != homes[account]:
            approved.add((account, organisation, chance.randrange(SYSTEMS)))
    return World(homes, frozenset(approved))


def events(world: World, count: int, *, first: int = 0) -> Iterator[str]:
    """`count` lines, the same ones every time; `first` is the number of the first one."""
    chance = random.Random(SEED + first)
    weights = list(accumulate(1 / (rank + 1) ** EXPONENT for rank in range(ACCOUNTS)))
    total, approved = weights[-1], sorted(world.approved)
    at, step = BEGAN, timedelta(milliseconds=40)
    for number in range(first, first + count):
        at += step
        when = f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z"
        if chance.random() < CROSSING:
            if chance.random() < 0.3:
                account, organisation, system = approved[chance.randrange(len(approved))]
            else:
                account = bisect(weights, chance.random() * total)
                organisation = (world.homes[account] + 1 + chance.randrange(ORGANISATIONS - 1)) % ORGANISATIONS
                system = chance.randrange(SYSTEMS)
        else:
            account = bisect(weights, chance.random() * total)
            organisation, system = world.homes[account], chance.randrange(SYSTEMS)
        yield LINE % (when, number, account, world.homes[account], system, organisation, system)


def write_events(path: Path, count: int, *, first: int = 0) -> None:
    known = world()
    with path.open("w") as file:
        for line in events(known, count, first=first):
            file.write(line)


def write_approved(path: Path) -> None:
    """Account, organisation and system of each approved combination, as the limit reads them."""
    known = world()
    with path.open("w") as file:
        for account, organisation, system in sorted(known.approved):
            file.write(
                f"u{account:05}@council-{known.homes[account]:02} council-{organisation:02} system-{system:02}\n"
            )


def arrange(connection: psycopg.Connection) -> None:
    """The organisations, the systems that RUNNER runs, and a permission for each pair and system that needs one."""
    known = world()
    ids = [uuid4() for _ in range(ORGANISATIONS)]
    systems = [uuid4() for _ in range(SYSTEMS)]
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO partners_organisation (id, slug, name, kind, status, mail_domains)"
            " VALUES (%s, %s, %s, 'council', 'current', '{}')",
            [(pk, f"council-{nth:02}", f"Council {nth:02}") for nth, pk in enumerate(ids)],
        )
        cursor.executemany(
            "INSERT INTO partners_sharedsystem (id, slug, name, spoken, description, hosting, status, safety_critical,"
            " cut_stops, account_realms, owner_id) VALUES (%s, %s, %s, '', '', '', 'live', false, '', '{}', %s)",
            [(pk, f"system-{nth:02}", f"System {nth:02}", ids[0]) for nth, pk in enumerate(systems)],
        )
        cursor.executemany(
            "INSERT INTO partners_participation (id, organisation_id, system_id, services, safety_critical, status)"
            " VALUES (%s, %s, %s, '{}', false, 'live')",
            [(uuid4(), organisation, system) for organisation in ids for system in systems],
        )
        _permit(cursor, known, ids, systems)


def _permit(cursor: psycopg.Cursor, known: World, ids: list[UUID], systems: list[UUID]) -> None:
    covered: dict[tuple[int, int, int], list[str]] = {}
    for account, organisation, system in sorted(known.approved):
        home = known.homes[account]
        covered.setdefault((home, organisation, system), []).append(f"u{account:05}@council-{home:02}")
    rows, versions = [], []
    for (home, organisation, system), accounts in covered.items():
        pk = uuid4()
        rows.append((pk, ids[organisation], ids[home], BEGAN))
        versions.append((uuid4(), pk, accounts, [systems[system]], BEGAN, ids[home], BEGAN))
    cursor.executemany(
        "INSERT INTO partners_integration (id, grantor_id, grantee_id, made_at, latest, permitted, ended_by_name,"
        " ended_because) VALUES (%s, %s, %s, %s, 1, 1, '', '')",
        rows,
    )
    said = {
        "number": 1, "name": "A feed", "purpose": "x", "direction": "both", "data_classes": "{no_personal}",
        "resources": "", "starts_on": "2026-01-01", "review_on": "2027-01-01", "expires_on": "2027-01-01",
        "grantor_owner_name": "A", "grantee_owner_name": "B", "kill_switch_name": "C", "kill_switch_how": "x",
        "link_kind": "", "proposed_by_name": "", "grantor_approved_by": "A", "grantee_approved_by": "B",
        "refused_by_name": "", "refused_because": "",
    }  # fmt: skip
    columns = ["id", "integration_id", "accounts", "system_ids", "proposed_at", "proposed_for_id", "permitted_at"]
    marks = ", ".join(["%s"] * (len(columns) + len(said)))
    cursor.executemany(
        f"INSERT INTO partners_integrationversion ({', '.join([*columns, *said])}) VALUES ({marks})",
        [(*version, *said.values()) for version in versions],
    )
