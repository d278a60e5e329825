"""A permission of Coldharbour for Ashbourne, as its two sides make it, and lines of standing access: for tests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from partners import approvals, permissions, permitting
from partners.models import Approval, SharedSystem
from partners.permissions import Permission, today
from partners.permitting import Terms
from partners.standing_access import Line

Inside = Callable[..., Any]


def person(cast: Any, slug: str, role: str = "incident_manager") -> UUID:
    return cast.visitor(slug, role).person_id


def terms(owns: UUID, systems: tuple[UUID, ...] = (), **how: Any) -> Terms:
    """In force from today, for a hundred days."""
    said = Terms(
        name="Nightly backup",
        purpose="Second copy of shared drives",
        direction="to_grantor",
        data_classes=("personal",),
        accounts=("svc-nightly@ashbourne",),
        systems=systems,
        from_system=None,
        resources="file-02",
        starts_on=today(),
        review_on=today() + timedelta(days=50),
        expires_on=today() + timedelta(days=100),
        owner=owns,
        kill_switch_name="Night desk, head of shift",
        kill_switch_how="Ring 01632 960 077",
    )
    return replace(said, **how)


def file_services() -> UUID:
    return SharedSystem.objects.get(slug="file-services").pk


def proposed(inside: Inside, cast: Any, **how: Any) -> UUID:
    """Ashbourne proposes, Coldharbour names its owner: complete, and nobody asked."""
    with inside("ashbourne"):
        said = terms(person(cast, "ashbourne"), (file_services(),), **how)
        made = permitting.propose(said, other=cast.id("coldharbour"), side="grantee")
    own(inside, cast, made, "coldharbour")
    return made


def own(inside: Inside, cast: Any, made: UUID, slug: str, *, version: int = 1) -> None:
    with inside(slug, fresh=True):
        permitting.name_owner(made, version=version, person=person(cast, slug))


def asked(inside: Inside, cast: Any, made: UUID, slug: str = "coldharbour") -> UUID:
    with inside(slug, fresh=True):
        return permitting.ask(seen(made), me=cast.id(slug), reason="As agreed on the telephone")


def approved(inside: Inside, approval: UUID, slug: str = "ashbourne") -> None:
    with inside(slug, fresh=True):
        approvals.approve(Approval.objects.get(pk=approval))


def in_force(inside: Inside, cast: Any, **how: Any) -> UUID:
    made = proposed(inside, cast, **how)
    approved(inside, asked(inside, cast, made))
    return made


def seen(made: UUID) -> Permission:
    found = permissions.own_one(made)
    assert found is not None
    return found


def line(name: str, *, group: str = "", **how: Any) -> Line:
    """Standing access of a provider, used last week."""
    said = Line(
        name=name,
        kind="group",
        rights="Administrators of every server",
        privileged=True,
        why="Patches at night",
        approved_by="Helen Strand, head of service",
        approved_on=today() - timedelta(days=400),
        systems=(),
        link_group=group,
        links=(),
        last_used_on=today() - timedelta(days=7),
    )
    return replace(said, **how)
