"""What the lead does from an organisation's row: the open message again, and the ladder's next step at once.

Functions say it, and the events that they write are what is planned from: nobody else can call people by writing one.
"""

from importlib import import_module

from django.db import migrations

DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
KINDS = "WHEN ''call.repeated'' THEN ''named''"
TOLD, NOT_TOLD = (
    text.replace(import_module("notifications.migrations.0033_duty_reminders").KINDS, KINDS)
    for text in (
        import_module("notifications.migrations.0033_duty_reminders").TOLD,
        import_module("notifications.migrations.0033_duty_reminders").NOT_TOLD,
    )
)

PRESSING = f"""
-- The side of another organisation that has not answered yet, locked, for an incident manager of the lead.
CREATE FUNCTION sec.row_to_press(incident uuid, whom text) RETURNS public.incidents_participant
LANGUAGE plpgsql {DEFINER} AS $$
DECLARE i public.incidents_incident; p public.incidents_participant; BEGIN
    SELECT * INTO i FROM public.incidents_incident x WHERE x.id = incident AND x.lead_id = sec.me();
    IF i.id IS NULL OR (sec.who() IS NOT NULL AND sec.role() IN ('administrator', 'incident_manager')) IS NOT TRUE THEN
        RAISE EXCEPTION 'an incident manager of the lead does this' USING ERRCODE = '42501';
    END IF;
    IF i.status IN ('suspected', 'closed') OR i.suspended_at IS NOT NULL THEN
        RAISE EXCEPTION 'only while the incident is open' USING ERRCODE = '23514';
    END IF;
    SELECT * INTO p FROM public.incidents_participant x
     WHERE x.incident_id = incident AND x.slug = whom AND x.organisation_id <> i.lead_id FOR NO KEY UPDATE;
    IF p.id IS NULL THEN
        RAISE EXCEPTION 'another participant is meant' USING ERRCODE = '42501';
    END IF;
    IF p.acknowledged_at IS NOT NULL THEN
        RAISE EXCEPTION 'it has answered: ask it for an update instead' USING ERRCODE = '23514';
    END IF;
    RETURN p;
END $$;
CREATE FUNCTION sec.row_pressed(p public.incidents_participant, what text) RETURNS void LANGUAGE sql {DEFINER} AS $$
    INSERT INTO public.ledger_event (id, kind, at, actor_organisation_id, actor_kind, actor_person_id, incident_id,
                                     incident_reference, subject_id, audience, data)
    SELECT gen_random_uuid(), what, clock_timestamp(), sec.me(), 'person', sec.who(), i.id, i.reference, p.organisation_id,
           ARRAY(SELECT DISTINCT x FROM unnest(i.overseers || p.organisation_id) x),
           jsonb_build_object('organisation', p.slug)
      FROM public.incidents_incident i WHERE i.id = p.incident_id
$$;
-- The open message again; a job plans it from the event.
CREATE FUNCTION sec.repeat_call(incident uuid, whom text) RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
DECLARE p public.incidents_participant := sec.row_to_press(incident, whom); BEGIN
    IF EXISTS (SELECT 1 FROM public.ledger_event e WHERE e.incident_id = incident AND e.kind = 'call.repeated'
                  AND e.subject_id = p.organisation_id AND e.at > clock_timestamp() - interval '10 minutes') THEN
        RAISE EXCEPTION 'it was nudged within the last ten minutes: ring its duty desk, or have the next contact called'
            USING ERRCODE = '23514';
    END IF;
    PERFORM sec.row_pressed(p, 'call.repeated');
END $$;
-- Whoever is called now has no more time: the ladder's job calls the next within a second.
CREATE FUNCTION sec.hurry_call(incident uuid, whom text) RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
DECLARE p public.incidents_participant := sec.row_to_press(incident, whom); BEGIN
    UPDATE public.notifications_ladderstep s
       SET due_at = clock_timestamp(), quiet = false, because = 'The lead had the next contact called at once.'
     WHERE s.incident_id = incident AND s.organisation_id = p.organisation_id AND s.state = 'waiting'
       AND s.begun_at IS NOT NULL AND s.due_at > clock_timestamp();
    IF NOT FOUND THEN
        RAISE EXCEPTION 'its next contact is being called already, or it has no ladder: ring its duty desk'
            USING ERRCODE = '23514';
    END IF;
    PERFORM sec.row_pressed(p, 'call.hurried');
END $$;
REVOKE ALL ON FUNCTION sec.row_to_press(uuid, text), sec.row_pressed(public.incidents_participant, text),
    sec.repeat_call(uuid, text), sec.hurry_call(uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.repeat_call(uuid, text), sec.hurry_call(uuid, text) TO portal_app;
"""
BACKWARD = """
DROP FUNCTION sec.hurry_call(uuid, text), sec.repeat_call(uuid, text),
    sec.row_pressed(public.incidents_participant, text), sec.row_to_press(uuid, text);
"""


class Migration(migrations.Migration):
    dependencies = [("notifications", "0036_page_head")]
    operations = [migrations.RunSQL(PRESSING, BACKWARD), migrations.RunSQL(TOLD, NOT_TOLD)]
