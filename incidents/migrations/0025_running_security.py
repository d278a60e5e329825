"""Who may read and move what of a run. Where it stands is the overseers' to see; the worker moves it inside the lead.

An answer leaves home only when a condition of the plan asks about it, and then for the lead alone.
"""

from django.db import migrations

from portal.tenancy.policies import ME, MINE, Allow, protect

APP, WORKER = "portal_app", "portal_worker"
DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"


def incident(table: str, condition: str) -> str:
    return f"EXISTS (SELECT 1 FROM incidents_incident i WHERE i.id = {table}.incident_id AND {condition})"


def seen(table: str) -> str:
    return incident(table, f"{ME} = ANY (i.overseers)")


def led(table: str) -> str:
    return incident(table, f"i.lead_id = {ME}")


ANSWERED = (
    "EXISTS (SELECT 1 FROM incidents_task t JOIN incidents_step s ON s.id = t.step_id WHERE t.id ="
    f" incidents_runanswer.task_id AND t.incident_id = incidents_runanswer.incident_id AND t.organisation_id = {MINE}"
    " AND EXISTS (SELECT 1 FROM jsonb_array_elements(s.answers) a WHERE a ->> 'name' = incidents_runanswer.name"
    " AND (a ->> 'deciding')::boolean))"
)
OWN = f"organisation_id = {MINE}"
MOVED = ("state", "outcome", "due_at", "began_at", "ended_at", "open", "rounds")

FUNCTIONS = f"""
-- The lead's word on what the portal cannot tell. Chosen once: asked again it must be the same.
CREATE FUNCTION sec.choose(decision uuid, pick text, words text) RETURNS boolean LANGUAGE plpgsql {DEFINER} AS $$
DECLARE d public.incidents_decision; BEGIN
    SELECT x.* INTO d FROM public.incidents_decision x JOIN public.incidents_incident i ON i.id = x.incident_id
     WHERE x.id = decision AND i.lead_id = sec.me() FOR NO KEY UPDATE OF x;
    IF d.id IS NULL THEN
        RAISE EXCEPTION 'the lead decides this' USING ERRCODE = '42501';
    END IF;
    IF d.chosen IS NOT NULL AND d.chosen = pick THEN
        RETURN false;
    END IF;
    IF d.chosen IS NOT NULL OR d.withdrawn_at IS NOT NULL THEN
        RAISE EXCEPTION 'this is decided already' USING ERRCODE = '23514';
    END IF;
    IF EXISTS (SELECT 1 FROM public.incidents_incident i WHERE i.id = d.incident_id AND i.status = 'closed') THEN
        RAISE EXCEPTION 'the incident is closed' USING ERRCODE = '23514';
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
CREATE FUNCTION sec.exempt(task uuid, words text) RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
DECLARE t public.incidents_task; BEGIN
    SELECT x.* INTO t FROM public.incidents_task x JOIN public.incidents_incident i ON i.id = x.incident_id
     WHERE x.id = task AND i.lead_id = sec.me() AND i.status <> 'closed' FOR NO KEY UPDATE OF x;
    IF t.id IS NULL THEN
        RAISE EXCEPTION 'the lead exempts, while the incident is open' USING ERRCODE = '42501';
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

-- When a run has ended, what it never came to is called off. For the worker, inside the lead.
CREATE FUNCTION sec.call_off_unreached(incident uuid)
RETURNS TABLE (organisation_id uuid, task_id uuid, "position" integer, title text)
LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM public.incidents_incident i WHERE i.id = incident AND i.lead_id = sec.me()) THEN
        RAISE EXCEPTION 'only inside the lead' USING ERRCODE = '42501';
    END IF;
    RETURN QUERY
    UPDATE public.incidents_task t SET status = 'cancelled'
      FROM public.incidents_step s
     WHERE t.incident_id = incident AND s.id = t.step_id AND NOT t.ready
       AND t.status IN ('waiting', 'acknowledged', 'blocked')
       AND NOT EXISTS (SELECT 1 FROM public.incidents_runstep r WHERE r.incident_id = incident
                          AND r.key = t.path || s.cacao_step_id AND r.turn = t.turn)
    RETURNING t.organisation_id, t.id, t."position"::integer, t.title;
END $$;
REVOKE ALL ON FUNCTION sec.choose(uuid, text, text), sec.exempt(uuid, text), sec.call_off_unreached(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.choose(uuid, text, text), sec.exempt(uuid, text) TO portal_app;
GRANT EXECUTE ON FUNCTION sec.call_off_unreached(uuid) TO portal_worker;
"""
BACK = "DROP FUNCTION sec.choose(uuid, text, text), sec.exempt(uuid, text), sec.call_off_unreached(uuid);"

COUNTED = f"""
CREATE OR REPLACE FUNCTION sec.tasks_counted() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
DECLARE touched uuid; BEGIN
    FOR touched IN SELECT DISTINCT m.incident_id FROM moved m LOOP
        UPDATE public.incidents_participant p
           SET tasks_total = c.total, tasks_open = c.total - c.settled, tasks_waiting = c.waiting,
               tasks_settled = c.settled, tasks_blocked = c.blocked, containing_open = c.containing_open,
               acknowledged_at = coalesce(p.acknowledged_at, c.acknowledged_at)
          FROM (SELECT t.organisation_id, count(*) AS total,
                       count(*) FILTER (WHERE t.status IN ('done', 'verified', 'declined', 'not_affected', 'cancelled'))
                           AS settled,
                       count(*) FILTER (WHERE t.status = 'waiting') AS waiting,
                       count(*) FILTER (WHERE t.status = 'blocked') AS blocked,
                       count(*) FILTER (WHERE t.containing
                           AND t.status NOT IN ('done', 'verified', 'not_affected', 'cancelled')) AS containing_open,
                       min(t.acknowledged_at) AS acknowledged_at
                  FROM public.incidents_task t
                 WHERE t.incident_id = touched AND t.organisation_id IN (SELECT m.organisation_id FROM moved m)
                 GROUP BY t.organisation_id) c
         WHERE p.incident_id = touched AND p.organisation_id = c.organisation_id;
        UPDATE public.incidents_standing s
           SET word = CASE WHEN p.containing_open = 0 AND p.acknowledged_at IS NOT NULL THEN 'contained' ELSE 'acting' END
          FROM public.incidents_participant p
         WHERE s.incident_id = touched AND s.organisation_id IN (SELECT m.organisation_id FROM moved m)
           AND p.incident_id = touched AND p.organisation_id = s.organisation_id AND s.word <> 'cut_off'
           AND s.word <> CASE WHEN p.containing_open = 0 AND p.acknowledged_at IS NOT NULL THEN 'contained' ELSE 'acting' END;
    END LOOP;
    {{WAKE}}
    RETURN NULL;
END $$;
"""
BEFORE = COUNTED.replace(
    "{WAKE}",
    """IF TG_OP = 'UPDATE' THEN
        UPDATE public.incidents_run r SET due_at = coalesce(r.due_at, clock_timestamp())
         WHERE r.incident_id IN (SELECT m.incident_id FROM moved m
                                  WHERE m.status IN ('done', 'verified', 'declined', 'not_affected', 'cancelled'))
           AND r.due_at IS NULL
           AND EXISTS (SELECT 1 FROM public.incidents_task t WHERE t.incident_id = r.incident_id AND NOT t.ready);
    END IF;""",
)
# A run that waits for a time is due at once when something is settled or somebody joins; one that is due stays so.
WAKES = COUNTED.replace(
    "{WAKE}",
    """UPDATE public.incidents_run r SET due_at = clock_timestamp()
     WHERE r.incident_id IN (SELECT m.incident_id FROM moved m WHERE TG_OP = 'INSERT'
                                OR m.status IN ('done', 'verified', 'declined', 'not_affected', 'cancelled'))
       AND (r.due_at IS NULL OR r.due_at > clock_timestamp())
       AND (r.ended_at IS NULL
            OR EXISTS (SELECT 1 FROM public.incidents_task t WHERE t.incident_id = r.incident_id AND NOT t.ready
                          AND t.status NOT IN ('done', 'verified', 'declined', 'not_affected', 'cancelled')));""",
)


class Migration(migrations.Migration):
    dependencies = [("incidents", "0024_running")]
    operations = [
        protect(
            "incidents_runstep",
            Allow(APP, "select", seen("incidents_runstep")),
            Allow(WORKER, "select", led("incidents_runstep")),
            Allow(WORKER, "insert", led("incidents_runstep")),
            Allow(WORKER, "update", led("incidents_runstep"), columns=MOVED),
        ),
        protect(
            "incidents_decision",
            Allow(APP, "select", seen("incidents_decision")),
            Allow(WORKER, "select", led("incidents_decision")),
            Allow(
                WORKER,
                "insert",
                led("incidents_decision") + " AND chosen IS NULL AND why = '' AND withdrawn_at IS NULL"
                " AND chosen_at IS NULL AND chosen_by_organisation_id IS NULL AND chosen_by_id IS NULL",
            ),
            Allow(WORKER, "update", led("incidents_decision"), columns=("withdrawn_at",)),
        ),
        protect(
            "incidents_runanswer",
            Allow(APP, "select", f"{OWN} OR {led('incidents_runanswer')}"),
            Allow(APP, "insert", f"{OWN} AND {ANSWERED}"),
            Allow(APP, "update", OWN, f"{OWN} AND {ANSWERED}", columns=("kind", "value", "at")),
            Allow(WORKER, "select", led("incidents_runanswer")),
        ),
        migrations.RunSQL(
            "GRANT INSERT (path, turn) ON incidents_task TO portal_worker;"
            " GRANT UPDATE (ended_at) ON incidents_run TO portal_worker;",
            "REVOKE INSERT (path, turn) ON incidents_task FROM portal_worker;"
            " REVOKE UPDATE (ended_at) ON incidents_run FROM portal_worker;",
        ),
        migrations.RunSQL(FUNCTIONS, BACK),
        migrations.RunSQL(WAKES, BEFORE),
    ]
