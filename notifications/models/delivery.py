"""Every message to a person, with its state."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

from incidents.models import Incident
from notifications.models.ladder import LadderStep
from partners.models import ContactPoint, Organisation, Person
from portal.reasons import ReasonField

# They wait for their own way. Everything else goes round one that is late or shut (`notifications/late.py`,
# `sec.enter_late`), also kinds that are still to come.
NOT_URGENT = ["contact_test", "planned", "planned_changed"]


class Delivery(models.Model):
    """One message to one contact point. Its state follows `MOVES`; the database refuses any other arrow.

    The address stands in the contact point alone. `incident` null is a notice of the organisation's own: it has no
    reference and asks for no answer. `attempts` grows with every claim and fences it: whoever settles
    must name the attempt. `error` says in words what went wrong last and never holds an address.
    """

    class Message(models.TextChoices):
        OPENED = "opened", "Incident opened"
        SUSPECTED = "suspected", "Incident suspected"
        STOOD_DOWN = "stood_down", "Stood down"
        LEAD_OFFERED = "lead_offered", "Asked to take the lead"
        BREAK_GLASS = "break_glass", "Break-glass account used"
        BREAK_GLASS_DRILL = "break_glass_drill", "Drill: break-glass account used"
        THEIR_BREAK_GLASS = "their_break_glass", "Break-glass account of a partner used"
        THEIR_BREAK_GLASS_DRILL = "their_break_glass_drill", "Drill: break-glass account of a partner used"
        EMERGENCY_ACCESS = "emergency_access", "Somebody was let in by emergency enrolment"
        ACCESS_CHANGED = "access_changed", "The organisation's access has changed"
        CONTACT_TEST = "contact_test", "Test of a contact"
        PLANNED = "planned", "Planned work announced"
        PLANNED_CHANGED = "planned_changed", "Planned work: something has changed"
        MAIL_TRUST_CHANGED = "mail_trust_changed", "Whether its mail is trusted has changed"
        UPDATE_ASKED = "update_asked", "Asked for an update"
        HEADS_UP = "heads_up", "A word to members outside"
        HEADS_UP_OVER = "heads_up_over", "That word: it is over"
        UPDATE_DUE = "update_due", "An update is due"
        LEADS_NOW = "leads_now", "Leads from now on"
        STEPS_READY = "steps_ready", "Further steps are ready"
        DECISION_ASKED = "decision_asked", "The plan waits for a decision"
        DUTY_DUE = "duty_due", "A duty of its own is due"
        DATA_NOTICE = "data_notice", "Sent a notice of its data"
        STATEMENT_ASKED = "statement_asked", "Asked to agree to a statement"
        CUT_ASKED = "cut_asked", "Asked about a planned cut"
        CUT_CHANGED = "cut_changed", "A planned cut: something has changed"
        ANSWERED_FOR = "answered_for", "Somebody answered in its name"
        ADVISORIES = "advisories", "Urgent advisories touch its systems"

    class State(models.TextChoices):
        PENDING = "pending", "Waiting to be sent"
        CLAIMED = "claimed", "Being sent"
        ACCEPTED = "accepted", "Accepted for delivery"
        DELIVERED = "delivered", "Delivered"
        ANSWERED = "answered", "Answered"
        DEAD = "dead", "Could not be delivered"
        SUPERSEDED = "superseded", "No longer needed"
        SKIPPED = "skipped", "Not used"

    MOVES: ClassVar[dict[str, frozenset[str]]] = {
        "pending": frozenset({"claimed", "superseded"}),
        "claimed": frozenset({"claimed", "accepted", "pending", "dead", "superseded"}),
        "accepted": frozenset({"delivered", "answered", "dead"}),  # dead: it bounced
        "delivered": frozenset({"answered"}),
        "answered": frozenset(),
        "dead": frozenset({"pending"}),  # driven again by a person
        "superseded": frozenset(),
        "skipped": frozenset(),  # written like this: a way that was passed over, `error` says why
    }
    TOLD: ClassVar[frozenset[str]] = frozenset({"accepted", "delivered", "answered"})
    UNDER_WAY: ClassVar[frozenset[str]] = frozenset({"pending", "claimed"})

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    incident = models.ForeignKey(
        Incident, null=True, on_delete=models.CASCADE, related_name="deliveries", db_index=False
    )
    incident_reference = models.TextField()
    exercise = models.BooleanField()
    event_id = models.UUIDField()  # what it tells of
    # Null: the number of the duty desk as the organisation's record has it, rung by a person.
    contact_point = models.ForeignKey(ContactPoint, null=True, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")  # null: the duty desk
    # The step of the ladder that wrote it; null: it was told of at once, ladder or not.
    step = models.ForeignKey(LadderStep, null=True, on_delete=models.CASCADE, related_name="deliveries")
    way = models.TextField()  # kind of the contact point
    host_key = models.TextField(blank=True, default="", db_default="")  # of where a channel or a browser is, hashed
    quiet = models.BooleanField(default=False, db_default=False)  # it waits for the end of its person's quiet hours
    message = models.TextField(choices=Message.choices)
    code = models.TextField(editable=False)
    state = models.TextField(choices=State.choices, default=State.PENDING, db_default=State.PENDING)
    created_at = models.DateTimeField(db_default=Now())
    due_at = models.DateTimeField(db_default=Now())
    attempts = models.PositiveIntegerField(default=0, db_default=0)
    claimed_by = models.TextField(blank=True, default="", db_default="")
    claimed_until = models.DateTimeField(null=True)
    transport = models.TextField(blank=True, default="", db_default="")  # the one that took it
    provider_ref = models.TextField(blank=True, default="", db_default="")
    error = ReasonField(blank=True, default="", db_default="")
    accepted_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    idempotency_key = models.BinaryField(unique=True)
    next_way = models.TextField(blank=True, default="", db_default="")  # the person's, beside this one: wanted or taken

    class Meta:
        verbose_name_plural = "deliveries"
        ordering = ["created_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    message__in=[
                        "opened",
                        "suspected",
                        "stood_down",
                        "lead_offered",
                        "break_glass",
                        "break_glass_drill",
                        "their_break_glass",
                        "their_break_glass_drill",
                        "emergency_access",
                        "access_changed",
                        "contact_test",
                        "planned",
                        "planned_changed",
                        "mail_trust_changed",
                        "update_asked",
                        "heads_up",
                        "heads_up_over",
                        "update_due",
                        "leads_now",
                        "steps_ready",
                        "decision_asked",
                        "duty_due",
                        "data_notice",
                        "statement_asked",
                        "cut_asked",
                        "cut_changed",
                        "answered_for",
                        "advisories",
                    ]
                ),
                name="delivery_message",
            ),
            models.CheckConstraint(condition=models.Q(next_way__in=["", "wanted", "taken"]), name="delivery_next_way"),
        ]
        indexes = [
            models.Index(fields=["incident", "organisation"], name="delivery_side"),
            models.Index(fields=["organisation"], name="delivery_notice", condition=models.Q(incident=None)),
            models.Index(fields=["due_at"], name="delivery_due", condition=models.Q(state__in=["pending", "claimed"])),
            models.Index(fields=["code"], name="delivery_code"),
            models.Index(fields=["claimed_by"], name="delivery_claim", condition=models.Q(state="claimed")),
            models.Index(
                fields=["organisation", "due_at"],
                name="delivery_turn",
                condition=models.Q(state__in=["pending", "claimed"]),
            ),
            models.Index(
                fields=["created_at"],
                name="delivery_late",
                condition=models.Q(
                    ~models.Q(message__in=NOT_URGENT),
                    next_way__in=["", "wanted"],
                    state__in=["pending", "claimed"],
                ),
            ),
            models.Index(fields=["organisation"], name="delivery_dead", condition=models.Q(state="dead")),
            models.Index(fields=["accepted_at"], name="delivery_texts", condition=models.Q(way="sms")),
        ]

    def __str__(self) -> str:
        return f"{self.incident_reference} {self.message} {self.state}"
