"""Writes the permissions and the standing access of a partnership file. What is there already is left as it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta

from partners.models import (
    Attestation,
    Integration,
    IntegrationVersion,
    Organisation,
    Person,
    SharedSystem,
    StandingAccess,
)
from partners.partnership_entries import PartnershipFile
from partners.partnership_permissions import IntegrationEntry, StandingAccessEntry
from partners.permissions import today

A_YEAR = timedelta(days=365)


def load_permissions(
    file: PartnershipFile,
    added: Counter[str],
    kept: Counter[str],
    *,
    organisations: Mapping[str, Organisation],
    people: Mapping[str, Person],
    systems: Mapping[str, SharedSystem],
) -> None:
    """Add what is not there yet, and count. As the owner, in the loader's transaction."""
    day = today()
    for entry in file.integrations:
        sides = {"grantor": organisations[entry.grantor], "grantee": organisations[entry.grantee]}
        if Integration.objects.filter(**sides, versions__name=entry.name).exists():
            kept["permissions"] += 1
            continue
        _permission(entry, sides, people, systems, day)
        added["permissions"] += 1
    for line in file.standing_access:
        ends = {"provider": organisations[line.provider], "council": organisations[line.council]}
        if StandingAccess.objects.filter(**ends, name=line.name).exists():
            kept["standing access"] += 1
            continue
        _access(line, ends, systems, day)
        added["standing access"] += 1


def _permission(
    entry: IntegrationEntry,
    sides: Mapping[str, Organisation],
    people: Mapping[str, Person],
    systems: Mapping[str, SharedSystem],
    day: date,
) -> None:
    ends = entry.expires_on or day + timedelta(days=entry.days_left or 0)
    starts = entry.starts_on or min(day, ends)
    made = _morning(min(starts, day))
    owners = {side: people[email] for side in sides if (email := getattr(entry, f"{side}_owner"))}
    names = {side: owner.name for side, owner in owners.items()}
    row = Integration.objects.create(**sides, made_at=made, latest=1, permitted=1 if entry.approved else None)
    IntegrationVersion.objects.create(
        integration=row,
        number=1,
        name=entry.name,
        purpose=entry.purpose,
        direction=entry.direction,
        data_classes=list(entry.data_classes),
        accounts=list(entry.accounts),
        resources=entry.resources,
        system_ids=[systems[slug].pk for slug in entry.systems],
        from_system_id=systems[entry.from_system].pk if entry.from_system else None,
        starts_on=starts,
        review_on=starts + (ends - starts) / 2,
        expires_on=ends,
        grantor_owner=owners.get("grantor"),
        grantor_owner_name=names.get("grantor", ""),
        grantee_owner=owners["grantee"],
        grantee_owner_name=names["grantee"],
        complete_at=made if len(owners) == len(sides) else None,
        kill_switch_name=entry.kill_switch_name,
        kill_switch_how=entry.kill_switch_how,
        proposed_at=made,
        proposed_by_name=names["grantee"],
        proposed_for=sides["grantee"],
        permitted_at=made if entry.approved else None,
        grantor_approved_by=names["grantor"] if entry.approved else "",
        grantee_approved_by=names["grantee"] if entry.approved else "",
    )


def _access(
    entry: StandingAccessEntry, ends: Mapping[str, Organisation], systems: Mapping[str, SharedSystem], day: date
) -> None:
    def ago(days: int | None) -> date | None:
        return None if days is None else day - timedelta(days=days)

    attested = ago(entry.attested_days_ago)
    line = StandingAccess.objects.create(
        **ends,
        name=entry.name,
        kind=entry.kind,
        rights=entry.rights,
        privileged=entry.privileged,
        why=entry.why,
        approved_by=entry.approved_by,
        approved_on=entry.approved_on,
        system_ids=[systems[slug].pk for slug in entry.systems],
        link_group=entry.link_group,
        last_used_on=ago(entry.last_used_days_ago),
        added_at=_morning(day - A_YEAR),
        answer=entry.answer,
        answered_at=_morning(attested) if attested else None,
        answer_note=entry.note,
    )
    if attested:
        Attestation.objects.create(
            access=line,
            organisation=ends["council"],
            version=1,
            answer=entry.answer,
            note=entry.note,
            said_by_name=entry.attested_by,
            at=_morning(attested),
        )


def _morning(day: date) -> datetime:
    return datetime.combine(day, time(9), tzinfo=UTC)
