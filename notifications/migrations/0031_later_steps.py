"""Whoever has steps that come later hears of them, and the lead of a question that the plan waits for."""

from importlib import import_module

from django.db import migrations, models

before = import_module("notifications.migrations.0025_leads_now")
MESSAGES = {
    **before.DELIVERED,
    "steps_ready": "Further steps are ready",
    "decision_asked": "The plan waits for a decision",
}
TOLD = """
DO $do$ DECLARE told text := pg_get_functiondef('sec.told_of(text, jsonb)'::regprocedure); BEGIN
    EXECUTE regexp_replace(told, 'END(\\s*)\\$function\\$',
        'WHEN ''tasks.ready'' THEN ''named'' WHEN ''incident.asked'' THEN ''everybody'' END\\1$function$');
END $do$;
"""
NOT_TOLD = """
DO $do$ DECLARE told text := pg_get_functiondef('sec.told_of(text, jsonb)'::regprocedure); BEGIN
    EXECUTE replace(told, 'WHEN ''tasks.ready'' THEN ''named'' WHEN ''incident.asked'' THEN ''everybody'' END', 'END');
END $do$;
"""
TAKEN_BACK = (
    "SET CONSTRAINTS ALL IMMEDIATE;"
    " DELETE FROM notifications_delivery WHERE message IN ('steps_ready', 'decision_asked');"
)
# A plan stands still while its question waits: nobody reads it in ten minutes' time.
ONCE = f"{before.ONCE}, 'leads_now'"


class Migration(migrations.Migration):
    dependencies = [("notifications", "0030_lead_paths")]
    operations = [
        migrations.AlterField("delivery", "message", models.TextField(choices=list(MESSAGES.items()))),
        migrations.RemoveConstraint("delivery", "delivery_message"),
        migrations.AddConstraint(
            "delivery",
            models.CheckConstraint(condition=models.Q(message__in=list(MESSAGES)), name="delivery_message"),
        ),
        migrations.RunSQL(migrations.RunSQL.noop, TAKEN_BACK),
        migrations.RunSQL(
            TOLD + before.exempt(f"{ONCE}, 'decision_asked'"),
            NOT_TOLD + before.exempt(ONCE),
        ),
    ]
