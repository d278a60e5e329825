"""An incident that is opened because of an exposure points back to it, and the exposure to the incident.

Row security shows the link to whoever reads both: who takes part in the incident and runs nothing of the system learns
nothing of the exposure, and its provider nothing of an incident that it takes no part in.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from incidents.errors import Fault, Invalid
from incidents.from_above import Reason, register
from incidents.models import Incident
from incidents.opening import Opening, open_incident
from monitoring.models import Exposure, ExposureIncident
from portal.failpoints import reach
from portal.ledger.record import Actor
from portal.postgres.prepared import Prepared

NAME = "exposure"
_LINKS = Prepared(ExposureIncident, "incident_id = %s")


def label_of(row: Exposure) -> str:
    """A CVE as it is; a long identifier of a document is no name for people."""
    return row.label if "--" not in row.label else _("No CVE")


def title_of(row: Exposure) -> str:
    """What an incident because of it is called; '' where its words come from a document that is not clear (TLP).

    Everybody who takes part reads the title, and such a document is read by whoever brought it alone.
    """
    return "" if row.confined_to_id is not None else f"{label_of(row)}: {row.title}"[:200]


def open_form_address(row: Exposure) -> str:
    """The form of opening with system and title filled in: it shows whom that reaches, and sends nothing."""
    said = {"systems": row.system.slug, "title": title_of(row), "because_of": f"{NAME}:{row.pk}"}
    return f"{reverse('incident-open')}?{urlencode(said)}"


def open_because_of(row: Exposure, opening: Opening, *, actor: Actor) -> Incident:
    """Open an incident that points back to an exposure, as its form does when it is sent.

    Raises:
        Invalid: it has no title (`title_of`); else as `incidents.opening.open_incident`.
    """
    if not opening.title:
        raise Invalid([Fault("/title", _("Say a title: this comes from a document that is not clear (TLP)."))])
    incident = open_incident(opening, actor=actor)
    _point_back(row, incident)
    return incident


def links_of(incident: Incident) -> QuerySet[ExposureIncident]:
    """The exposures that an incident was opened because of, as far as the reader may read them."""
    return ExposureIncident.objects.filter(incident=incident).select_related("exposure__system")


def references_of(exposures: Iterable[Exposure]) -> dict[UUID, list[str]]:
    """The incidents that were opened because of each, of those that the reader takes part in. One query."""
    found: dict[UUID, list[str]] = {}
    rows = ExposureIncident.objects.filter(exposure__in=[each.pk for each in exposures])
    for exposure_id, reference in rows.values_list("exposure_id", "incident__reference"):
        found.setdefault(exposure_id, []).append(reference)
    return found


def incidents_because_of(row: Exposure) -> list[dict[str, Any]]:
    """For the page of an exposure, the newest first."""
    links = ExposureIncident.objects.filter(exposure=row).select_related("incident")
    return [
        {
            "reference": each.incident.reference,
            "title": each.incident.title,
            "status": each.incident.get_status_display(),
            "href": reverse("incident-board", args=[each.incident.reference]),
            "at": each.at,
        }
        for each in links
    ]


def _after_opening(exposure_id: UUID, incident: Incident, _shown: str) -> None:
    """The form said what it was opened because of; what the reader may not read is nobody's reason."""
    row = Exposure.objects.filter(pk=exposure_id).first()
    if row is not None:
        _point_back(row, incident)


def _point_back(row: Exposure, incident: Incident) -> None:
    """In the transaction that opens it: both are there, or neither."""
    reach("before link")
    try:
        with transaction.atomic(using="default"):
            ExposureIncident.objects.create(exposure=row, incident=incident, organisation_id=incident.lead_id)
    except IntegrityError:  # it says so already
        return


def _why(incident: Incident) -> list[Reason]:
    if not _LINKS.all(incident.pk):  # as for most incidents
        return []
    return [
        Reason(
            _("Opened because of an advisory"),
            _("%(title)s, in %(system)s.") % {"title": each.exposure.title, "system": each.exposure.system.name},
            _("See the exposure"),
            reverse("exposure-detail", args=[each.exposure_id]),
        )
        for each in links_of(incident)
    ]


def hang_in() -> None:
    register(NAME, after_opening=_after_opening, why_opened=_why)
