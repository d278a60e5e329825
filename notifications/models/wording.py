"""How organisations word the messages to their own people."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from notifications.models.delivery import Delivery
from partners.models import Band, Organisation

# The kinds that can be worded. Notices about access and people's accounts cannot: they are what an intruder would word.
WORDED = (
    Delivery.Message.OPENED,
    Delivery.Message.SUSPECTED,
    Delivery.Message.STOOD_DOWN,
    Delivery.Message.UPDATE_ASKED,
    Delivery.Message.LEAD_OFFERED,
    Delivery.Message.PLANNED,
    Delivery.Message.PLANNED_CHANGED,
)
WITHOUT_SEVERITY = (Delivery.Message.PLANNED, Delivery.Message.PLANNED_CHANGED)


class Wording(models.Model):
    """What an organisation adds in its own words to a kind of message, for whom it is told of that in its own house.

    `band` '' is every severity that has no words of its own. `preface` stands in an e-mail, `line` in a text message.
    `sec.wording_checked` refuses links and the names of others; `notifications.own_words` says so in words before.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    message = models.TextField(choices=[(each.value, each.label) for each in WORDED])
    band = models.TextField(choices=[("", _("Every severity")), *Band.choices], blank=True, default="")
    preface = models.TextField(blank=True, default="")
    line = models.TextField(blank=True, default="")

    class Meta:
        ordering = ["message", "band"]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "message", "band"], name="wording_once"),
            models.CheckConstraint(
                condition=models.Q(
                    message__in=["opened", "suspected", "stood_down", "update_asked", "lead_offered"],
                    band__in=["", "worst", "serious", "low"],
                )
                | models.Q(message__in=["planned", "planned_changed"], band=""),
                name="wording_named",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.message} {self.band}"
