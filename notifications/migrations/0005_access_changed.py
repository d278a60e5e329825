"""An organisation is told that its access has changed: a step of isolation was taken against it, or has ended.

Content-free like every notice, with or without an incident, and new for each step.
"""

from django.db import migrations, models

DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
TOLD_OF = """
CREATE OR REPLACE FUNCTION sec.told_of(kind text, data jsonb) RETURNS text LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE kind WHEN 'tasks.assigned' THEN 'named' WHEN 'incident.widened' THEN 'everybody'
                     WHEN 'incident.moved' THEN CASE WHEN data ->> 'was' = 'suspected' THEN 'everybody' END
                     WHEN 'incident.closed' THEN 'everybody' WHEN 'delivery.dead' THEN 'named'
                     WHEN 'break_glass.used' THEN 'everybody' WHEN 'break_glass.drilled' THEN 'everybody'
                     WHEN 'emergency_access.given' THEN 'named' WHEN 'lead.offered' THEN 'named'%s END
$$;
"""
PLANNING = f"""
CREATE OR REPLACE FUNCTION sec.planning_wanted() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    INSERT INTO public.notifications_planning (id, event_id, organisation_id, incident_id, kind, subject_id)
    SELECT gen_random_uuid(), e.id, n.organisation_id, e.incident_id, e.kind, e.subject_id
      FROM added n JOIN public.ledger_event e ON e.id = n.event_id
     WHERE (e.incident_id IS NOT NULL OR e.kind = 'delivery.dead' OR e.kind LIKE 'break_glass.%'
            OR e.kind LIKE 'emergency_access.%'@also@)
       AND CASE sec.told_of(e.kind, e.data) WHEN 'everybody' THEN true
           WHEN 'named' THEN EXISTS (SELECT 1 FROM public.partners_organisation o
                                      WHERE o.id = n.organisation_id AND o.slug = e.data ->> 'organisation')
           ELSE false END
    ON CONFLICT (event_id, organisation_id) DO NOTHING;
    RETURN NULL;
END $$;
"""
KINDS = " WHEN 'organisation.isolated' THEN 'named' WHEN 'organisation.reconnected' THEN 'named'"
ALSO = " OR e.kind IN ('organisation.isolated', 'organisation.reconnected')"
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
    "access_changed": "The organisation's access has changed",
}


class Migration(migrations.Migration):
    dependencies = [("notifications", "0004_lead_offered"), ("incidents", "0006_isolation")]
    operations = [
        migrations.RunSQL(
            TOLD_OF % KINDS + PLANNING.replace("@also@", ALSO), PLANNING.replace("@also@", "") + TOLD_OF % ""
        ),
        migrations.AlterField("delivery", "message", models.TextField(choices=list(MESSAGES.items()))),
        migrations.RemoveConstraint("delivery", "delivery_message"),
        migrations.AddConstraint(
            "delivery",
            models.CheckConstraint(condition=models.Q(message__in=list(MESSAGES)), name="delivery_message"),
        ),
    ]
