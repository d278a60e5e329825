"""The lead is reminded of the update that it promised: five minutes before, when it is due, and a quarter of an hour after."""

import uuid

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

from portal.tenancy.policies import ME, Allow, protect

DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
LED = f"lead_id = {ME}"

REMINDING = f"""
-- Once for each promise, lead and stage, by the database's clock; how many. An update, another time or the end of the
-- incident ends it, and a new lead is reminded anew, because each of them changes what is looked for.
CREATE FUNCTION sec.remind_of_updates() RETURNS integer LANGUAGE sql {DEFINER} AS $$
    WITH new AS (
        INSERT INTO public.incidents_updatereminder (id, incident_id, lead_id, promised_at, stage)
        SELECT gen_random_uuid(), i.id, i.lead_id, i.next_update_at,
               CASE WHEN i.next_update_at <= clock_timestamp() - interval '15 minutes' THEN 'late'
                    WHEN i.next_update_at <= clock_timestamp() THEN 'due' ELSE 'soon' END
          FROM public.incidents_incident i
         WHERE i.status <> 'closed' AND i.next_update_at <= clock_timestamp() + interval '5 minutes'
        ON CONFLICT DO NOTHING RETURNING *
    ), said AS (
        INSERT INTO public.ledger_event (id, kind, at, actor_kind, incident_id, incident_reference, subject_id, audience,
                                         data)
        SELECT gen_random_uuid(), 'update.due', clock_timestamp(), 'system', i.id, i.reference, n.id, ARRAY[n.lead_id],
               jsonb_build_object('organisation', o.slug, 'stage', n.stage, 'promised_at', n.promised_at)
          FROM new n JOIN public.incidents_incident i ON i.id = n.incident_id
          JOIN public.partners_organisation o ON o.id = n.lead_id
        RETURNING 1
    )
    SELECT count(*)::integer FROM said
$$;
REVOKE ALL ON FUNCTION sec.remind_of_updates() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.remind_of_updates() TO portal_worker;
"""


class Migration(migrations.Migration):
    dependencies = [("incidents", "0018_heads_up")]
    operations = [
        migrations.CreateModel(
            name="UpdateReminder",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("promised_at", models.DateTimeField()),
                ("stage", models.TextField(choices=[("soon", "Soon"), ("due", "Due"), ("late", "Late")])),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "incident",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="update_reminders",
                        to="incidents.incident",
                    ),
                ),
                (
                    "lead",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="partners.organisation",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("incident", "lead", "promised_at", "stage"), name="update_reminder_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("stage__in", ["soon", "due", "late"])), name="update_reminder_stage"
                    ),
                ],
            },
        ),
        migrations.RunSQL(REMINDING, "DROP FUNCTION sec.remind_of_updates();"),
        # For the lead that was reminded: planning reads what it was about.
        protect("incidents_updatereminder", Allow("portal_worker", "select", LED)),
    ]
