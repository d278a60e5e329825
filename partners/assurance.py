"""Provider assurance: who may be looked at, what was found, and what is said of it. Functions of the database write."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

import orjson
from django.db import connections
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as lazy

from partners import approvals
from partners.models import Assessment, Finding, FindingMove, Organisation, SharedSystem
from portal.files.receiving import Received

What = FindingMove.What
# What the provider says of a finding, and what another organisation that reads it does; `sec.move_finding` holds both.
BY_PROVIDER = {
    Finding.State.OPEN: [What.PLANNED, What.FIXED],
    Finding.State.PLANNED: [What.PLANNED, What.FIXED],
    Finding.State.FIXED: [What.RETEST_ASKED],
}
BY_OTHERS = {
    Finding.State.FIXED: [What.CONFIRMED, What.FAILED],
    Finding.State.RETEST_ASKED: [What.CONFIRMED, What.FAILED],
    Finding.State.CLOSED: [What.REOPENED],
}
SEVERITIES = {value: nth for nth, value in enumerate(Finding.Severity.values)}  # the worst first
STATES = {
    Finding.State.OPEN: lazy("Open"),
    Finding.State.PLANNED: lazy("Planned"),
    Finding.State.FIXED: lazy("Fixed, says the provider; not tested again"),
    Finding.State.RETEST_ASKED: lazy("Fixed, says the provider; a retest is asked for"),
    Finding.State.CLOSED: lazy("Closed"),
}


def providers() -> QuerySet[Organisation]:
    """Service providers, and whoever else provides a system that the open scope may see."""
    seen = SharedSystem.objects.exclude(provider=None).values("provider_id")
    return Organisation.objects.filter(Q(kind=Organisation.Kind.PROVIDER) | Q(pk__in=seen))


def my_providers() -> set[UUID]:
    """Who provides a system that one stands on, as the database sees it when something is written."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT sec.my_providers()")
        return set(cursor.fetchone()[0])


def is_overdue(finding: Finding, today: date) -> bool:
    return finding.state != Finding.State.CLOSED and finding.due_on < today


def acts_on(finding: Finding, *, me: UUID) -> list[str]:
    """What one can say of a finding now, as far as a page can tell; the database has the last word."""
    by = BY_PROVIDER if finding.provider_id == me else BY_OTHERS
    return [str(act) for act in by.get(Finding.State(finding.state), [])]


def write_assessment(said: Mapping[str, Any], *, provider: Organisation, assessment: Assessment | None = None) -> UUID:
    """Write a new assessment of a provider, or change one's own. `said` has the fields of the model.

    Raises:
        approvals.NotAllowed: the role, no provider of one's own, or what is said does not fit.
    """
    made = assessment.pk if assessment else None
    return approvals.call("SELECT sec.write_assessment(%s, %s, %s::jsonb)", [made, provider.pk, _as_json(said)])


def share(assessment: Assessment, organisations: Iterable[UUID]) -> int:
    """Let these read it too, with its evidence and the owner's findings; how many are new. Needs a fresh step-up.

    Raises:
        approvals.NotAllowed: not one's own, or the passkey is too long ago.
    """
    return approvals.call("SELECT sec.share_assessment(%s, %s::uuid[])", [assessment.pk, list(organisations)])


def attach(assessment_id: UUID, received: Received) -> UUID:
    """Write the row of a file that has come, then put the bytes in their place: inside one transaction.

    Raises:
        approvals.NotAllowed: not one's own assessment, or no room for it.
        OSError: the disk does not take it.
    """
    file_id = approvals.call(
        "SELECT sec.attach_evidence(%s, %s, %s, %s, %s, %s)",
        [
            assessment_id,
            received.storage_name,
            received.name,
            received.size,
            received.sha256,
            received.content_type,
        ],
    )
    received.keep()
    return file_id


def remove_evidence(assessment: Assessment, file_id: UUID) -> str:
    """Take a file back; its name on the disk, to be removed once this is committed."""
    return approvals.call("SELECT sec.remove_evidence(%s, %s)", [assessment.pk, file_id])


def raise_finding(said: Mapping[str, Any], *, provider: Organisation, assessment_id: UUID | None) -> UUID:
    """Raise a finding at a provider, who gets it as work.

    Raises:
        approvals.NotAllowed: the role, no provider of one's own, an assessment that one does not read.
    """
    return approvals.call("SELECT sec.raise_finding(%s, %s, %s::jsonb)", [provider.pk, assessment_id, _as_json(said)])


def move(finding: Finding, act: str, *, words: str, day: date | None, vouched_by: str) -> str:
    """Say something of a finding; its state afterwards. Needs a fresh step-up.

    Raises:
        approvals.NotAllowed: not for this organisation to say, not now, or something is missing.
    """
    return approvals.call("SELECT sec.move_finding(%s, %s, %s, %s, %s)", [finding.pk, act, words, day, vouched_by])


def write_contract(said: Mapping[str, Any], *, provider: Organisation) -> int:
    """Write the own contract record with a provider anew; its version.

    Raises:
        approvals.NotAllowed: the role, no provider of one's own, or responsibilities that are not whole.
    """
    return approvals.call("SELECT sec.write_contract(%s, %s::jsonb)", [provider.pk, _as_json(said)])


def _as_json(said: Mapping[str, Any]) -> str:
    return orjson.dumps(dict(said)).decode()
