"""Messages that belong to no incident: a break-glass account was used, somebody was let in by emergency enrolment.

An organisation's own notice is planned from an event without an incident, of a few kinds only. It is seen by that
organisation alone; the worker writes it inside, to the organisation's own contact points.
"""

import django.db.models.deletion
from django.db import migrations, models

DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
MESSAGES = [
    "opened", "suspected", "stood_down", "break_glass", "break_glass_drill", "their_break_glass",
    "their_break_glass_drill", "emergency_access",
]  # fmt: skip
ME = "(SELECT sec.me())"

# What 0002 says of these two functions and policies, and what holds from now on.
TOLD_OF = """
CREATE OR REPLACE FUNCTION sec.told_of(kind text, data jsonb) RETURNS text LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE kind WHEN 'tasks.assigned' THEN 'named' WHEN 'incident.widened' THEN 'everybody'
                     WHEN 'incident.moved' THEN CASE WHEN data ->> 'was' = 'suspected' THEN 'everybody' END
                     WHEN 'incident.closed' THEN 'everybody' WHEN 'delivery.dead' THEN 'named'%s END
$$;
"""
OWN_KINDS = """
                     WHEN 'break_glass.used' THEN 'everybody' WHEN 'break_glass.drilled' THEN 'everybody'
                     WHEN 'emergency_access.given' THEN 'named'"""
PLANNING = f"""
CREATE OR REPLACE FUNCTION sec.planning_wanted() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    INSERT INTO public.notifications_planning (id, event_id, organisation_id, incident_id, kind, subject_id)
    SELECT gen_random_uuid(), e.id, n.organisation_id, e.incident_id, e.kind, e.subject_id
      FROM added n JOIN public.ledger_event e ON e.id = n.event_id
     WHERE %s AND CASE sec.told_of(e.kind, e.data) WHEN 'everybody' THEN true
           WHEN 'named' THEN EXISTS (SELECT 1 FROM public.partners_organisation o
                                      WHERE o.id = n.organisation_id AND o.slug = e.data ->> 'organisation')
           ELSE false END
    ON CONFLICT (event_id, organisation_id) DO NOTHING;
    RETURN NULL;
END $$;
"""
WITH_AN_INCIDENT = "e.incident_id IS NOT NULL"
OR_OF_ITS_OWN = (
    "(e.incident_id IS NOT NULL OR e.kind = 'delivery.dead' OR e.kind LIKE 'break_glass.%'"
    " OR e.kind LIKE 'emergency_access.%')"
)


def incident(condition: str) -> str:
    return (
        f"EXISTS (SELECT 1 FROM incidents_incident i WHERE i.id = notifications_delivery.incident_id AND ({condition}))"
    )


OWN = f"(incident_id IS NULL AND organisation_id = {ME})"
SIDE = incident(f"notifications_delivery.organisation_id = {ME} OR {ME} = ANY (i.overseers)")
IN_IT = incident(f"{ME} = ANY (i.participants)")
OWN_PEOPLE = (
    f"organisation_id = {ME} AND state IN ('pending', 'skipped') AND %s"
    " AND EXISTS (SELECT 1 FROM partners_contactpoint c WHERE c.id = notifications_delivery.contact_point_id"
    f" AND c.organisation_id = {ME} AND c.person_id IS NOT DISTINCT FROM notifications_delivery.person_id)"
)
POLICIES = """
ALTER POLICY portal_app_select ON notifications_delivery USING (%s);
ALTER POLICY portal_worker_insert ON notifications_delivery WITH CHECK (%s);
"""
FORWARD = (
    TOLD_OF % OWN_KINDS
    + PLANNING.replace("%s", OR_OF_ITS_OWN)
    + POLICIES % (f"{OWN} OR {SIDE}", OWN_PEOPLE % f"(incident_id IS NULL OR {IN_IT})")
    # Which event a notice told of: whose account it was, and what the next way tells of when one failed.
    + "GRANT SELECT (event_id) ON notifications_delivery TO portal_app, portal_worker;"
)
BACKWARD = (
    "REVOKE SELECT (event_id) ON notifications_delivery FROM portal_app, portal_worker;"
    + POLICIES % (SIDE, OWN_PEOPLE % IN_IT)
    + PLANNING.replace("%s", WITH_AN_INCIDENT)
    + TOLD_OF % ""
    + "DELETE FROM notifications_planning WHERE incident_id IS NULL;"
    " DELETE FROM notifications_delivery WHERE incident_id IS NULL;"
)


class Migration(migrations.Migration):
    dependencies = [("notifications", "0002_row_security")]
    operations = [
        migrations.AlterField("planning", "incident_id", models.UUIDField(null=True)),
        migrations.AlterField(
            "delivery",
            "incident",
            models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="deliveries",
                to="incidents.incident",
            ),
        ),
        migrations.AlterField(
            "delivery",
            "message",
            models.TextField(
                choices=[
                    ("opened", "Incident opened"),
                    ("suspected", "Incident suspected"),
                    ("stood_down", "Stood down"),
                    ("break_glass", "Break-glass account used"),
                    ("break_glass_drill", "Drill: break-glass account used"),
                    ("their_break_glass", "Break-glass account of a partner used"),
                    ("their_break_glass_drill", "Drill: break-glass account of a partner used"),
                    ("emergency_access", "Somebody was let in by emergency enrolment"),
                ]
            ),
        ),
        migrations.RemoveConstraint("delivery", "delivery_message"),
        migrations.AddConstraint(
            "delivery",
            models.CheckConstraint(condition=models.Q(message__in=MESSAGES), name="delivery_message"),
        ),
        migrations.AddIndex(
            "delivery",
            models.Index(fields=["organisation"], name="delivery_notice", condition=models.Q(("incident", None))),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
