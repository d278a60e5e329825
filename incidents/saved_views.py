"""Views of the incident list that a person keeps under a name: nobody else reads them, not even their organisation."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from incidents.errors import Fault, Invalid
from incidents.listing import KINDS, address_of
from incidents.models import SavedView
from incidents.models.saved_view import LONGEST_NAME
from incidents.words import INCIDENT_STATUS
from portal import clock
from portal.tenancy.door import Visitor

MOST = 20


def views_of(visitor: Visitor, *, kind: str = "", state: str = "") -> list[dict[str, Any]]:
    """The reader's own, by name, for `incidents/_saved_views.html`; `current`: the list shows it now. One query."""
    rows = SavedView.objects.filter(person=visitor.person_id).order_by("name")[:MOST]
    return [
        {
            "id": str(row.pk),
            "name": row.name,
            "href": address_of(row.kind, row.state),
            "current": (row.kind, row.state) == (kind, state),
        }
        for row in rows
    ]


def keep_view(visitor: Visitor, *, name: str, kind: str, state: str) -> SavedView:
    """Keep what the list is narrowed to under a name. The same again is the one that stands.

    Raises:
        Invalid: no name, a name that another view has, nothing that the list knows, or more than twenty.
    """
    assert visitor.person_id is not None  # pages are for people
    name = " ".join(name.split())
    if not 0 < len(name) <= LONGEST_NAME or "\0" in name:
        raise Invalid([Fault("/name", _("Give it a name of at most %(n)s characters.") % {"n": LONGEST_NAME})])
    if kind not in KINDS or (state and (state not in INCIDENT_STATUS or kind == "planned")):
        raise Invalid([Fault("/kind", _("The list cannot be narrowed to that."))])
    own = list(SavedView.objects.filter(person=visitor.person_id))
    if same := next((each for each in own if (each.name, each.kind, each.state) == (name, kind, state)), None):
        return same
    if len(own) >= MOST:
        raise Invalid([Fault("/name", _("You keep %(n)s already: remove one first.") % {"n": MOST})])
    try:
        with transaction.atomic(using="default"):
            return SavedView.objects.create(
                organisation_id=visitor.organisation_id,
                person_id=visitor.person_id,
                name=name,
                kind=kind,
                state=state,
                made_at=clock.now(),
            )
    except IntegrityError:
        raise Invalid([Fault("/name", _("You have one of this name already."))]) from None


def remove_view(visitor: Visitor, view_id: UUID) -> bool:
    """Remove one's own; False when there is none (any more)."""
    return bool(SavedView.objects.filter(pk=view_id, person=visitor.person_id).delete()[0])
