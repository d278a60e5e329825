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


class Migration(migrations.Migration):
    dependencies = [("notifications", "0024_wording")]
    operations = [
        migrations.AlterField("delivery", "message", models.TextField(choices=list(DELIVERED.items()))),
        migrations.RemoveConstraint("delivery", "delivery_message"),
        migrations.AddConstraint(
            "delivery",
            models.CheckConstraint(condition=models.Q(message__in=list(DELIVERED)), name="delivery_message"),
        ),
        migrations.RunSQL(TOLD + exempt(f"{ONCE}, 'leads_now'"), NOT_TOLD + exempt(ONCE)),
    ]
