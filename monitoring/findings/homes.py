"""Findings with whose the account is: as it was found, or as its changes have it since.

A change by an account of which nobody knew whose it is gets its home when its log is sent again after somebody has
claimed the name. Whoever was told of it before is not told twice, but must not go on reading that nobody knows.
"""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet, UUIDField
from django.db.models.expressions import RawSQL

from monitoring.models import Finding

# Of every change that it lists, each still kept, and of no other: row security shows the reader its own side's alone.
HOME_NOW = """
coalesce(monitoring_finding.home_id, (
    SELECT min(c.home_id::text)::uuid FROM unnest(monitoring_finding.change_ids) AS listed (id)
      JOIN monitoring_accesschange c ON c.id = listed.id
     WHERE monitoring_finding.home_id IS NULL
    HAVING count(c.home_id) = cardinality(monitoring_finding.change_ids) AND count(DISTINCT c.home_id) = 1
       AND monitoring_finding.changes <= cardinality(monitoring_finding.change_ids)))
"""


def findings(rows: QuerySet[Finding] | None = None) -> QuerySet[Finding]:
    """These findings, or all that the reader may see, each with its incident and `home_now`: whose account it is."""
    found = Finding.objects.all() if rows is None else rows
    return found.select_related("incident").annotate(home_now=_home_now())


def findings_of(home: UUID, account: str) -> QuerySet[Finding]:
    """Those of one account of that organisation, as `findings` has them."""
    found = Finding.objects.filter(account=account).select_related("incident")
    return found.annotate(home_now=_home_now()).filter(home_now=home)


def _home_now() -> RawSQL:
    return RawSQL(HOME_NOW, [], output_field=UUIDField())  # noqa: S611 - without a parameter


def home_of(finding: Finding) -> UUID | None:
    """Whose the account of a finding of `findings` is; None as long as nobody knows."""
    home: UUID | None = finding.home_now  # type: ignore[attr-defined]
    return home
