"""Cuts planned in an incident: whom one would stop something for, what they answer, and who decided by name.

Functions alone write them: they work out who is affected and freeze it, and silence is kept as silence.
"""

import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

from portal.tenancy.policies import ME, Allow, protect

DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"

REACHING = f"""
-- The incident, for whoever plans, decides or ends a cut in it.
CREATE FUNCTION sec.cut_may(incident uuid) RETURNS public.incidents_incident LANGUAGE plpgsql {DEFINER} AS $$
DECLARE me uuid := sec.me(); i public.incidents_incident; BEGIN
    SELECT * INTO i FROM public.incidents_incident x WHERE x.id = cut_may.incident AND me = ANY (x.participants) FOR SHARE;
    IF i.id IS NULL THEN
        RAISE EXCEPTION 'no incident that you take part in' USING ERRCODE = '42501';
    END IF;
    IF (sec.may_keep() AND sec.key_has('open')) IS NOT TRUE OR EXISTS (
            SELECT 1 FROM public.incidents_participant p
             WHERE p.incident_id = i.id AND p.organisation_id = me AND p.role = 'observer') THEN
        RAISE EXCEPTION 'an incident manager or an administrator does this, of an organisation that does not only watch'
            USING ERRCODE = '42501';
    END IF;
    IF i.suspended_at IS NOT NULL THEN
        RAISE EXCEPTION 'the exercise is put aside: do nothing more in it' USING ERRCODE = '23514';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('cuts ' || i.id, 0));
    RETURN i;
END $$;
-- Lead, deputy lead and provider plan any cut on the way of the incident; everybody else cuts where it runs an end.
CREATE FUNCTION sec.cut_may_take(i public.incidents_incident, edges uuid[], off uuid[]) RETURNS void
LANGUAGE plpgsql {DEFINER} AS $$
DECLARE mine uuid[]; BEGIN
    IF edges IS NULL OR off IS NULL OR cardinality(edges) + cardinality(off) NOT BETWEEN 1 AND 500
       OR cardinality(edges) <> (SELECT count(*) FROM public.partners_dependency d WHERE d.id = ANY (edges))
       OR cardinality(off) <> (SELECT count(*) FROM public.partners_sharedsystem s WHERE s.id = ANY (off)) THEN
        RAISE EXCEPTION 'no such link or system' USING ERRCODE = '42501';
    END IF;
    mine := CASE WHEN sec.me() = ANY (i.overseers) THEN sec.incident_links(i.id) ELSE sec.systems_i_speak_for() END;
    IF NOT (off <@ mine) OR EXISTS (
            SELECT 1 FROM public.partners_dependency d
             WHERE d.id = ANY (edges) AND NOT (d.source_id = ANY (mine) OR d.target_id = ANY (mine))) THEN
        RAISE EXCEPTION 'lead and provider plan cuts on the way of the incident, everybody else where it runs an end'
            USING ERRCODE = '42501';
    END IF;
    IF EXISTS (SELECT 1 FROM public.partners_dependency d WHERE d.id = ANY (edges)
                  AND d.cut_source_at IS NOT NULL AND d.cut_target_at IS NOT NULL) THEN
        RAISE EXCEPTION 'both ends have cut it already' USING ERRCODE = '23514';
    END IF;
END $$;
-- The links of which one runs an end and that both ends have not cut, with the names of both, as one's own pages show them.
CREATE FUNCTION sec.own_links() RETURNS TABLE (link uuid, link_group text, source text, target text)
LANGUAGE sql STABLE {DEFINER} AS $$
    WITH mine AS (SELECT sec.systems_i_speak_for() AS ids)
    SELECT d.id, d."group", s.name, g.name FROM mine, public.partners_dependency d
      JOIN public.partners_sharedsystem s ON s.id = d.source_id JOIN public.partners_sharedsystem g ON g.id = d.target_id
     WHERE (d.source_id = ANY (mine.ids) OR d.target_id = ANY (mine.ids))
       AND NOT (d.cut_source_at IS NOT NULL AND d.cut_target_at IS NOT NULL)
$$;
-- Whom a cut stops what for: services on what stops, what the cut links carry in words, and who runs an end of one.
CREATE FUNCTION sec.cut_reach(edges uuid[], off uuid[])
RETURNS TABLE (organisation_id uuid, systems text[], services text[], loses text[], runs_an_end boolean, critical boolean,
               fallback text) LANGUAGE sql STABLE {DEFINER} AS $$
    WITH cut AS (
        SELECT d.* FROM public.partners_dependency d
         WHERE (d.id = ANY (edges) OR d.source_id = ANY (off))
           AND NOT (d.cut_source_at IS NOT NULL AND d.cut_target_at IS NOT NULL)
    ), down AS (
        SELECT unnest(sec.stopped_with(off || ARRAY(SELECT c.target_id FROM cut c WHERE c.carries))) AS id
    ), stand AS (
        SELECT p.organisation_id AS org, s.name AS system, p.services, p.safety_critical, p.fallback
          FROM down JOIN public.partners_participation p ON p.system_id = down.id AND p.denied_at IS NULL
          JOIN public.partners_sharedsystem s ON s.id = down.id
        UNION ALL
        SELECT r.org, s.name, '{{}}', false, NULL FROM down JOIN public.partners_sharedsystem s ON s.id = down.id
         CROSS JOIN LATERAL unnest(sec.runners(s.id)) r(org)
    ), lost AS (
        SELECT c.stops, p.organisation_id AS org FROM cut c
          JOIN public.partners_participation p ON p.system_id = c.target_id AND p.denied_at IS NULL WHERE c.stops <> ''
        UNION SELECT c.stops, r.org FROM cut c CROSS JOIN LATERAL unnest(sec.runners(c.target_id)) r(org) WHERE c.stops <> ''
    ), ends AS (
        SELECT DISTINCT r.org FROM public.partners_dependency d
         CROSS JOIN LATERAL unnest(sec.speakers(d.source_id) || sec.speakers(d.target_id)) r(org) WHERE d.id = ANY (edges)
    ), who AS (SELECT org FROM stand UNION SELECT org FROM lost UNION SELECT org FROM ends)
    SELECT w.org,
           ARRAY(SELECT DISTINCT s.system FROM stand s WHERE s.org = w.org ORDER BY 1),
           ARRAY(SELECT DISTINCT x FROM stand s CROSS JOIN LATERAL unnest(s.services) x WHERE s.org = w.org ORDER BY 1),
           ARRAY(SELECT DISTINCT l.stops FROM lost l WHERE l.org = w.org ORDER BY 1),
           EXISTS (SELECT 1 FROM ends e WHERE e.org = w.org),
           coalesce((SELECT bool_or(s.safety_critical) FROM stand s WHERE s.org = w.org), false),
           coalesce((SELECT string_agg(DISTINCT s.fallback, '; ') FROM stand s WHERE s.org = w.org), '')
      FROM who w WHERE w.org IS NOT NULL
$$;
-- Before it is planned: everybody whom it stops something for. A wide read like any other, and recorded as a what-if:
-- the record goes to everybody it shows, who need not know that there is an incident.
CREATE FUNCTION sec.cut_preview(incident uuid, edges uuid[], off uuid[]) RETURNS jsonb LANGUAGE plpgsql {DEFINER} AS $$
DECLARE i public.incidents_incident := sec.cut_may(incident); BEGIN
    PERFORM sec.cut_may_take(i, edges, off);
    PERFORM sec.wide_read(sec.stopped_with(off || ARRAY(SELECT d.target_id FROM public.partners_dependency d
                                                         WHERE d.id = ANY (edges))), 'what-if');
    RETURN (SELECT coalesce(jsonb_agg(jsonb_build_object('slug', o.slug, 'name', o.name, 'systems', r.systems,
                       'services', r.services, 'loses', r.loses, 'runs_an_end', r.runs_an_end, 'critical', r.critical,
                       'fallback', r.fallback, 'takes_part', EXISTS (
                            SELECT 1 FROM public.incidents_participant p
                             WHERE p.incident_id = i.id AND p.organisation_id = o.id)) ORDER BY NOT r.critical, o.name), '[]')
              FROM sec.cut_reach(edges, off) r JOIN public.partners_organisation o ON o.id = r.organisation_id);
END $$;
"""

SAYING = f"""
CREATE FUNCTION sec.cut_told(c public.incidents_plannedcut, what text, readers uuid[], more jsonb) RETURNS void
LANGUAGE sql {DEFINER} AS $$
    INSERT INTO public.ledger_event (id, kind, at, actor_organisation_id, actor_kind, actor_person_id, incident_id,
                                     incident_reference, subject_id, audience, data)
    SELECT gen_random_uuid(), 'cut.' || what, clock_timestamp(), t.org_id,
           CASE WHEN t.person_id IS NULL THEN 'key' ELSE 'person' END, t.person_id, i.id, i.reference, c.id,
           ARRAY(SELECT DISTINCT x FROM unnest(readers) x WHERE x IS NOT NULL),
           jsonb_build_object('cut', c.id, 'title', c.title, 'planner', o.slug, 'revision', c.revision, 'status', c.status)
               || more
      FROM sec.ticket() t, public.incidents_incident i, public.partners_organisation o
     WHERE i.id = c.incident_id AND o.id = c.planner_id
$$;
-- Whatever became of it: in its own list, to planner and overseers as one event, and to each that is asked as one of its
-- own, so that nobody reads who else is.
CREATE FUNCTION sec.cut_went_on(c public.incidents_plannedcut, i public.incidents_incident, step text, words text) RETURNS void
LANGUAGE plpgsql {DEFINER} AS $$
DECLARE s public.incidents_plannedcutside; n integer; BEGIN
    INSERT INTO public.incidents_plannedcutchange (id, cut_id, revision, what, at, organisation_id, by_name, words, starts_at,
        ends_at)
    VALUES (gen_random_uuid(), c.id, c.revision, step, clock_timestamp(), sec.me(), coalesce(sec.my_name(), ''),
        btrim(coalesce(words, '')), c.starts_at, c.ends_at);
    SELECT count(*) INTO n FROM public.incidents_plannedcutside x
     WHERE x.cut_id = c.id AND x.revision = c.revision AND x.asked;
    PERFORM sec.cut_told(c, 'moved', c.planner_id || i.overseers, jsonb_build_object('step', step, 'asked', n));
    FOR s IN SELECT * FROM public.incidents_plannedcutside x
              WHERE x.cut_id = c.id AND x.revision = c.revision AND x.asked ORDER BY x.slug LOOP
        PERFORM sec.cut_told(c, CASE WHEN step IN ('planned', 'revised') THEN 'asked' ELSE 'told' END,
            ARRAY[s.organisation_id], jsonb_build_object('step', step, 'organisation', s.slug));
    END LOOP;
    IF sec.me() <> c.planner_id AND NOT EXISTS (
            SELECT 1 FROM public.incidents_plannedcutside x WHERE x.cut_id = c.id AND x.revision = c.revision
               AND x.organisation_id = c.planner_id AND x.asked) THEN
        PERFORM sec.cut_told(c, 'told', ARRAY[c.planner_id],
            jsonb_build_object('step', step, 'organisation', o.slug)) FROM public.partners_organisation o WHERE o.id = c.planner_id;
    END IF;
END $$;
CREATE FUNCTION sec.cut_title(sort text, edges uuid[], off uuid[]) RETURNS text LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT left(CASE WHEN sort = 'system' THEN (SELECT string_agg(s.name, ', ') FROM public.partners_sharedsystem s
                                                 WHERE s.id = ANY (off))
        ELSE (SELECT CASE WHEN sort = 'group' THEN 'group ' || min(d."group") ELSE string_agg(DISTINCT g.name, ', ') END
                     || ' off ' || CASE WHEN sort = 'group' THEN string_agg(DISTINCT g.name, ', ')
                                        ELSE string_agg(DISTINCT s.name, ', ') END
                FROM public.partners_dependency d JOIN public.partners_sharedsystem s ON s.id = d.source_id
                JOIN public.partners_sharedsystem g ON g.id = d.target_id WHERE d.id = ANY (edges)) END, 400)
$$;
-- Whether somebody who takes part now was left out when the newest revision was asked about, because it joined later.
-- Whoever wrote that revision agrees by writing it.
CREATE FUNCTION sec.cut_unasked(c public.incidents_plannedcut) RETURNS boolean LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT EXISTS (
        SELECT 1 FROM public.incidents_plannedcutside s JOIN public.incidents_participant p
            ON p.incident_id = s.incident_id AND p.organisation_id = s.organisation_id
         WHERE s.cut_id = c.id AND s.revision = c.revision AND NOT s.asked AND s.organisation_id <> (
            SELECT x.organisation_id FROM public.incidents_plannedcutchange x
             WHERE x.cut_id = c.id AND x.revision = c.revision AND x.what IN ('planned', 'revised')))
$$;
-- Plan a cut, or change one (`former`) and ask again. The same `form` again is the plan that stands; the same words again
-- change nothing, unless somebody joined who was never asked.
CREATE FUNCTION sec.plan_cut(incident uuid, form uuid, former uuid, kind text, edges uuid[], off uuid[], doing text, whom text,
    begins timestamptz, ends timestamptz, why text) RETURNS uuid LANGUAGE plpgsql {DEFINER} AS $$
DECLARE i public.incidents_incident := sec.cut_may(incident); me uuid := sec.me(); c public.incidents_plannedcut;
    was public.incidents_plannedcut; chosen uuid[]; here_now timestamptz := clock_timestamp(); BEGIN
    chosen := ARRAY(SELECT DISTINCT x FROM unnest(edges) x ORDER BY 1);
    IF former IS NULL THEN
        SELECT * INTO c FROM public.incidents_plannedcut x WHERE x.planner_id = me AND x.once = form;
        IF c.id IS NOT NULL AND (c.incident_id, c.links, c.systems, c.how, c.ask, c.starts_at) IS DISTINCT FROM
               (i.id, chosen, off, btrim(doing), btrim(whom), begins) THEN
            RAISE EXCEPTION 'this form was sent before and said something else: open a new one' USING ERRCODE = '23514';
        ELSIF c.id IS NOT NULL THEN
            RETURN c.id;
        END IF;
    ELSE
        SELECT * INTO c FROM public.incidents_plannedcut x
         WHERE x.id = former AND x.incident_id = i.id AND me IN (x.planner_id, i.lead_id);
        IF c.id IS NULL THEN
            RAISE EXCEPTION 'its planner or the lead changes a planned cut' USING ERRCODE = '42501';
        END IF;
    END IF;
    IF i.status = 'closed' THEN
        RAISE EXCEPTION 'the incident is closed' USING ERRCODE = '23514';
    END IF;
    PERFORM sec.cut_may_take(i, chosen, off);
    IF (kind = 'link' AND cardinality(chosen) = 1 AND off = '{{}}' OR kind = 'system' AND chosen = '{{}}' AND cardinality(off) = 1
        OR kind = 'group' AND off = '{{}}' AND 1 = (SELECT count(DISTINCT d."group") FROM public.partners_dependency d
                                                   WHERE d.id = ANY (chosen))
           AND NOT EXISTS (SELECT 1 FROM public.partners_dependency d WHERE d.id = ANY (chosen) AND d."group" = '')) IS NOT TRUE
    THEN
        RAISE EXCEPTION 'one link, one system, or links of one group' USING ERRCODE = '23514';
    END IF;
    IF (length(btrim(doing)) BETWEEN 1 AND 2000 AND length(btrim(whom)) BETWEEN 1 AND 200) IS NOT TRUE THEN
        RAISE EXCEPTION 'say what is done and whom to ask' USING ERRCODE = '23514';
    END IF;
    IF (c.id IS NOT NULL AND begins = c.starts_at OR begins BETWEEN here_now - interval '5 minutes' AND here_now + interval '30 days')
           IS NOT TRUE OR (ends IS NULL OR ends > begins AND ends <= begins + interval '90 days') IS NOT TRUE THEN
        RAISE EXCEPTION 'it starts from now on, within 30 days, and ends after its start, within 90 days'
            USING ERRCODE = '23514';
    END IF;
    IF c.id IS NULL THEN
        IF form IS NULL OR 30 <= (SELECT count(*) FROM public.incidents_plannedcut x WHERE x.planner_id = me
                                     AND x.incident_id = i.id AND x.planned_at > here_now - interval '1 day') THEN
            RAISE EXCEPTION 'thirty cuts planned within a day: ring everybody' USING ERRCODE = '23514';
        END IF;
        INSERT INTO public.incidents_plannedcut (id, incident_id, planner_id, once, what, links, systems, title, how, ask,
            status, revision, starts_at, ends_at, planned_at, decided_by_name, decided_because)
        VALUES (gen_random_uuid(), i.id, me, form, kind, chosen, off, sec.cut_title(kind, chosen, off), btrim(doing),
            btrim(whom), 'planned', 1, begins, ends, here_now, '', '') RETURNING * INTO c;
    ELSE
        IF c.status NOT IN ('planned', 'decided') THEN
            RAISE EXCEPTION 'it is over: plan a new one' USING ERRCODE = '23514';
        END IF;
        IF (c.links, c.systems, c.how, c.ask, c.starts_at) = (chosen, off, btrim(doing), btrim(whom), begins)
           AND c.ends_at IS NOT DISTINCT FROM ends AND NOT sec.cut_unasked(c) THEN
            RETURN c.id;
        END IF;
        IF (length(btrim(why)) BETWEEN 1 AND 2000) IS NOT TRUE THEN
            RAISE EXCEPTION 'say why it is changed: everybody who is asked reads it' USING ERRCODE = '23514';
        END IF;
        IF 20 <= (SELECT count(*) FROM public.incidents_plannedcutchange x
                   WHERE x.cut_id = c.id AND x.what = 'revised' AND x.at > here_now - interval '1 day') THEN
            RAISE EXCEPTION 'changed twenty times within a day: call it off, or ring everybody' USING ERRCODE = '23514';
        END IF;
        was := c;
        UPDATE public.incidents_plannedcut x
           SET what = kind, links = chosen, systems = off, title = sec.cut_title(kind, chosen, off),
               how = btrim(doing), ask = btrim(whom), starts_at = begins, ends_at = ends, revision = x.revision + 1,
               status = 'planned', decided_at = NULL, decided_by_name = '', decided_for_id = NULL, decided_because = ''
         WHERE x.id = c.id RETURNING * INTO c;
    END IF;
    INSERT INTO public.incidents_plannedcutside (id, cut_id, incident_id, planner_id, revision, organisation_id, slug, name,
        asked, systems, services, loses, runs_an_end, critical, fallback, answer, reason)
    SELECT gen_random_uuid(), c.id, i.id, c.planner_id, c.revision, o.id, o.slug, o.name,
           o.id <> me AND EXISTS (SELECT 1 FROM public.incidents_participant p
                                   WHERE p.incident_id = i.id AND p.organisation_id = o.id),
           r.systems, r.services, r.loses, r.runs_an_end, r.critical, r.fallback, '', ''
      FROM sec.cut_reach(c.links, c.systems) r JOIN public.partners_organisation o ON o.id = r.organisation_id;
    PERFORM sec.cut_went_on(c, i, CASE c.revision WHEN 1 THEN 'planned' ELSE 'revised' END, why);
    -- Whoever was asked before and is not concerned any more hears that too, of the cut as it knew it.
    PERFORM sec.cut_told(was, 'told', ARRAY[b.organisation_id],
            jsonb_build_object('step', 'spared', 'organisation', b.slug))
       FROM public.incidents_plannedcutside b
      WHERE b.cut_id = c.id AND b.revision = c.revision - 1 AND b.asked AND b.organisation_id <> me AND NOT EXISTS (
            SELECT 1 FROM public.incidents_plannedcutside n
             WHERE n.cut_id = c.id AND n.revision = c.revision AND n.organisation_id = b.organisation_id AND n.asked);
    RETURN c.id;
END $$;
-- One's own word on the revision that was `seen`. It may be changed until the cut is done; planner and overseers read it.
CREATE FUNCTION sec.answer_cut(which uuid, say text, why text, seen integer) RETURNS boolean LANGUAGE plpgsql {DEFINER} AS $$
DECLARE me uuid := sec.me(); i public.incidents_incident; c public.incidents_plannedcut; s public.incidents_plannedcutside;
    because text := CASE say WHEN 'objects' THEN btrim(coalesce(why, '')) ELSE '' END; BEGIN
    SELECT x.* INTO i FROM public.incidents_incident x JOIN public.incidents_plannedcut p ON p.incident_id = x.id
     WHERE p.id = which AND me = ANY (x.participants) FOR SHARE OF x;
    PERFORM pg_advisory_xact_lock(hashtextextended('cuts ' || i.id, 0));
    SELECT * INTO c FROM public.incidents_plannedcut x WHERE x.id = which;
    SELECT * INTO s FROM public.incidents_plannedcutside x
     WHERE x.cut_id = c.id AND x.organisation_id = me AND x.asked ORDER BY x.revision DESC LIMIT 1;
    IF i.id IS NULL OR s.id IS NULL OR (CASE WHEN (SELECT t.kind FROM sec.ticket() t) = 'key' THEN sec.key_has('answer')
            ELSE sec.who() IS NOT NULL AND sec.role() = ANY (sec.data_writers()) END) IS NOT TRUE THEN
        RAISE EXCEPTION 'not a planned cut that you answer' USING ERRCODE = '42501';
    END IF;
    IF i.suspended_at IS NOT NULL THEN
        RAISE EXCEPTION 'the exercise is put aside: do nothing more in it' USING ERRCODE = '23514';
    END IF;
    IF c.status NOT IN ('planned', 'decided') THEN
        RAISE EXCEPTION 'it is over: nothing is asked of you' USING ERRCODE = '23514';
    END IF;
    IF seen IS DISTINCT FROM c.revision::integer OR s.revision <> c.revision THEN
        RAISE EXCEPTION 'it was changed meanwhile: look at it again, then answer' USING ERRCODE = '23514';
    END IF;
    IF say IS NULL OR say NOT IN ('agrees', 'objects') OR say = 'objects' AND length(because) NOT BETWEEN 1 AND 2000 THEN
        RAISE EXCEPTION 'say that you agree, or object and say why' USING ERRCODE = '23514';
    END IF;
    IF (s.answer, s.reason) = (say, because) THEN
        RETURN false;
    END IF;
    UPDATE public.incidents_plannedcutside x SET answer = say, reason = because, answered_at = clock_timestamp()
     WHERE x.id = s.id;
    PERFORM sec.cut_told(c, 'answered', ARRAY[me, c.planner_id] || i.overseers,
        jsonb_build_object('organisation', s.slug, 'answer', say));
    RETURN true;
END $$;
-- A person with a name says that it goes ahead: of the planner's organisation or the lead's. `objected`: when the newest
-- objection that this person read was made, NULL: there was none. Where somebody objects or is silent, it says why.
CREATE FUNCTION sec.decide_cut(which uuid, why text, seen integer, objected timestamptz) RETURNS boolean
LANGUAGE plpgsql {DEFINER} AS $$
DECLARE me uuid := sec.me(); i public.incidents_incident; c public.incidents_plannedcut; against integer; open_now integer;
    latest timestamptz; BEGIN
    i := sec.cut_may((SELECT x.incident_id FROM public.incidents_plannedcut x WHERE x.id = which));
    SELECT * INTO c FROM public.incidents_plannedcut x WHERE x.id = which AND me IN (x.planner_id, i.lead_id);
    IF c.id IS NULL OR sec.who() IS NULL OR coalesce(sec.my_name(), '') = '' THEN
        RAISE EXCEPTION 'a person of the planner or of the lead decides, by name' USING ERRCODE = '42501';
    END IF;
    IF c.status = 'decided' AND seen = c.revision THEN
        RETURN false;
    END IF;
    IF c.status <> 'planned' OR i.status = 'closed' THEN
        RAISE EXCEPTION 'it is over: nothing is to be decided' USING ERRCODE = '23514';
    END IF;
    SELECT count(*) FILTER (WHERE x.answer = 'objects'), count(*) FILTER (WHERE x.answer = ''),
           max(x.answered_at) FILTER (WHERE x.answer = 'objects') INTO against, open_now, latest
      FROM public.incidents_plannedcutside x WHERE x.cut_id = c.id AND x.revision = c.revision AND x.asked;
    IF seen IS DISTINCT FROM c.revision::integer OR latest > coalesce(objected, '-infinity') THEN
        RAISE EXCEPTION 'it or an answer to it has changed meanwhile: look again, then decide' USING ERRCODE = '23514';
    END IF;
    IF sec.cut_unasked(c) THEN
        RAISE EXCEPTION 'somebody whom it concerns has joined and was never asked: change it, so that they are asked'
            USING ERRCODE = '23514';
    END IF;
    IF against + open_now > 0 AND (btrim(why) = '') IS NOT FALSE OR length(why) > 2000 THEN
        RAISE EXCEPTION 'somebody objects or has not answered: say why it goes ahead' USING ERRCODE = '23514';
    END IF;
    UPDATE public.incidents_plannedcut x SET status = 'decided', decided_at = clock_timestamp(),
           decided_by_name = sec.my_name(), decided_for_id = me, decided_because = btrim(coalesce(why, ''))
     WHERE x.id = c.id RETURNING * INTO c;
    PERFORM sec.cut_went_on(c, i, 'decided', why);
    RETURN true;
END $$;
-- Done, after it was decided; or called off, with a reason.
CREATE FUNCTION sec.end_cut(which uuid, step text, words text, seen integer) RETURNS boolean LANGUAGE plpgsql {DEFINER} AS $$
DECLARE me uuid := sec.me(); i public.incidents_incident; c public.incidents_plannedcut; BEGIN
    i := sec.cut_may((SELECT x.incident_id FROM public.incidents_plannedcut x WHERE x.id = which));
    SELECT * INTO c FROM public.incidents_plannedcut x WHERE x.id = which AND me IN (x.planner_id, i.lead_id);
    IF c.id IS NULL THEN
        RAISE EXCEPTION 'its planner or the lead says how a planned cut ends' USING ERRCODE = '42501';
    END IF;
    IF c.status = step THEN
        RETURN false;
    END IF;
    IF seen IS DISTINCT FROM c.revision::integer THEN
        RAISE EXCEPTION 'it was changed meanwhile: look again' USING ERRCODE = '23514';
    END IF;
    IF (step = 'done' AND c.status = 'decided' OR step = 'called_off' AND c.status IN ('planned', 'decided')) IS NOT TRUE THEN
        RAISE EXCEPTION 'that does not follow now: the cut is %', CASE c.status WHEN 'planned' THEN 'planned, not decided'
            WHEN 'decided' THEN 'decided' WHEN 'done' THEN 'done' ELSE 'called off' END USING ERRCODE = '23514';
    END IF;
    IF step = 'called_off' AND (btrim(words) = '') IS NOT FALSE OR length(words) > 2000 THEN
        RAISE EXCEPTION 'say why it is called off: everybody who was asked reads it' USING ERRCODE = '23514';
    END IF;
    UPDATE public.incidents_plannedcut x SET status = step, ended_at = clock_timestamp() WHERE x.id = c.id RETURNING * INTO c;
    PERFORM sec.cut_went_on(c, i, step, words);
    RETURN true;
END $$;
CREATE POLICY cuts_by_functions ON ledger_event AS RESTRICTIVE FOR INSERT TO portal_app, portal_worker
    WITH CHECK (split_part(kind, '.', 1) <> 'cut');
"""
NOBODY = (
    "sec.cut_may(uuid), sec.cut_may_take(public.incidents_incident, uuid[], uuid[]), sec.cut_reach(uuid[], uuid[]),"
    " sec.cut_told(public.incidents_plannedcut, text, uuid[], jsonb), sec.cut_title(text, uuid[], uuid[]),"
    " sec.cut_unasked(public.incidents_plannedcut),"
    " sec.cut_went_on(public.incidents_plannedcut, public.incidents_incident, text, text)"
)
OPEN = (
    "sec.own_links(), sec.cut_preview(uuid, uuid[], uuid[]), sec.answer_cut(uuid, text, text, integer),"
    " sec.plan_cut(uuid, uuid, uuid, text, uuid[], uuid[], text, text, timestamptz, timestamptz, text),"
    " sec.decide_cut(uuid, text, integer, timestamptz), sec.end_cut(uuid, text, text, integer)"
)
GRANTS = f"""
REVOKE ALL ON FUNCTION {NOBODY}, {OPEN} FROM PUBLIC;
GRANT EXECUTE ON FUNCTION {OPEN} TO portal_app;
"""
BACKWARD = f"DROP POLICY cuts_by_functions ON ledger_event; DROP FUNCTION {OPEN}, {NOBODY};"
IN_IT = (
    "EXISTS (SELECT 1 FROM incidents_incident i WHERE i.id = {0}.incident_id AND "
    + ME
    + " = ANY (i.participants) AND ({1}))"
)
OVERSEES = f"{ME} = ANY (i.overseers)"
OF_CUT = (
    f"EXISTS (SELECT 1 FROM incidents_plannedcut c WHERE c.id = incidents_plannedcutchange.cut_id AND {ME} IS NOT NULL)"
)


class Migration(migrations.Migration):
    dependencies = [("incidents", "0043_statements")]

    operations = [
        migrations.CreateModel(
            name="PlannedCut",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("once", models.UUIDField()),
                (
                    "what",
                    models.TextField(
                        choices=[("link", "A link"), ("group", "A group of administrators"), ("system", "A system")]
                    ),
                ),
                ("links", django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), size=None)),
                ("systems", django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), size=None)),
                ("title", models.TextField()),
                ("how", models.TextField()),
                ("ask", models.TextField()),
                (
                    "status",
                    models.TextField(
                        choices=[
                            ("planned", "Planned"),
                            ("decided", "Goes ahead"),
                            ("done", "Done"),
                            ("called_off", "Called off"),
                        ]
                    ),
                ),
                ("revision", models.PositiveSmallIntegerField()),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField(null=True)),
                ("planned_at", models.DateTimeField()),
                ("decided_at", models.DateTimeField(null=True)),
                ("decided_by_name", models.TextField(default="")),
                ("decided_because", models.TextField(default="")),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "decided_for",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="partners.organisation",
                    ),
                ),
                (
                    "incident",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="incidents.incident",
                    ),
                ),
                (
                    "planner",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="partners.organisation",
                    ),
                ),
            ],
            options={
                "ordering": ["-planned_at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="PlannedCutChange",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("revision", models.PositiveSmallIntegerField()),
                (
                    "what",
                    models.TextField(
                        choices=[
                            ("planned", "Planned"),
                            ("revised", "Changed, and asked again"),
                            ("decided", "Goes ahead"),
                            ("done", "Done"),
                            ("called_off", "Called off"),
                        ]
                    ),
                ),
                ("at", models.DateTimeField()),
                ("by_name", models.TextField(blank=True, default="")),
                ("words", models.TextField(blank=True, default="")),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField(null=True)),
                (
                    "cut",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="changes",
                        to="incidents.plannedcut",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="partners.organisation",
                    ),
                ),
            ],
            options={
                "ordering": ["-at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="PlannedCutSide",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("revision", models.PositiveSmallIntegerField()),
                ("slug", models.TextField()),
                ("name", models.TextField()),
                ("asked", models.BooleanField()),
                ("systems", django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)),
                ("services", django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)),
                ("loses", django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)),
                ("runs_an_end", models.BooleanField()),
                ("critical", models.BooleanField()),
                ("fallback", models.TextField(blank=True, default="")),
                (
                    "answer",
                    models.TextField(
                        blank=True,
                        choices=[("", "Has not answered"), ("agrees", "Agrees"), ("objects", "Objects")],
                        default="",
                    ),
                ),
                ("reason", models.TextField(blank=True, default="")),
                ("answered_at", models.DateTimeField(null=True)),
                (
                    "cut",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sides",
                        to="incidents.plannedcut",
                    ),
                ),
                (
                    "incident",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="incidents.incident",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="partners.organisation",
                    ),
                ),
                (
                    "planner",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="partners.organisation",
                    ),
                ),
            ],
            options={
                "ordering": ["-critical", "name"],
            },
        ),
        migrations.AddIndex(
            model_name="plannedcut",
            index=models.Index(fields=["incident", "planned_at"], name="planned_cut_in"),
        ),
        migrations.AddConstraint(
            model_name="plannedcut",
            constraint=models.UniqueConstraint(fields=("planner", "once"), name="planned_cut_once"),
        ),
        migrations.AddConstraint(
            model_name="plannedcut",
            constraint=models.CheckConstraint(
                condition=models.Q(("what__in", ["link", "group", "system"])), name="planned_cut_what"
            ),
        ),
        migrations.AddConstraint(
            model_name="plannedcut",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["planned", "decided", "done", "called_off"])),
                name="planned_cut_status",
            ),
        ),
        migrations.AddConstraint(
            model_name="plannedcut",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends_at", None), ("ends_at__gt", models.F("starts_at")), _connector="OR"),
                name="planned_cut_window",
            ),
        ),
        migrations.AddConstraint(
            model_name="plannedcut",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status__in", ["decided", "done"]), _negated=True),
                    models.Q(("decided_at__isnull", False), models.Q(("decided_by_name", ""), _negated=True)),
                    _connector="OR",
                ),
                name="planned_cut_decided",
            ),
        ),
        migrations.AddIndex(
            model_name="plannedcutchange",
            index=models.Index(fields=["cut", "at"], name="planned_cut_changes"),
        ),
        migrations.AddIndex(
            model_name="plannedcutside",
            index=models.Index(fields=["incident", "organisation"], name="planned_cut_side_of"),
        ),
        migrations.AddConstraint(
            model_name="plannedcutside",
            constraint=models.UniqueConstraint(
                fields=("cut", "revision", "organisation"), name="planned_cut_side_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="plannedcutside",
            constraint=models.CheckConstraint(
                condition=models.Q(("answer__in", ["", "agrees", "objects"])), name="planned_cut_answer"
            ),
        ),
        migrations.AddConstraint(
            model_name="plannedcutside",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("answer", "objects"), _negated=True),
                    models.Q(("reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="planned_cut_objection",
            ),
        ),
        migrations.AddConstraint(
            model_name="plannedcutside",
            constraint=models.CheckConstraint(
                condition=models.Q(("asked", True), ("answer", ""), _connector="OR"), name="planned_cut_asked"
            ),
        ),
        migrations.RunSQL(REACHING + SAYING + GRANTS, BACKWARD),
        protect(
            "incidents_plannedcutside",
            Allow(
                "portal_app",
                "select",
                IN_IT.format(
                    "incidents_plannedcutside",
                    f"planner_id = {ME} OR {OVERSEES} OR organisation_id = {ME} AND asked",
                ),
            ),
        ),
        protect(
            "incidents_plannedcut",
            Allow(
                "portal_app",
                "select",
                IN_IT.format(
                    "incidents_plannedcut",
                    f"planner_id = {ME} OR {OVERSEES} OR EXISTS (SELECT 1 FROM incidents_plannedcutside s"
                    f" WHERE s.cut_id = incidents_plannedcut.id AND s.organisation_id = {ME} AND s.asked"
                    " AND s.revision = incidents_plannedcut.revision)",
                ),
            ),
        ),
        protect("incidents_plannedcutchange", Allow("portal_app", "select", OF_CUT)),
    ]
