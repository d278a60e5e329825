"""Mends of runs: who decides and lets off, what a job and the lead do at the same time, what an answer is and until when."""

from importlib import import_module

from django.db import migrations

from portal.tenancy.policies import MINE

BEFORE = import_module("incidents.migrations.0025_running_security")
DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
MANAGES = "coalesce(sec.role(), '') IN ('administrator', 'incident_manager') AND sec.who() IS NOT NULL"

ENTERING = f"""
CREATE OR REPLACE FUNCTION sec.enter_run(incident uuid, worker text) RETURNS text LANGUAGE plpgsql {DEFINER} AS $$
DECLARE org uuid; BEGIN
    {{HELD}}SELECT r.lead_id INTO org FROM public.incidents_run r
     WHERE r.incident_id = incident AND r.claimed_by = worker AND worker <> '' AND r.claimed_until > clock_timestamp();
    IF org IS NULL THEN
        RAISE EXCEPTION 'no claim on this run' USING ERRCODE = '42501';
    END IF;
    RETURN sec.enter(org);
END $$;
"""
# Before every other row, as the lead's own acts do it: neither waits for the other with something in hand.
HELD = """-- Whoever closes, hands over or puts aside comes before this look at the run or after it, never in the middle.
    PERFORM 1 FROM public.incidents_incident x WHERE x.id = incident FOR SHARE;
    """

DECIDING = f"""
-- The lead's word on what the portal cannot tell. Chosen once: asked again it must be the same. The incident is held first:
-- a job that looks at the run holds it, too, and takes decision and run in an order of its own.
CREATE OR REPLACE FUNCTION sec.choose(decision uuid, pick text, words text) RETURNS boolean LANGUAGE plpgsql {DEFINER} AS $$
DECLARE d public.incidents_decision; i public.incidents_incident; BEGIN
    SELECT x.* INTO i FROM public.incidents_incident x
     WHERE x.id = (SELECT y.incident_id FROM public.incidents_decision y WHERE y.id = decision) AND x.lead_id = sec.me()
       FOR NO KEY UPDATE;
    IF i.id IS NULL OR NOT ({MANAGES}) THEN
        RAISE EXCEPTION 'an incident manager of the lead decides this' USING ERRCODE = '42501';
    END IF;
    SELECT x.* INTO d FROM public.incidents_decision x WHERE x.id = decision FOR NO KEY UPDATE;
    IF d.chosen IS NOT NULL AND d.chosen = pick THEN
        RETURN false;
    END IF;
    IF d.chosen IS NOT NULL OR d.withdrawn_at IS NOT NULL THEN
        RAISE EXCEPTION 'this is decided already' USING ERRCODE = '23514';
    END IF;
    IF i.status = 'closed' OR i.suspended_at IS NOT NULL THEN
        RAISE EXCEPTION 'the incident is closed, or put aside' USING ERRCODE = '23514';
    END IF;
    IF NOT coalesce(d.choices ? pick, false) OR btrim(coalesce(words, '')) = '' OR length(words) > 600 THEN
        RAISE EXCEPTION 'one of the choices, and why' USING ERRCODE = '23514';
    END IF;
    UPDATE public.incidents_decision x
       SET chosen = pick, why = btrim(words), chosen_by_organisation_id = sec.me(), chosen_by_id = sec.who(),
           chosen_at = clock_timestamp()
     WHERE x.id = decision;
    UPDATE public.incidents_run r SET due_at = least(r.due_at, clock_timestamp()) WHERE r.incident_id = d.incident_id;
    RETURN true;
END $$;

-- The lead lets an organisation off a step, and says why: the step is called off for it, and no longer waited for.
CREATE OR REPLACE FUNCTION sec.exempt(task uuid, words text) RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
DECLARE t public.incidents_task; BEGIN
    SELECT x.* INTO t FROM public.incidents_task x JOIN public.incidents_incident i ON i.id = x.incident_id
     WHERE x.id = task AND i.lead_id = sec.me() AND i.status <> 'closed' AND i.suspended_at IS NULL
       FOR NO KEY UPDATE OF x;
    IF t.id IS NULL OR NOT ({MANAGES}) THEN
        RAISE EXCEPTION 'an incident manager of the lead exempts, while the incident is open' USING ERRCODE = '42501';
    END IF;
    IF t.status IN ('done', 'verified', 'cancelled') THEN
        RAISE EXCEPTION 'there is nothing left to be exempt from' USING ERRCODE = '23514';
    END IF;
    IF length(btrim(coalesce(words, ''))) NOT BETWEEN 1 AND 600 THEN
        RAISE EXCEPTION 'between 1 and 600 characters: why' USING ERRCODE = '23514';
    END IF;
    UPDATE public.incidents_task x SET exempt_because = btrim(words), status = 'cancelled', changed_by_id = sec.who()
     WHERE x.id = task;
END $$;

-- When a run has ended, what it never came to is called off, also where it was handed out early. A step that has begun stays
-- open, even if the step around it ran out of time. For the worker, inside the lead.
CREATE OR REPLACE FUNCTION sec.call_off_unreached(incident uuid)
RETURNS TABLE (organisation_id uuid, task_id uuid, "position" integer, title text)
LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM public.incidents_incident i WHERE i.id = incident AND i.lead_id = sec.me()) THEN
        RAISE EXCEPTION 'only inside the lead' USING ERRCODE = '42501';
    END IF;
    RETURN QUERY
    UPDATE public.incidents_task t SET status = 'cancelled'
      FROM public.incidents_step s
     WHERE t.incident_id = incident AND s.id = t.step_id
       AND t.status IN ('waiting', 'acknowledged', 'in_progress', 'blocked')
       AND NOT EXISTS (SELECT 1 FROM public.incidents_runstep r WHERE r.incident_id = incident
                          AND r.key = t.path || s.cacao_step_id AND r.turn = t.turn)
    RETURNING t.organisation_id, t.id, t."position"::integer, t.title;
END $$;
"""
# The functions as they were, without the lines that say who may call them.
DECIDED = BEFORE.FUNCTIONS.partition("REVOKE ALL")[0].replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")

# An answer belongs to a task that waits to be done, and is of the kind that the step asks for: with the task it is settled.
ANSWERED = (
    "EXISTS (SELECT 1 FROM incidents_task t JOIN incidents_step s ON s.id = t.step_id"
    " JOIN incidents_incident i ON i.id = t.incident_id WHERE t.id = incidents_runanswer.task_id"
    f" AND t.incident_id = incidents_runanswer.incident_id AND t.organisation_id = {MINE} AND t.ready"
    " AND t.status IN ('waiting', 'acknowledged', 'in_progress', 'blocked')"
    " AND t.path = incidents_runanswer.scope AND i.status <> 'closed' AND i.suspended_at IS NULL"
)
ASKED = (
    " AND EXISTS (SELECT 1 FROM jsonb_array_elements(s.answers) a WHERE a ->> 'name' = incidents_runanswer.name"
    " AND a ->> 'kind' = incidents_runanswer.kind AND (a ->> 'deciding')::boolean))"
)
CHECK = f"{BEFORE.OWN} AND length(value) <= 2000 AND {ANSWERED}{ASKED}"


def answering(insert: str, using: str, check: str) -> str:
    return f"""
DROP POLICY portal_app_insert ON incidents_runanswer;
DROP POLICY portal_app_update ON incidents_runanswer;
CREATE POLICY portal_app_insert ON incidents_runanswer FOR INSERT TO portal_app WITH CHECK ({insert});
CREATE POLICY portal_app_update ON incidents_runanswer FOR UPDATE TO portal_app USING ({using}) WITH CHECK ({check});
"""


class Migration(migrations.Migration):
    dependencies = [("incidents", "0028_exercises")]
    operations = [
        migrations.RunSQL(ENTERING.replace("{HELD}", HELD), ENTERING.replace("{HELD}", "")),
        migrations.RunSQL(DECIDING, DECIDED),
        migrations.RunSQL(
            answering(CHECK, f"{BEFORE.OWN} AND {ANSWERED})", CHECK),
            answering(f"{BEFORE.OWN} AND {BEFORE.ANSWERED}", BEFORE.OWN, f"{BEFORE.OWN} AND {BEFORE.ANSWERED}"),
        ),
    ]
