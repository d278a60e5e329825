"""Urgent advisories that touch a system are told to its owner and its provider, by a notice that says how many."""

from importlib import import_module

from django.db import migrations, models

MESSAGES: dict[str, str] = {}
for _before in ("0039_cut_words", "0041_board_rest", "0042_duty_rest"):
    MESSAGES |= getattr(import_module(f"notifications.migrations.{_before}"), "MESSAGES", {})
MESSAGES |= {"advisories": "Urgent advisories touch its systems"}


def changed(function: str, was: str, to: str) -> str:
    """A function with one part in other words; it fails when the part is not there."""
    return f"""
DO $do$ DECLARE made text := pg_get_functiondef('{function}'::regprocedure); BEGIN
    ASSERT position($was${was}$was$ IN made) > 0, made;
    EXECUTE replace(made, $was${was}$was$, $to${to}$to$);
END $do$;
"""


KIND = "WHEN 'mail.trusted' THEN 'named'"
TOLD_OF = ("sec.told_of(text, jsonb)", KIND, f"{KIND} WHEN 'advisory.matched' THEN 'named'")
# It belongs to no incident.
PLANNED = ("sec.planning_wanted()", "'mail.trusted',", "'mail.trusted', 'advisory.matched',")
# A notice has no reference; of this one the sender is told how many there are.
REFERENCE = "d.incident_reference,"
COUNTED = (
    "sec.claimed(text)",
    REFERENCE,
    (
        "CASE d.message WHEN 'advisories' THEN (SELECT e.data ->> 'count' FROM public.ledger_event e"
        " WHERE e.id = d.event_id) ELSE d.incident_reference END,"
    ),
)
ALL = (TOLD_OF, PLANNED, COUNTED)
FORWARD = "".join(changed(*each) for each in ALL)
BACKWARD = "".join(changed(function, to, was) for function, was, to in ALL)
TAKEN_BACK = "SET CONSTRAINTS ALL IMMEDIATE; DELETE FROM notifications_delivery WHERE message = 'advisories';"


class Migration(migrations.Migration):
    dependencies = [("notifications", "0042_duty_rest")]
    operations = [
        migrations.AlterField("delivery", "message", models.TextField(choices=list(MESSAGES.items()))),
        migrations.RemoveConstraint("delivery", "delivery_message"),
        migrations.AddConstraint(
            "delivery",
            models.CheckConstraint(condition=models.Q(message__in=list(MESSAGES)), name="delivery_message"),
        ),
        migrations.RunSQL(migrations.RunSQL.noop, TAKEN_BACK),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
