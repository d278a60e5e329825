"""What is said of messages before they are sent: word for word as they go out, and what of the budget they take."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _

from notifications import budget
from notifications.models import Delivery, Wording
from notifications.own_words import USUAL, OwnWords, filled
from notifications.wording import as_sent, house_of
from partners.ladder import band_of


class Sender:
    """See `incidents.before_sending.Sender`."""

    def ways_beside(self) -> list[str]:
        return list(settings.BESIDE_WAYS)

    def opening_messages(
        self, organisation_id: UUID, *, exercise: bool, severity: int | None, beside: bool
    ) -> list[dict[str, str]]:
        """The usual words, and one's own for one's own people: those of others are theirs."""
        own = _own_words(organisation_id, severity)
        said = {_("Every person told"): USUAL}
        if own != USUAL:
            said = {_("Every person told elsewhere"): USUAL, _("Our own people, in our own words"): own}
        return [
            {"to": to, **message}
            for to, words in said.items()
            for message in _by_way(words, exercise=exercise, beside=beside)
        ]

    def budget_words(self, incident_id: UUID | None, *, texts: int) -> list[str]:
        return budget.before_sending(incident_id, texts=texts)


def _by_way(own: OwnWords, *, exercise: bool, beside: bool) -> list[dict[str, str]]:
    text = as_sent(Delivery.Message.OPENED, own, exercise=exercise)
    said = {
        "email": {"way": _("e-mail"), "text": f"{text.subject}\n\n{text.body.rstrip()}"},
        "sms": {"way": _("text message"), "text": text.short},
    }
    channels = [{"way": _("channels and browsers"), "text": text.said}] if beside else []
    return [said[way] for way in settings.SENT_WAYS] + channels


def _own_words(organisation_id: UUID, severity: int | None) -> OwnWords:
    """As `sec.own_words` chooses them: those of the severity before those of every one. At most four queries."""
    rows = {
        each.band: each
        for each in Wording.objects.filter(message=Delivery.Message.OPENED, band__in=["", band_of(severity).value])
    }
    row = rows.get(band_of(severity).value) or rows.get("")
    if row is None:
        return USUAL
    house = house_of(organisation_id)
    return filled(row.preface, row.line, organisation=house.name, desk=house.desk)
