"""Whoever leads from one moment to the next, because the lead was cut off, is told so: its steps have clocks."""

from importlib import import_module

from django.db import migrations, models

DELIVERED = {
    **import_module("notifications.migrations.0024_wording").DELIVERED,
    "leads_now": "Leads from now on",
}
TOLD = """
DO $do$ DECLARE told text := pg_get_functiondef('sec.told_of(text, jsonb)'::regprocedure); BEGIN
    EXECUTE regexp_replace(told, 'END(\\s*)\\$function\\$', 'WHEN ''incident.handed_over'' THEN ''named'' END\\1$function$');
END $do$;
"""
NOT_TOLD = """
DO $do$ DECLARE told text := pg_get_functiondef('sec.told_of(text, jsonb)'::regprocedure); BEGIN
    EXECUTE replace(told, 'WHEN ''incident.handed_over'' THEN ''named'' END', 'END');
END $do$;
"""

# What is told once by its nature is not held back when somebody had a message within ten minutes.
ONCE = "'opened', 'suspected', 'stood_down', 'lead_offered'"


def exempt(messages: str) -> str:
    return f"""
CREATE OR REPLACE TRIGGER one_in_ten_minutes BEFORE INSERT ON notifications_delivery FOR EACH ROW
    WHEN (NEW.state = 'pending' AND NEW.incident_id IS NOT NULL AND NEW.step_id IS NULL
          AND NEW.message NOT IN ({messages}))
    EXECUTE FUNCTION sec.one_in_ten_minutes();
"""


marks = import_module("notifications.migrations.0011_mail_distrust")
steady = import_module("notifications.migrations.0013_steady").STEADY
# A channel or a browser costs nobody their text message: nobody counts as told by them.
HELD_BEFORE = marks.function(import_module("notifications.migrations.0010_ladder").SENDING, "one_in_ten_minutes")
HELD = marks.without(
    HELD_BEFORE,
    ("coalesce(d.person_id, d.contact_point_id) = whom", ("coalesce(d.person_id, d.contact_point_id) = whom"
     " AND NOT d.way = ANY ('{teams,slack,push}')")),
)  # fmt: skip
# Whoever wished to be told in the morning is not late before.
LATE_BEFORE = marks.function(steady, "enter_late")
LATE = marks.without(
    LATE_BEFORE,
    ("d.next_way <> 'taken' AND", "d.next_way <> 'taken' AND NOT (d.quiet AND d.due_at > clock_timestamp()) AND"),
)
# One council's channel is no way out of the portal's: a page of everybody else says nothing of it.
OUT_BEFORE = marks.function(steady, "ways_out")
OUT = marks.without(
    OUT_BEFORE,
    (
        "WHERE w.canary_tried_at > now() - interval '10 minutes' OR w.opened_at IS NOT NULL",
        (
            "WHERE NOT w.transport = ANY ('{teams,slack,push}')\n"
            "       AND (w.canary_tried_at > now() - interval '10 minutes' OR w.opened_at IS NOT NULL)"
        ),
    ),
)
# What was told of it goes on the way back, like the messages of former migrations.
TAKEN_BACK = "SET CONSTRAINTS ALL IMMEDIATE; DELETE FROM notifications_delivery WHERE message = 'leads_now';"


class Migration(migrations.Migration):
    dependencies = [("notifications", "0024_wording")]
    operations = [
        migrations.AlterField("delivery", "message", models.TextField(choices=list(DELIVERED.items()))),
        migrations.RemoveConstraint("delivery", "delivery_message"),
        migrations.AddConstraint(
            "delivery",
            models.CheckConstraint(condition=models.Q(message__in=list(DELIVERED)), name="delivery_message"),
        ),
        migrations.RunSQL(migrations.RunSQL.noop, TAKEN_BACK),
        migrations.RunSQL(HELD + LATE + OUT, HELD_BEFORE + LATE_BEFORE + OUT_BEFORE),
        migrations.RunSQL(TOLD + exempt(f"{ONCE}, 'leads_now'"), NOT_TOLD + exempt(ONCE)),
    ]
