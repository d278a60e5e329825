"""What the database keeps by itself: both arrays, standings, counters, the arrows of a task, and how a job enters a run.

Triggers fire once a statement, not once a row, wherever opening an incident writes many rows.
"""

from django.db import migrations

DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"

ARRAYS = f"""
CREATE FUNCTION sec.incident_opened() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    NEW.lead_phone := coalesce((SELECT d.phone FROM public.partners_dutydesk d WHERE d.organisation_id = NEW.lead_id), '');
    RETURN NEW;
END $$;
CREATE TRIGGER incident_opened BEFORE INSERT ON incidents_incident FOR EACH ROW EXECUTE FUNCTION sec.incident_opened();

CREATE FUNCTION sec.participant_joins() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    SELECT d.name, d.phone INTO NEW.duty_name, NEW.duty_phone
      FROM public.partners_dutydesk d WHERE d.organisation_id = NEW.organisation_id;
    NEW.duty_name := coalesce(NEW.duty_name, '');
    NEW.duty_phone := coalesce(NEW.duty_phone, '');
    RETURN NEW;
END $$;
CREATE TRIGGER participant_joins BEFORE INSERT ON incidents_participant
    FOR EACH ROW EXECUTE FUNCTION sec.participant_joins();

-- One incident a turn: joined to the statement's rows as a whole, the planner reads every row of these tables.
CREATE FUNCTION sec.participants_joined() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
DECLARE touched uuid; BEGIN
    FOR touched IN SELECT DISTINCT j.incident_id FROM joined j LOOP
        UPDATE public.incidents_incident i
           SET participants = p.everyone, overseers = p.seeing
          FROM (SELECT array_agg(x.organisation_id ORDER BY x.slug) AS everyone,
                       array_agg(x.organisation_id ORDER BY x.slug)
                           FILTER (WHERE x.role IN ('lead', 'deputy_lead', 'provider')) AS seeing
                  FROM public.incidents_participant x WHERE x.incident_id = touched) p
         WHERE i.id = touched;
        -- Whoever joins may know who in this incident is cut off, and why.
        UPDATE public.partners_isolation s
           SET audience = ARRAY(SELECT DISTINCT x FROM unnest(s.audience || i.participants) x)
          FROM public.incidents_incident i
         WHERE i.id = touched AND s.lifted_at IS NULL AND s.organisation_id = ANY (i.participants)
           -- Of a step that was taken outside of it newcomers know the fact alone (`sec.not_trusted`).
           AND s.incident_id = touched;
    END LOOP;
    INSERT INTO public.incidents_standing (id, incident_id, organisation_id, slug, name, role, word)
    SELECT gen_random_uuid(), j.incident_id, j.organisation_id, j.slug, j.name, j.role,
           CASE WHEN s.isolated_at IS NULL THEN 'acting' ELSE 'cut_off' END
      FROM joined j LEFT JOIN sec.org_state s ON s.org_id = j.organisation_id
    ON CONFLICT (incident_id, organisation_id) DO UPDATE SET role = excluded.role;
    -- There is always somebody beside the lead who may ask for a step against it. Nobody stands in who is cut off or
    -- limited, who takes no part, or who leads: the next in the succession does.
    FOR touched IN SELECT i.id FROM public.incidents_incident i LEFT JOIN sec.org_state s ON s.org_id = i.deputy_lead_id
                    WHERE i.id IN (SELECT j.incident_id FROM joined j)
                      AND (s.org_id IS NULL OR s.isolated_at IS NOT NULL OR s.own_tasks_at IS NOT NULL
                           OR i.deputy_lead_id = i.lead_id OR i.deputy_lead_id <> ALL (i.participants)) LOOP
        UPDATE public.incidents_incident x
           SET deputy_lead_id = sec.next_lead(x.id, array_remove(ARRAY[x.deputy_lead_id, x.lead_id], NULL))
         WHERE x.id = touched;
        PERFORM sec.settle_roles(touched);
    END LOOP;
    RETURN NULL;
END $$;
CREATE TRIGGER participants_joined AFTER INSERT ON incidents_participant
    REFERENCING NEW TABLE AS joined FOR EACH STATEMENT EXECUTE FUNCTION sec.participants_joined();
"""

COUNTERS = f"""
CREATE FUNCTION sec.tasks_counted() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
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
    IF TG_OP = 'UPDATE' THEN
        UPDATE public.incidents_run r SET due_at = coalesce(r.due_at, clock_timestamp())
         WHERE r.incident_id IN (SELECT m.incident_id FROM moved m
                                  WHERE m.status IN ('done', 'verified', 'declined', 'not_affected', 'cancelled'))
           AND r.due_at IS NULL
           AND EXISTS (SELECT 1 FROM public.incidents_task t WHERE t.incident_id = r.incident_id AND NOT t.ready);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER tasks_added AFTER INSERT ON incidents_task
    REFERENCING NEW TABLE AS moved FOR EACH STATEMENT EXECUTE FUNCTION sec.tasks_counted();
CREATE TRIGGER tasks_moved AFTER UPDATE ON incidents_task
    REFERENCING NEW TABLE AS moved FOR EACH STATEMENT EXECUTE FUNCTION sec.tasks_counted();
"""

# Invoker's rights on purpose: the trigger reads the incident under the caller's own policies.
MOVES = """
CREATE FUNCTION sec.task_moves() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE me uuid; i record; undoing boolean; checker uuid; BEGIN
    IF NEW.status = OLD.status AND NEW.reason = OLD.reason THEN
        IF NEW.changed_by_id IS DISTINCT FROM OLD.changed_by_id THEN
            RAISE EXCEPTION 'who answered changes with the answer alone' USING ERRCODE = '42501';
        END IF;
        RETURN NEW;
    END IF;
    me := sec.mine();
    SELECT x.lead_id, x.deputy_lead_id INTO i FROM public.incidents_incident x WHERE x.id = OLD.incident_id;
    checker := CASE WHEN OLD.organisation_id = i.lead_id THEN i.deputy_lead_id ELSE i.lead_id END;
    undoing := NEW.status = OLD.previous_status AND OLD.changed_at > clock_timestamp() - interval '65 seconds'
               AND me = OLD.organisation_id AND NEW.status <> 'verified' AND OLD.status NOT IN ('verified', 'cancelled');
    IF NEW.status = OLD.status AND NEW.status NOT IN ('blocked', 'declined', 'not_affected') THEN
        RAISE EXCEPTION 'this answer has no reason' USING ERRCODE = '23514';
    END IF;
    IF NOT undoing AND NEW.status <> OLD.status AND NOT (NEW.status = ANY (CASE OLD.status
            WHEN 'waiting' THEN ARRAY['acknowledged','in_progress','done','blocked','declined','not_affected','cancelled']
            WHEN 'acknowledged' THEN ARRAY['in_progress','done','blocked','declined','not_affected','cancelled']
            WHEN 'in_progress' THEN ARRAY['done','blocked','declined','not_affected','cancelled']
            WHEN 'blocked' THEN ARRAY['acknowledged','in_progress','done','declined','not_affected','cancelled']
            WHEN 'done' THEN ARRAY['verified','cancelled']
            WHEN 'verified' THEN ARRAY['done']
            WHEN 'declined' THEN ARRAY['acknowledged','cancelled']
            WHEN 'not_affected' THEN ARRAY['acknowledged','cancelled']
            ELSE ARRAY[]::text[] END)) THEN
        RAISE EXCEPTION 'no arrow from % to %', OLD.status, NEW.status USING ERRCODE = '23514';
    END IF;
    IF NEW.status IN ('in_progress', 'done') AND NOT OLD.ready AND NOT undoing THEN
        RAISE EXCEPTION 'the steps before this one are not settled' USING ERRCODE = '23514';
    END IF;
    IF NOT undoing AND (NEW.status = 'verified' OR OLD.status = 'verified') THEN
        IF me IS DISTINCT FROM checker OR me = OLD.organisation_id THEN
            RAISE EXCEPTION 'only the lead checks, and nobody for their own organisation' USING ERRCODE = '42501';
        END IF;
    ELSIF NEW.status = 'cancelled' THEN
        IF me <> i.lead_id THEN
            RAISE EXCEPTION 'only the lead calls a task off' USING ERRCODE = '42501';
        END IF;
    ELSIF me <> OLD.organisation_id THEN
        RAISE EXCEPTION 'a task is answered by its own organisation' USING ERRCODE = '42501';
    END IF;
    IF me <> OLD.organisation_id AND NEW.reason <> OLD.reason THEN
        RAISE EXCEPTION 'a reason is its own organisation''s' USING ERRCODE = '42501';
    END IF;
    IF NEW.status IN ('blocked', 'declined', 'not_affected') AND btrim(NEW.reason) = '' THEN
        RAISE EXCEPTION 'a reason is needed' USING ERRCODE = '23514';
    END IF;
    NEW.version := OLD.version + 1;
    NEW.changed_at := clock_timestamp();
    NEW.previous_status := CASE WHEN undoing OR NEW.status = OLD.status THEN '' ELSE OLD.status END;
    NEW.previous_reason := CASE WHEN undoing OR NEW.status = OLD.status THEN '' ELSE OLD.reason END;
    NEW.acknowledged_at := CASE WHEN NEW.status = 'waiting' THEN NULL
        WHEN NEW.status = 'cancelled' THEN OLD.acknowledged_at ELSE coalesce(OLD.acknowledged_at, clock_timestamp()) END;
    NEW.done_at := CASE WHEN NEW.status IN ('done', 'verified') THEN coalesce(OLD.done_at, clock_timestamp()) END;
    RETURN NEW;
END $$;
CREATE TRIGGER task_moves BEFORE UPDATE OF status, reason, changed_by_id ON incidents_task
    FOR EACH ROW EXECUTE FUNCTION sec.task_moves();

CREATE FUNCTION sec.incident_moves() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.status <> OLD.status AND NOT (NEW.status = ANY (CASE OLD.status
            WHEN 'suspected' THEN ARRAY['open', 'closed']
            WHEN 'open' THEN ARRAY['contained', 'closed']
            WHEN 'contained' THEN ARRAY['open', 'eradicated', 'closed']
            WHEN 'eradicated' THEN ARRAY['contained', 'recovered', 'closed']
            WHEN 'recovered' THEN ARRAY['eradicated', 'closed']
            ELSE ARRAY[]::text[] END)) THEN
        RAISE EXCEPTION 'no arrow from % to %', OLD.status, NEW.status USING ERRCODE = '23514';
    END IF;
    -- The lead moves by handing over alone, which runs as the owner.
    IF NEW.exercise IS DISTINCT FROM OLD.exercise
       OR (NEW.lead_id IS DISTINCT FROM OLD.lead_id AND current_user IN ('portal_app', 'portal_worker'))
       OR NEW.reference IS DISTINCT FROM OLD.reference THEN
        RAISE EXCEPTION 'that never changes' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER incident_moves BEFORE UPDATE ON incidents_incident FOR EACH ROW EXECUTE FUNCTION sec.incident_moves();
REVOKE ALL ON FUNCTION sec.task_moves(), sec.incident_moves() FROM PUBLIC;
"""

READING = f"""
CREATE FUNCTION sec.silence(incident uuid) RETURNS integer LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT count(*)::integer FROM public.incidents_participant p JOIN public.incidents_incident i ON i.id = p.incident_id
     WHERE p.incident_id = incident AND sec.me() = ANY (i.participants)
       AND p.acknowledged_at IS NULL AND p.tasks_total > 0
$$;
CREATE FUNCTION sec.page_head() RETURNS TABLE (epoch uuid, head bigint, open_incidents bigint, open_tasks bigint,
    approvals bigint)
LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT h.epoch, coalesce((SELECT o.seq FROM public.ledger_organisationhead o WHERE o.organisation_id = m.me), 0),
           (SELECT count(*) FROM public.incidents_participant p JOIN public.incidents_incident i ON i.id = p.incident_id
             WHERE p.organisation_id = m.me AND i.status <> 'closed'),
           (SELECT count(*) FROM public.incidents_task t JOIN public.incidents_incident i ON i.id = t.incident_id
             WHERE t.organisation_id = m.me AND i.status <> 'closed'
               AND t.status IN ('waiting', 'acknowledged', 'in_progress', 'blocked')),
           CASE WHEN sec.may_approve() THEN
           (SELECT count(*) FROM public.partners_approval a
             WHERE sec.me() = ANY (a.audience) AND a.state = 'waiting' AND a.expires_at > clock_timestamp()
               AND a.requested_by <> sec.who()
               AND NOT (a.two_organisations AND a.requesting_organisation_id = m.me)
               AND NOT (a.about_id = m.me AND a.kind IN ('isolate', 'emergency_enrolment'))) ELSE 0 END
      FROM public.ledger_head h, (SELECT sec.mine() AS me) m WHERE h.id = 1
$$;
CREATE INDEX participant_mine ON incidents_participant (organisation_id, incident_id);

-- A worker enters the lead's organisation for a run that it has claimed, and for nothing else.
CREATE FUNCTION sec.enter_run(incident uuid, worker text) RETURNS text LANGUAGE plpgsql {DEFINER} AS $$
DECLARE org uuid; BEGIN
    SELECT r.lead_id INTO org FROM public.incidents_run r
     WHERE r.incident_id = incident AND r.claimed_by = worker AND worker <> '' AND r.claimed_until > clock_timestamp();
    IF org IS NULL THEN
        RAISE EXCEPTION 'no claim on this run' USING ERRCODE = '42501';
    END IF;
    RETURN sec.enter(org);
END $$;
REVOKE ALL ON FUNCTION sec.incident_opened(), sec.participant_joins(), sec.participants_joined(), sec.tasks_counted(),
    sec.silence(uuid), sec.page_head(), sec.enter_run(uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.silence(uuid), sec.page_head() TO portal_app;
GRANT EXECUTE ON FUNCTION sec.enter_run(uuid, text) TO portal_worker;

-- An event about an incident goes to its participants only; one about anything else stays at home. Messages are planned
-- from events, so nobody but the lead says that it opened, moved, reached further or closed, and a dead delivery is one's own. What only
-- functions of the database do is said by them alone.
CREATE POLICY audience ON ledger_event AS RESTRICTIVE FOR INSERT TO portal_app, portal_worker WITH CHECK (
    CASE WHEN incident_id IS NULL THEN audience = ARRAY[(SELECT sec.mine())]
         ELSE EXISTS (SELECT 1 FROM incidents_incident i WHERE i.id = ledger_event.incident_id
                      AND ledger_event.audience <@ i.participants
                      AND (i.lead_id = (SELECT sec.me())
                           OR split_part(ledger_event.kind, '.', 1) NOT IN ('exposure', 'incident', 'radius', 'tasks', 'update')))
              AND (kind <> 'delivery.dead' OR data ->> 'organisation' =
                   (SELECT o.slug FROM partners_organisation o WHERE o.id = (SELECT sec.mine()))) END
    AND kind <> ALL (ARRAY['organisation.isolated', 'organisation.reconnected', 'break_glass.used', 'break_glass.drilled'])
    AND split_part(kind, '.', 1) <> ALL (ARRAY['approval', 'assessment', 'call_back', 'display', 'emergency_access',
                                               'file', 'finding', 'guest', 'lead', 'link', 'number', 'permission',
                                               'register', 'standing_access', 'work']));
"""

ESTATE = f"""
-- All that can be walked from the starts, as one document. Refuses a start that is not the caller's to name, and
-- records the wide read for every organisation that it shows.
CREATE FUNCTION sec.edges_from(starts uuid[], reason text) RETURNS jsonb LANGUAGE plpgsql {DEFINER} AS $$
DECLARE me uuid := sec.me(); shown uuid[]; walked uuid[]; answer jsonb; BEGIN
    IF me IS NULL OR (starts <@ sec.my_systems()) IS NOT TRUE THEN
        RAISE EXCEPTION 'a start that is not yours' USING ERRCODE = '42501';
    END IF;
    WITH RECURSIVE walk AS (
        SELECT unnest(starts) AS id
        UNION
        SELECT d.target_id FROM walk w JOIN public.partners_dependency d ON d.source_id = w.id
         WHERE NOT (d.cut_source_at IS NOT NULL AND d.cut_target_at IS NOT NULL)
           AND NOT (d.barrier = 'tested' AND d.tested_on IS NOT NULL
                    AND (d.valid_until IS NULL OR d.valid_until >= current_date))
    ) SELECT array_agg(w.id) INTO walked FROM walk w;
    SELECT array_agg(DISTINCT o.id) INTO shown FROM public.partners_organisation o
     WHERE o.id IN (SELECT p.organisation_id FROM public.partners_participation p WHERE p.system_id = ANY (walked))
        OR o.id IN (SELECT s.provider_id FROM public.partners_sharedsystem s WHERE s.id = ANY (walked));
    SELECT jsonb_build_object(
        'systems', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', s.id, 'slug', s.slug, 'name', s.name,
                        'provider', CASE WHEN s.id = ANY (walked) THEN s.provider_id END,
                        'spoken', s.spoken) ORDER BY s.slug), '[]')
                      FROM public.partners_sharedsystem s WHERE s.id = ANY (walked) OR s.id IN (
                        SELECT d.target_id FROM public.partners_dependency d WHERE d.source_id = ANY (walked))),
        'edges', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', d.id, 'source', d.source_id, 'target', d.target_id,
                        'kind', d.kind, 'label', d.label, 'group', d."group", 'barrier', d.barrier,
                        'tested_on', d.tested_on, 'valid_until', d.valid_until, 'phrase', d.phrase,
                        'stops', d.stops, 'carries', d.carries,
                        'cut_source', d.cut_source_at IS NOT NULL, 'cut_target', d.cut_target_at IS NOT NULL)
                        ORDER BY d.id), '[]')
                    FROM public.partners_dependency d WHERE d.source_id = ANY (walked)),
        'stands', (SELECT coalesce(jsonb_agg(jsonb_build_object('system', p.system_id,
                        'organisation', p.organisation_id, 'services', p.services, 'people_served', p.people_served,
                        'safety_critical', p.safety_critical, 'fallback', p.fallback,
                        'left', p.status = 'left_connected') ORDER BY p.id), '[]')
                     FROM public.partners_participation p WHERE p.system_id = ANY (walked)),
        'organisations', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', o.id, 'slug', o.slug, 'name', o.name,
                        'kind', o.kind, 'people_served', o.people_served) ORDER BY o.slug), '[]') FROM public.partners_organisation o)
    ) INTO answer;
    INSERT INTO public.ledger_event (id, kind, at, actor_organisation_id, actor_kind, actor_person_id, incident_reference,
                                     audience, data)
    VALUES (gen_random_uuid(), 'estate.read', clock_timestamp(), me,
            CASE WHEN sec.who() IS NULL THEN 'key' ELSE 'person' END, sec.who(), '',
            ARRAY(SELECT DISTINCT x FROM unnest(shown || me) x WHERE x IS NOT NULL), jsonb_build_object('reason', reason));
    RETURN answer;
END $$;
-- Those of the caller's own systems on which any of these organisations stands too: where to start when nobody knows
-- which system it was.
CREATE FUNCTION sec.shared_with(organisations uuid[]) RETURNS SETOF uuid LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT DISTINCT p.system_id FROM public.partners_participation p
     WHERE p.organisation_id = ANY (organisations) AND p.system_id = ANY (sec.my_systems())
$$;
REVOKE ALL ON FUNCTION sec.edges_from(uuid[], text), sec.shared_with(uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.edges_from(uuid[], text), sec.shared_with(uuid[]) TO portal_app;
"""

BACKWARD = """
DROP FUNCTION sec.shared_with(uuid[]), sec.edges_from(uuid[], text);
DROP POLICY audience ON ledger_event;
DROP INDEX participant_mine;
DROP FUNCTION sec.enter_run(uuid, text), sec.page_head(), sec.silence(uuid);
DROP TRIGGER incident_moves ON incidents_incident; DROP TRIGGER task_moves ON incidents_task;
DROP FUNCTION sec.incident_moves(), sec.task_moves();
DROP TRIGGER tasks_moved ON incidents_task; DROP TRIGGER tasks_added ON incidents_task;
DROP FUNCTION sec.tasks_counted();
DROP TRIGGER participants_joined ON incidents_participant; DROP TRIGGER participant_joins ON incidents_participant;
DROP TRIGGER incident_opened ON incidents_incident;
DROP FUNCTION sec.participants_joined(), sec.participant_joins(), sec.incident_opened();
"""


class Migration(migrations.Migration):
    dependencies = [("incidents", "0002_row_security"), ("partners", "0004_sign_in_security")]
    operations = [migrations.RunSQL(ARRAYS + COUNTERS + MOVES + READING + ESTATE, BACKWARD)]
