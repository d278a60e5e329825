"""The queue of record: what is to be planned, and every message to a person with its state."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models.functions import Now

from incidents.models import Incident
from notifications.hook_models import Webhook, WebhookDelivery, WebhookSecret
from notifications.model_calls import CallAttempt
from notifications.way_out import WayOut
from partners.models import ContactPoint, Organisation, Person, Rung

__all__ = [
    "Answer",
    "CallAttempt",
    "ContactTest",
    "ContactTestAsk",
    "Delivery",
    "LadderStep",
    "Planning",
    "Receipt",
    "WayOut",
    "Webhook",
    "WebhookDelivery",
    "WebhookSecret",
]


class Planning(models.Model):
    """One event that one organisation's people may have to be told of. Written by the ledger's trigger, never by code.

    `incident_id` null is a notice of the organisation's own. `claimed_until` in the past means that a worker died over
    it: the row is due again.
    """

    class State(models.TextChoices):
        PENDING = "pending", "Waiting"
        CLAIMED = "claimed", "Being planned"
        DONE = "done", "Planned"
        FAILED = "failed", "Given up"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    event_id = models.UUIDField()
    organisation_id = models.UUIDField()
    incident_id = models.UUIDField(null=True)
    kind = models.TextField()  # of the event
    subject_id = models.UUIDField(null=True)  # of the event
    state = models.TextField(choices=State.choices, default=State.PENDING, db_default=State.PENDING)
    due_at = models.DateTimeField(db_default=Now())
    attempts = models.PositiveIntegerField(default=0, db_default=0)
    claimed_by = models.TextField(blank=True, default="", db_default="")
    claimed_until = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event_id", "organisation_id"], name="planning_once")]
        indexes = [
            models.Index(fields=["due_at"], name="planning_due", condition=models.Q(state__in=["pending", "claimed"]))
        ]

    def __str__(self) -> str:
        return f"{self.kind} for {self.organisation_id}"


class LadderStep(models.Model):
    """One rung of one organisation's ladder in one incident: who was called when, and until when they have time.

    At most one step of a ladder is waiting. `begun_at` null: it was asked for and nobody has been called yet. `person`
    is a colleague to whom somebody passed it on, `passed_by` who did; null: whoever stands on the rung. `quiet`: not
    followed by the next one at night. `because` says in words why it ended, and names no person.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting for an answer"
        PASSED = "passed", "Nobody answered"
        LEFT_OUT = "left_out", "Left out"
        ANSWERED = "answered", "Answered"
        STOPPED = "stopped", "Stopped"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="ladder_steps", db_index=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    nth = models.PositiveIntegerField()  # from 1, over all rounds
    round = models.PositiveSmallIntegerField(default=1)
    rung = models.TextField(choices=Rung.choices)
    person = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    passed_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    quiet = models.BooleanField(default=False)
    begun_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    state = models.TextField(choices=State.choices)
    because = models.TextField(blank=True, default="", db_default="")
    attempts = models.PositiveIntegerField(default=0, db_default=0)
    claimed_by = models.TextField(blank=True, default="", db_default="")

    class Meta:
        ordering = ["incident", "organisation", "nth"]
        constraints = [
            models.UniqueConstraint(fields=["incident", "organisation", "nth"], name="ladder_step_once"),
            models.UniqueConstraint(
                fields=["incident", "organisation"], condition=models.Q(state="waiting"), name="ladder_step_waiting"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["waiting", "passed", "left_out", "answered", "stopped"]),
                name="ladder_step_state",
            ),
        ]
        indexes = [models.Index(fields=["due_at"], name="ladder_step_due", condition=models.Q(state="waiting"))]

    def __str__(self) -> str:
        return f"{self.rung} {self.state}"


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
    error = models.TextField(blank=True, default="", db_default="")
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
                    models.Q(message__in=["opened", "suspected"]) | models.Q(next_way="wanted"),
                    next_way__in=["", "wanted"],
                    state__in=["pending", "claimed"],
                    incident__isnull=False,
                ),
            ),
            models.Index(fields=["organisation"], name="delivery_dead", condition=models.Q(state="dead")),
            models.Index(fields=["accepted_at"], name="delivery_texts", condition=models.Q(way="sms")),
        ]

    def __str__(self) -> str:
        return f"{self.incident_reference} {self.message} {self.state}"


class Receipt(models.Model):
    """What a service reports of a message after it took it; gone when a worker has settled it.

    `delivery_id` and `provider_ref` are what the report says: nothing promises that there is such a message.
    """

    class Status(models.TextChoices):  # as GOV.UK Notify has them
        DELIVERED = "delivered", "Delivered"
        PERMANENT = "permanent-failure", "No such number"
        TEMPORARY = "temporary-failure", "Could not be reached"
        TECHNICAL = "technical-failure", "The service failed"
        DELAYED = "delayed", "Not taken yet"  # by their mail server; it goes on trying

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    delivery_id = models.UUIDField()
    provider_ref = models.TextField()
    status = models.TextField(choices=Status.choices)
    at = models.DateTimeField()
    taken_at = models.DateTimeField(db_default=Now())
    due_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["delivery_id", "provider_ref", "status"], name="receipt_once"),
            models.CheckConstraint(
                condition=models.Q(
                    status__in=["delivered", "permanent-failure", "temporary-failure", "technical-failure", "delayed"]
                ),
                name="receipt_status",
            ),
        ]
        indexes = [models.Index(fields=["due_at"], name="receipt_due")]

    def __str__(self) -> str:
        return f"{self.delivery_id} {self.status}"


class Answer(models.Model):
    """What somebody said to a message without signing in: once a message, by its link or by text. A worker settles it.

    `words` is what they typed, for whoever of their organisation reads it; `origin` the network address or nothing.
    """

    class Way(models.TextChoices):
        LINK = "link", "By link"
        TEXT = "text", "By text message"

    class Said(models.TextChoices):
        HAS_IT = "has_it", "I have this"
        CUT = "cut", "We cut it"
        CALL = "call", "Call me"
        OTHER = "other", "Somebody else must be told"
        UNREADABLE = "unreadable", "Something that could not be read"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    delivery = models.ForeignKey(Delivery, on_delete=models.PROTECT, related_name="+")
    way = models.TextField(choices=Way.choices)
    said = models.TextField(choices=Said.choices)
    words = models.TextField(blank=True, default="", db_default="")
    origin = models.TextField(blank=True, default="", db_default="")
    at = models.DateTimeField(db_default=Now())
    due_at = models.DateTimeField(db_default=Now())
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["delivery"], name="answer_once", condition=~models.Q(said="unreadable")),
            models.UniqueConstraint(
                fields=["delivery"], name="answer_unreadable_once", condition=models.Q(said="unreadable")
            ),
            models.CheckConstraint(
                condition=models.Q(said__in=["has_it", "cut", "call", "other", "unreadable"]), name="answer_said"
            ),
            models.CheckConstraint(condition=models.Q(way__in=["link", "text"]), name="answer_way"),
        ]
        indexes = [models.Index(fields=["due_at"], name="answer_due", condition=models.Q(settled_at=None))]

    def __str__(self) -> str:
        return f"{self.said} {self.way}"


class ContactTest(models.Model):
    """One round in which an organisation's ways are tried: the month's own, or one that a person asked for (no month).

    `due_at` of a month's round is a minute that nobody can guess: the organisation sees the row when it has begun.
    """

    class State(models.TextChoices):
        PLANNED = "planned", "Planned"
        RUNNING = "running", "Under way"
        DONE = "done", "Done"
        LEFT_OUT = "left_out", "Left out"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", db_index=False)
    month = models.DateField(null=True)  # the first of the local month; null: asked for by a person
    contact_point = models.ForeignKey(ContactPoint, null=True, on_delete=models.PROTECT, related_name="+")  # that alone
    due_at = models.DateTimeField()
    state = models.TextField(choices=State.choices, default=State.PLANNED)
    because = models.TextField(blank=True, default="")  # why it was left out, in words
    begun_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-due_at"]
        constraints = [models.UniqueConstraint(fields=["organisation", "month"], name="contact_test_month")]

    def __str__(self) -> str:
        return f"contact test {self.month or 'asked for'}"


class ContactTestAsk(models.Model):
    """One message of a round to one contact point. The link holds a token; here stands its hash, and it works once.

    `address_of` is `changed_at` of the contact point when it was asked: an answer does not count for a later address.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    test = models.ForeignKey(ContactTest, on_delete=models.PROTECT, related_name="asks", db_index=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    contact_point = models.ForeignKey(ContactPoint, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")  # null: the duty desk
    delivery = models.ForeignKey(Delivery, on_delete=models.PROTECT, related_name="+")
    digest = models.BinaryField(unique=True)
    address_of = models.DateTimeField(null=True)
    asked_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    answered_by = models.TextField(blank=True, default="", db_default="")  # link, or page (signed in)
    failed_at = models.DateTimeField(null=True)  # half an hour passed without an answer

    class Meta:
        ordering = ["asked_at"]
        constraints = [models.UniqueConstraint(fields=["test", "contact_point"], name="contact_test_ask_once")]

    def __str__(self) -> str:
        return f"asked {self.asked_at}"
