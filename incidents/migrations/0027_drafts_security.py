"""Who may read and write a draft of a playbook, and that a step which stops a service is done only in typed words."""

from django.db import migrations

from portal.tenancy.policies import ME, MINE, Allow, protect

APP = "portal_app"
DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
WRITES = f"organisation_id = {ME} AND (SELECT sec.may_keep())"
OWN = f"organisation_id = {MINE}"

STOPPING = f"""
-- Safety-critical services of an organisation that stop with the systems of an incident and have no recorded fallback.
-- Whoever runs such a system for others types the system's name: what others base on it is theirs to name.
CREATE FUNCTION sec.unguarded_of(org uuid, incident uuid) RETURNS text[] LANGUAGE sql STABLE {DEFINER} AS $$
    WITH starts AS (SELECT x.system_id AS id FROM public.incidents_incidentsystem x WHERE x.incident_id = incident),
    stopped AS (SELECT unnest(sec.stopped_with(ARRAY(SELECT s.id FROM starts s))) AS id)
    SELECT coalesce(array_agg(DISTINCT n.name ORDER BY n.name), '{{}}') FROM (
        SELECT s.name FROM public.partners_publicservice s JOIN public.partners_participation p ON p.id = s.participation_id
         WHERE p.organisation_id = org AND p.system_id IN (SELECT x.id FROM stopped x) AND p.denied_at IS NULL
           AND s.safety_critical AND btrim(coalesce(s.fallback, '')) = ''
        UNION ALL
        SELECT unnest(CASE WHEN cardinality(p.services) > 0 THEN p.services ELSE ARRAY[y.name] END)
          FROM public.partners_participation p JOIN public.partners_sharedsystem y ON y.id = p.system_id
         WHERE p.organisation_id = org AND p.system_id IN (SELECT x.id FROM stopped x) AND p.denied_at IS NULL
           AND p.safety_critical AND btrim(coalesce(p.fallback, '')) = ''
           AND NOT EXISTS (SELECT 1 FROM public.partners_publicservice s WHERE s.participation_id = p.id)
        UNION ALL
        SELECT y.name FROM public.partners_sharedsystem y
         WHERE y.id IN (SELECT x.id FROM starts x) AND org IN (y.provider_id, y.owner_id)
           AND EXISTS (SELECT 1 FROM public.partners_participation p
                        WHERE p.system_id = y.id AND p.organisation_id <> org AND p.denied_at IS NULL
                          AND p.safety_critical AND btrim(coalesce(p.fallback, '')) = '')) n
     WHERE btrim(n.name) <> ''
$$;
-- The same for a task of one's own whose step stops what stands on the system; nothing for any other.
CREATE FUNCTION sec.unguarded_services(which uuid) RETURNS text[] LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT coalesce((SELECT sec.unguarded_of(t.organisation_id, t.incident_id)
                       FROM public.incidents_task t JOIN public.incidents_step s ON s.id = t.step_id
                      WHERE t.id = which AND t.organisation_id = sec.mine() AND s.typed_confirmation), '{{}}')
$$;
-- By whatever way it is answered: without one of the names, typed for this task, such a step is not done.
CREATE FUNCTION sec.stop_confirmed() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
DECLARE names text[]; BEGIN
    IF NOT EXISTS (SELECT 1 FROM public.incidents_step s WHERE s.id = NEW.step_id AND s.typed_confirmation) THEN
        RETURN NEW;
    END IF;
    names := sec.unguarded_of(NEW.organisation_id, NEW.incident_id);
    IF cardinality(names) > 0 AND NOT EXISTS (
        SELECT 1 FROM public.incidents_stopconfirmation c
         WHERE c.task_id = NEW.id AND c.organisation_id = NEW.organisation_id
           AND lower(btrim(regexp_replace(c.words, '[[:space:]]+', ' ', 'g')))
               IN (SELECT lower(btrim(regexp_replace(n, '[[:space:]]+', ' ', 'g'))) FROM unnest(names) n)) THEN
        RAISE EXCEPTION 'a service without a recorded fallback stops: type its name first' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION sec.unguarded_of(uuid, uuid), sec.unguarded_services(uuid), sec.stop_confirmed() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.unguarded_services(uuid) TO {APP};
-- After task_moves, by its name: first whether the answer is allowed at all.
CREATE TRIGGER task_stop_confirmed BEFORE UPDATE OF status ON incidents_task FOR EACH ROW
    WHEN (NEW.status = 'done' AND OLD.status IN ('waiting', 'acknowledged', 'in_progress', 'blocked'))
    EXECUTE FUNCTION sec.stop_confirmed();
"""

BACK = """
DROP TRIGGER task_stop_confirmed ON incidents_task;
DROP FUNCTION sec.stop_confirmed(), sec.unguarded_services(uuid), sec.unguarded_of(uuid, uuid);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("incidents", "0026_drafts"),
        ("incidents", "0014_planned_work"),
        ("partners", "0009_estate_records"),
    ]
    operations = [
        protect(
            "incidents_playbookdraft",
            Allow(APP, "select", f"organisation_id = {ME}"),
            Allow(APP, "insert", WRITES),
            Allow(APP, "update", WRITES, columns=("name", "content", "version", "changed_at", "changed_by_id")),
            Allow(APP, "delete", WRITES),
        ),
        protect(
            "incidents_stopconfirmation",
            Allow(APP, "select", OWN),
            Allow(
                APP,
                "insert",
                f"{OWN} AND EXISTS (SELECT 1 FROM incidents_task t WHERE t.id = incidents_stopconfirmation.task_id"
                f" AND t.organisation_id = {MINE})",
            ),
        ),
        migrations.RunSQL(STOPPING, BACK),
    ]
