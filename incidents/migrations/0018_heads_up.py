"""A word to members outside an incident (TLP:GREEN), without names. Functions alone write it.

Each recipient gets an event of its own, in the name of nobody: who else got one, and who sent it, would say who is inside.
"""

import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

from portal.tenancy.policies import ME, Allow, protect

DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
SHOWN = ("id", "text", "exercise", "sent_at", "ended_at")

SENDING = f"""
-- Which names of organisations and systems stand in the words, for whoever would send them; one is enough to refuse them.
CREATE FUNCTION sec.send_heads_up(incident uuid, words text) RETURNS integer LANGUAGE plpgsql {DEFINER} AS $$
DECLARE i public.incidents_incident; made uuid := gen_random_uuid(); whom uuid[]; named text; BEGIN
    SELECT * INTO i FROM public.incidents_incident x WHERE x.id = incident AND x.lead_id = sec.me() FOR NO KEY UPDATE;
    IF i.id IS NULL OR NOT sec.may_lead() THEN
        RAISE EXCEPTION 'an incident manager of the lead sends this, with a passkey used just now' USING ERRCODE = '42501';
    END IF;
    IF i.status IN ('suspected', 'closed') THEN
        RAISE EXCEPTION 'only while the incident is open' USING ERRCODE = '23514';
    END IF;
    IF length(btrim(words)) NOT BETWEEN 1 AND 600 THEN
        RAISE EXCEPTION 'between 1 and 600 characters' USING ERRCODE = '23514';
    END IF;
    SELECT n.name INTO named FROM (
        SELECT o.name FROM public.partners_organisation o UNION SELECT o.slug FROM public.partners_organisation o
        UNION SELECT s.name FROM public.incidents_incidentsystem s WHERE s.incident_id = incident
        UNION SELECT i.reference) n
     WHERE length(n.name) > 2 AND position(lower(n.name) IN lower(words)) > 0 ORDER BY length(n.name) DESC LIMIT 1;
    IF named IS NOT NULL THEN
        RAISE EXCEPTION 'it goes to members outside the incident, without names: take out %', quote_literal(named)
            USING ERRCODE = '23514';
    END IF;
    IF EXISTS (SELECT 1 FROM public.incidents_headsup h WHERE h.incident_id = incident
                  AND h.sent_at > clock_timestamp() - interval '1 hour') THEN
        RAISE EXCEPTION 'one was sent within the last hour' USING ERRCODE = '23514';
    END IF;
    SELECT array_agg(o.id) INTO whom FROM public.partners_organisation o
     WHERE o.status = 'current' AND NOT o.id = ANY (i.participants);
    IF whom IS NULL THEN
        RAISE EXCEPTION 'every member takes part: send an update' USING ERRCODE = '23514';
    END IF;
    INSERT INTO public.incidents_headsup (id, incident_id, text, exercise, sent_at, recipients)
    VALUES (made, incident, btrim(words), i.exercise, clock_timestamp(), whom);
    INSERT INTO public.ledger_event (id, kind, at, actor_kind, incident_reference, subject_id, audience, data)
    SELECT gen_random_uuid(), 'headsup.received', clock_timestamp(), 'system', '', made, ARRAY[w],
           jsonb_build_object('text', btrim(words), 'exercise', i.exercise) FROM unnest(whom) w;
    INSERT INTO public.ledger_event (id, kind, at, actor_organisation_id, actor_kind, actor_person_id, incident_id,
                                     incident_reference, subject_id, audience, data)
    VALUES (gen_random_uuid(), 'headsup.sent', clock_timestamp(), sec.me(), 'person', sec.who(), i.id, i.reference, made,
            ARRAY(SELECT DISTINCT x FROM unnest(i.overseers || sec.me()) x),
            jsonb_build_object('text', btrim(words), 'organisations', cardinality(whom)));
    RETURN cardinality(whom);
END $$;
-- What was sent of an incident, for its overseers.
CREATE FUNCTION sec.heads_ups(incident uuid) RETURNS TABLE (id uuid, text text, sent_at timestamptz, organisations integer)
LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT h.id, h.text, h.sent_at, cardinality(h.recipients) FROM public.incidents_headsup h
      JOIN public.incidents_incident i ON i.id = h.incident_id AND sec.me() = ANY (i.overseers)
     WHERE h.incident_id = incident ORDER BY h.sent_at DESC
$$;
-- How many members it would go to; for the lead, before it is sent.
CREATE FUNCTION sec.outside_of(incident uuid) RETURNS integer LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT count(*)::integer FROM public.partners_organisation o JOIN public.incidents_incident i ON i.id = incident
     WHERE i.lead_id = sec.me() AND o.status = 'current' AND NOT o.id = ANY (i.participants)
$$;
CREATE FUNCTION sec.heads_up_over() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    WITH over AS (UPDATE public.incidents_headsup h SET ended_at = clock_timestamp()
                   WHERE h.incident_id = NEW.id AND h.ended_at IS NULL RETURNING h.id, h.recipients, h.exercise)
    INSERT INTO public.ledger_event (id, kind, at, actor_kind, incident_reference, subject_id, audience, data)
    SELECT gen_random_uuid(), 'headsup.ended', clock_timestamp(), 'system', '', o.id, ARRAY[w],
           jsonb_build_object('exercise', o.exercise)
      FROM over o CROSS JOIN unnest(o.recipients) w;
    RETURN NULL;
END $$;
CREATE TRIGGER heads_up_over AFTER UPDATE OF status ON incidents_incident FOR EACH ROW
    WHEN (NEW.status = 'closed' AND OLD.status <> 'closed') EXECUTE FUNCTION sec.heads_up_over();
REVOKE ALL ON FUNCTION sec.send_heads_up(uuid, text), sec.heads_ups(uuid), sec.outside_of(uuid), sec.heads_up_over()
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.send_heads_up(uuid, text), sec.heads_ups(uuid), sec.outside_of(uuid) TO portal_app;
"""
BACKWARD = """
DROP TRIGGER heads_up_over ON incidents_incident;
DROP FUNCTION sec.heads_up_over(), sec.outside_of(uuid), sec.heads_ups(uuid), sec.send_heads_up(uuid, text);
"""


class Migration(migrations.Migration):
    dependencies = [("incidents", "0017_asking")]
    operations = [
        migrations.CreateModel(
            name="HeadsUp",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("text", models.TextField()),
                ("exercise", models.BooleanField(default=False)),
                ("sent_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "recipients",
                    django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), editable=False, size=None),
                ),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="incidents.incident"
                    ),
                ),
            ],
            options={"ordering": ["-sent_at"]},
        ),
        migrations.RunSQL(SENDING, BACKWARD),
        protect("incidents_headsup", Allow("portal_app", "select", f"{ME} = ANY (recipients)", columns=SHOWN)),
    ]
