"""Whoever is sent a notice of its data is told that something waits, and again while nobody acknowledges it."""

from importlib import import_module

from django.db import migrations, models

from portal.tenancy.policies import ME

before = import_module("notifications.migrations.0033_duty_reminders")
own = import_module("notifications.migrations.0003_own_notices")
exempt = before.exempt
MESSAGES = {**before.MESSAGES, "data_notice": "Sent a notice of its data"}
KINDS = " ".join(f"WHEN ''data_notice.{each}'' THEN ''named''" for each in ("sent", "reminded", "overdue"))
TOLD = f"""
DO $do$ DECLARE told text := pg_get_functiondef('sec.told_of(text, jsonb)'::regprocedure); BEGIN
    EXECUTE regexp_replace(told, 'END(\\s*)\\$function\\$', '{KINDS} END\\1$function$');
END $do$;
"""
NOT_TOLD = f"""
DO $do$ DECLARE told text := pg_get_functiondef('sec.told_of(text, jsonb)'::regprocedure); BEGIN
    EXECUTE replace(told, '{KINDS} END', 'END');
END $do$;
"""


# A clock of the law starts with it: nobody reads it in ten minutes' time.
FIRST, WITH_IT = "ARRAY['opened'::text", "ARRAY['data_notice'::text, 'opened'::text"
# Who leads, deputises or provides sees how everybody is told of the incident, and never that a notice went to somebody,
# or that somebody's own clock runs.
SEEN = "ALTER POLICY portal_app_select ON notifications_delivery USING (%s);"
ADDRESSED = own.incident(
    f"notifications_delivery.organisation_id = {ME} OR {ME} = ANY (i.overseers)"
    " AND notifications_delivery.message <> ALL (ARRAY['data_notice', 'duty_due'])"
)
TAKEN_BACK = "SET CONSTRAINTS ALL IMMEDIATE; DELETE FROM notifications_delivery WHERE message = 'data_notice';"


class Migration(migrations.Migration):
    dependencies = [("notifications", "0033_duty_reminders"), ("incidents", "0038_data_positions")]
    operations = [
        migrations.AlterField("delivery", "message", models.TextField(choices=list(MESSAGES.items()))),
        migrations.RemoveConstraint("delivery", "delivery_message"),
        migrations.AddConstraint(
            "delivery",
            models.CheckConstraint(condition=models.Q(message__in=list(MESSAGES)), name="delivery_message"),
        ),
        migrations.RunSQL(migrations.RunSQL.noop, TAKEN_BACK),
        migrations.RunSQL(TOLD + exempt(FIRST, WITH_IT), NOT_TOLD + exempt(WITH_IT, FIRST)),
        migrations.RunSQL(SEEN % f"{own.OWN} OR {ADDRESSED}", SEEN % f"{own.OWN} OR {own.SIDE}"),
    ]
