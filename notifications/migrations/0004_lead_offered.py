"""A message of its own kind: an organisation is asked to take the lead of an incident."""

from django.db import migrations, models

TOLD_OF = """
CREATE OR REPLACE FUNCTION sec.told_of(kind text, data jsonb) RETURNS text LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE kind WHEN 'tasks.assigned' THEN 'named' WHEN 'incident.widened' THEN 'everybody'
                     WHEN 'incident.moved' THEN CASE WHEN data ->> 'was' = 'suspected' THEN 'everybody' END
                     WHEN 'incident.closed' THEN 'everybody' WHEN 'delivery.dead' THEN 'named'
                     WHEN 'break_glass.used' THEN 'everybody' WHEN 'break_glass.drilled' THEN 'everybody'
                     WHEN 'emergency_access.given' THEN 'named'%s END
$$;
"""
MESSAGES = {
    "opened": "Incident opened",
    "suspected": "Incident suspected",
    "stood_down": "Stood down",
    "lead_offered": "Asked to take the lead",
    "break_glass": "Break-glass account used",
    "break_glass_drill": "Drill: break-glass account used",
    "their_break_glass": "Break-glass account of a partner used",
    "their_break_glass_drill": "Drill: break-glass account of a partner used",
    "emergency_access": "Somebody was let in by emergency enrolment",
}


class Migration(migrations.Migration):
    dependencies = [("notifications", "0003_own_notices"), ("incidents", "0008_hand_over_security")]
    operations = [
        migrations.RunSQL(TOLD_OF % " WHEN 'lead.offered' THEN 'named'", TOLD_OF % ""),
        migrations.AlterField("delivery", "message", models.TextField(choices=list(MESSAGES.items()))),
        migrations.RemoveConstraint("delivery", "delivery_message"),
        migrations.AddConstraint(
            "delivery",
            models.CheckConstraint(condition=models.Q(message__in=list(MESSAGES)), name="delivery_message"),
        ),
    ]
