"""What the pages on personal data show."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from incidents.models import DataNotice, DataPosition, Incident, OutsideReport
from incidents.personal_data.bodies import BODIES, name_of
from incidents.personal_data.categories import in_words
from incidents.personal_data.forms import RANGES, SHARES, STATES, TOUCHES
from incidents.personal_data.reports import visible_reports
from partners.models import Person
from portal import clock

Visible = dict[str, Any]
STATE_WORDS: dict[str, Any] = {value: words for value, words, _hint in STATES}
SHARE_WORDS: dict[str, Any] = dict(SHARES)
DAY = "%-d %b %H:%M"


def _names(people: Iterable[UUID | None]) -> dict[UUID, str]:
    """Names of colleagues; of other organisations' people nobody reads a name. One query."""
    return dict(Person.objects.filter(pk__in={each for each in people if each}).values_list("pk", "name"))


def data_page(incident: Incident, *, me: UUID) -> Visible:
    """The own position with its history, what others share, notices of both directions. Three queries."""
    positions = list(DataPosition.objects.filter(incident=incident).select_related("organisation"))
    notices = list(
        DataNotice.objects.filter(incident=incident).select_related(
            "incident", "sender", "addressee", "corrected_by", "corrects"
        )
    )
    own = [each for each in positions if each.organisation_id == me]
    names = _names(
        [*(each.said_by for each in own), *(who for each in notices for who in (each.sent_by, each.acknowledged_by))]
    )
    return {
        "position": position_shown(own[0], names) if own else None,
        "newest": own[0] if own else None,
        "history": [position_shown(each, names) for each in own[1:]],
        "others": [position_shown(each, {}) for each in positions if each.organisation_id != me],
        "received": [_notice(each, names) for each in notices if each.addressee_id == me],
        "sent": [_notice(each, names) for each in notices if each.sender_id == me],
    }


def position_shown(each: DataPosition, names: dict[UUID, str]) -> Visible:
    ranges = {value: str(words) for value, words in RANGES if value}
    touched = [str(words) for value, words in TOUCHES if value in each.touched]
    facts = [
        (_("Categories"), "; ".join(in_words(each.categories))),
        (_("People"), ranges.get(each.people, "")),
        (_("Records"), ranges.get(each.records, "")),
        (_("What is touched"), "; ".join(touched)),
    ]
    return {
        "state": STATE_WORDS.get(each.state, each.state),
        "key": each.state,
        "facts": [(name, words) for name, words in facts if words],
        "words": each.words,
        "who": names.get(each.said_by, ""),
        "whose": each.organisation.name,
        "at": each.at,
        "shared": each.shared,
        "shared_words": SHARE_WORDS.get(each.shared, ""),
    }


def _notice(each: DataNotice, names: dict[UUID, str]) -> Visible:
    newer = getattr(each, "corrected_by", None)
    waits = each.acknowledged_at is None and newer is None
    return {
        "id": each.pk,
        "sender": each.sender.name,
        "addressee": each.addressee.name,
        "about": each.about,
        "known": each.known,
        "known_since": each.known_since,
        "reference": each.reference,
        "sent_at": each.sent_at,
        "sent_by": names.get(each.sent_by, ""),
        "acknowledged_at": each.acknowledged_at,
        "acknowledged_by": names.get(each.acknowledged_by, "") if each.acknowledged_by else "",
        "waits": waits,
        "overdue": waits and each.due_at <= clock.now() and each.incident.suspended_at is None,
        "unreached": waits and each.unreached_at is not None,
        "ring": {"name": each.addressee.name, "number": each.ring} if each.ring else None,
        "due_at": each.due_at,
        "reminded": each.reminded,
        "corrects": each.corrects.sent_at if each.corrects else None,
        "corrected": newer.sent_at if newer else None,
        "correct_href": reverse("incident-data-notice", args=[each.incident.reference]) + f"?corrects={each.pk}",
        "acknowledge_href": reverse("data-notice-acknowledge", args=[each.pk]),
    }


def told_page(incident: Incident, *, me: UUID) -> Visible:
    """Own entries with their follow-ups, and what others share. One query."""
    rows = visible_reports(incident)
    own = [each for each in rows if each.organisation_id == me]
    told = {each.body for each in own}
    return {
        "own": [_report(each) for each in own],
        "others": [_report(each) for each in sorted_by_name(rows, me)],
        "bodies": [
            {"name": each.name, "route": each.route, "know": each.know, "told": key in told}
            for key, each in BODIES.items()
        ],
    }


def sorted_by_name(rows: Sequence[OutsideReport], me: UUID) -> list[OutsideReport]:
    return sorted((each for each in rows if each.organisation_id != me), key=lambda each: each.organisation.name)


def _report(each: OutsideReport) -> Visible:
    note = note_of(each)
    return {
        "id": each.pk,
        "whose": each.organisation.name,
        "body": name_of(each.body, each.body_name),
        "route": each.route,
        "reference": each.reference,
        "told_at": each.told_at,
        "told_by": note.told_by if note else "",
        "words": note.words if note else "",
        "follows": note is not None and note.follows_id is not None,
        "shared": each.shared,
        "shared_words": SHARE_WORDS.get(each.shared, ""),
        "follow_href": reverse("incident-told", args=[each.incident.reference]) + f"?follows={each.pk}#write",
    }


def note_of(each: OutsideReport) -> Any:
    """Who told it and in which words, for the organisation itself. With `select_related("note")` it asks nothing."""
    return getattr(each, "note", None)
