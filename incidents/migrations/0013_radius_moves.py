"""The radius moves: versions of it, reasons to walk again, links named in the middle of an incident, what an organisation
says of itself and of the links on its paths, and the figures of concentration.

The opening radius is never changed. Walks that a link's two ends bring about are made by a job inside the lead, because
whoever runs an end need not take part. Functions write every statement: who says it is taken from the ticket.
"""

import uuid
from importlib import import_module

import django.db.models.deletion
from django.db import migrations, models

from portal.tenancy.policies import ME, Allow, protect

APP, WORKER = "portal_app", "portal_worker"
DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
SIGNATURES = {
    "estate_of": "uuid[]",
    "wide_read": "uuid[], text",
    "incident_walk": "uuid",
    "incident_links": "uuid",
    "edges_of_incident": "uuid, text",
    "edges_for_chore": "text",
    "current_radius": "uuid",
    "in_radius": "uuid, uuid",
    "walks_again": "",
    "enter_rewalk": "uuid, text",
    "rewalk_causes": "uuid, text",
    "keep_radius": "uuid, jsonb, jsonb, jsonb, jsonb",
    "settle_sides": "uuid, jsonb",
    "word_of": "public.incidents_participant",
    "write_link": "uuid, text, uuid, text",
    "count_link": "public.incidents_linkclaim, text, uuid, text",
    "name_link": "uuid, uuid, text, uuid, text, text",
    "propose_link": "uuid, uuid, text",
    "decide_link": "uuid, boolean, text",
    "why_here": "uuid, uuid",
    "state_clear": "uuid, text",
    "withdraw_clear": "uuid, text",
    "exposure_said": "uuid, uuid, text",
    "dispute_link": "uuid, uuid, text",
    "answer_dispute": "uuid, text, text",
}

WALKING = f"""
-- What the register says of the systems that were walked, and of nothing else but the names of those next to them.
CREATE FUNCTION sec.estate_of(walked uuid[]) RETURNS jsonb LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT jsonb_build_object(
        'systems', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', s.id, 'slug', s.slug, 'name', s.name,
                        'provider', CASE WHEN s.id = ANY (walked) THEN s.provider_id END,
                        'owner', CASE WHEN s.id = ANY (walked) THEN s.owner_id END,
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
                        'kind', o.kind, 'people_served', o.people_served) ORDER BY o.slug), '[]')
                            FROM public.partners_organisation o))
$$;
-- The record of a wide read, for every organisation that it shows: one event each, because an audience can be read, and
-- whoever is shown need not know who else was.
CREATE FUNCTION sec.wide_read(walked uuid[], reason text) RETURNS void LANGUAGE sql {DEFINER} AS $$
    INSERT INTO public.ledger_event (id, kind, at, actor_organisation_id, actor_kind, actor_person_id, incident_reference,
                                     audience, data)
    SELECT gen_random_uuid(), 'estate.read', clock_timestamp(), t.org_id,
           CASE WHEN t.kind = 'job' THEN 'system' WHEN t.person_id IS NULL THEN 'key' ELSE 'person' END, t.person_id, '',
           ARRAY[shown.org], jsonb_build_object('reason', reason)
      FROM sec.ticket() t
      CROSS JOIN (SELECT sec.me() AS org
                  UNION SELECT p.organisation_id FROM public.partners_participation p WHERE p.system_id = ANY (walked)
                  UNION SELECT r.org FROM public.partners_sharedsystem s, unnest(ARRAY[s.owner_id, s.provider_id]) r(org)
                         WHERE s.id = ANY (walked) AND r.org IS NOT NULL) shown
$$;
-- What the register itself reaches from the systems that an incident names. The radius is the lead's own word: what
-- anybody is let see or write for its sake is asked here.
CREATE FUNCTION sec.incident_walk(incident uuid) RETURNS uuid[] LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT coalesce(sec.walked_from(ARRAY(SELECT s.system_id FROM public.incidents_incidentsystem s
                                           WHERE s.incident_id = incident)), '{{}}')
$$;
-- The same past every cut and barrier: all that can ever have been on a path of this incident.
CREATE FUNCTION sec.incident_links(incident uuid) RETURNS uuid[] LANGUAGE sql STABLE {DEFINER} AS $$
    WITH RECURSIVE walk AS (
        SELECT s.system_id AS id FROM public.incidents_incidentsystem s WHERE s.incident_id = incident
        UNION SELECT d.target_id FROM walk w JOIN public.partners_dependency d ON d.source_id = w.id
    ) SELECT coalesce(array_agg(w.id), '{{}}') FROM walk w
$$;
CREATE OR REPLACE FUNCTION sec.edges_from(starts uuid[], reason text) RETURNS jsonb LANGUAGE plpgsql {DEFINER} AS $$
DECLARE walked uuid[]; BEGIN
    IF sec.me() IS NULL OR (starts <@ sec.my_systems()) IS NOT TRUE THEN
        RAISE EXCEPTION 'a start that is not yours' USING ERRCODE = '42501';
    END IF;
    walked := sec.walked_from(starts);
    PERFORM sec.wide_read(walked, reason);
    RETURN sec.estate_of(walked);
END $$;
-- The same from all that an incident names, for those who oversee it: whoever leads now need not stand on any of it.
CREATE FUNCTION sec.edges_of_incident(incident uuid, reason text) RETURNS jsonb LANGUAGE plpgsql {DEFINER} AS $$
DECLARE walked uuid[]; BEGIN
    IF NOT EXISTS (SELECT 1 FROM public.incidents_incident i
                    WHERE i.id = incident AND sec.me() = ANY (i.overseers) AND i.status <> 'closed') THEN
        RAISE EXCEPTION 'not an open incident that you oversee' USING ERRCODE = '42501';
    END IF;
    walked := sec.incident_walk(incident);
    PERFORM sec.wide_read(walked, reason);
    RETURN sec.estate_of(walked);
END $$;
-- The newest radius of an incident, for other functions alone.
CREATE FUNCTION sec.current_radius(incident uuid) RETURNS jsonb LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT coalesce((SELECT v.document FROM public.incidents_radiusversion v WHERE v.incident_id = incident
                      ORDER BY v.number DESC LIMIT 1),
                    (SELECT r.document FROM public.incidents_radius r WHERE r.incident_id = incident))
$$;
-- From all that an organisation may name, for the chore that keeps its figures.
CREATE FUNCTION sec.edges_for_chore(reason text) RETURNS jsonb LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    IF (SELECT t.kind = 'job' FROM sec.ticket() t) IS NOT TRUE THEN
        RAISE EXCEPTION 'a job asks for this' USING ERRCODE = '42501';
    END IF;
    RETURN sec.edges_from(sec.my_systems(), reason);
END $$;
GRANT EXECUTE ON FUNCTION sec.edges_for_chore(text) TO portal_worker;
GRANT EXECUTE ON FUNCTION sec.edges_of_incident(uuid, text) TO portal_app, portal_worker;
"""
AGAIN = f"""
-- A link whose source an open incident has reached: what became of it is a reason to walk again. A job does it.
CREATE FUNCTION sec.walks_again() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
DECLARE kind text; BEGIN
    IF NOT EXISTS (SELECT 1 FROM public.incidents_incident i WHERE i.status <> 'closed') THEN
        RETURN NULL;
    END IF;
    IF TG_OP = 'INSERT' THEN
        kind := 'added';
    ELSIF (OLD.cut_source_at IS NULL, OLD.cut_target_at IS NULL) = (NEW.cut_source_at IS NULL, NEW.cut_target_at IS NULL) THEN
        RETURN NULL;
    ELSE
        kind := CASE WHEN NEW.cut_source_at IS NOT NULL AND NEW.cut_target_at IS NOT NULL THEN 'cut'
                     WHEN NEW.cut_source_at IS NULL AND NEW.cut_target_at IS NULL THEN 'reconnected' ELSE 'half_cut' END;
    END IF;
    INSERT INTO public.incidents_rewalk (id, incident_id, what, dependency_id, organisation_id, at)
    SELECT gen_random_uuid(), i.id, kind, NEW.id, (SELECT t.org_id FROM sec.ticket() t), clock_timestamp()
      FROM public.incidents_incident i
     WHERE i.status <> 'closed' AND sec.current_radius(i.id) -> 'reached_systems' ? NEW.source_id::text;
    RETURN NULL;
END $$;
CREATE TRIGGER walks_again AFTER INSERT OR UPDATE OF cut_source_at, cut_target_at ON partners_dependency
    FOR EACH ROW EXECUTE FUNCTION sec.walks_again();

-- A worker enters the lead of an incident for what it has claimed; two at once come one after the other.
CREATE FUNCTION sec.enter_rewalk(incident uuid, worker text) RETURNS text LANGUAGE plpgsql {DEFINER} AS $$
DECLARE org uuid; BEGIN
    SELECT i.lead_id INTO org FROM public.incidents_incident i WHERE i.id = incident AND EXISTS (
        SELECT 1 FROM public.incidents_rewalk r WHERE r.incident_id = i.id AND r.done_at IS NULL
           AND r.claimed_by = worker AND worker <> '' AND r.claimed_until > clock_timestamp());
    IF org IS NULL THEN
        RAISE EXCEPTION 'no claim on this walk' USING ERRCODE = '42501';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('rewalk ' || incident, 0));
    RETURN sec.enter(org);
END $$;
-- Why to walk again: who said what of which link. Of a link that both ends cut, both.
CREATE FUNCTION sec.rewalk_causes(incident uuid, worker text)
RETURNS TABLE (what text, at timestamptz, dependency uuid, source text, target text, by_names text[])
LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT r.what, r.at, r.dependency_id, s.name, g.name,
           CASE WHEN r.what IN ('cut', 'reconnected')
                THEN ARRAY(SELECT DISTINCT o.name FROM unnest(ARRAY['source', 'target']) e(which)
                             JOIN LATERAL (SELECT m.organisation_id FROM public.partners_edgemove m
                                            WHERE m.dependency_id = r.dependency_id AND m.at_end = e.which
                                              AND m.what = CASE r.what WHEN 'cut' THEN 'cut' ELSE 'agreed' END
                                            ORDER BY m.at DESC LIMIT 1) m ON true
                             JOIN public.partners_organisation o ON o.id = m.organisation_id ORDER BY 1)
                ELSE ARRAY(SELECT o.name FROM public.partners_organisation o WHERE o.id = r.organisation_id) END
      FROM public.incidents_rewalk r JOIN public.incidents_incident i ON i.id = r.incident_id
      LEFT JOIN public.partners_dependency d ON d.id = r.dependency_id
      LEFT JOIN public.partners_sharedsystem s ON s.id = d.source_id
      LEFT JOIN public.partners_sharedsystem g ON g.id = d.target_id
     WHERE r.incident_id = incident AND i.lead_id = sec.me() AND r.done_at IS NULL AND r.claimed_by = worker AND worker <> ''
     ORDER BY r.at
$$;
-- The next version of a radius, by the lead or for it. The opening one is never changed, and neither is any other.
CREATE FUNCTION sec.keep_radius(incident uuid, whole jsonb, first jsonb, differs jsonb, why jsonb) RETURNS integer
LANGUAGE plpgsql {DEFINER} AS $$
DECLARE i public.incidents_incident; nth integer; by_job boolean; BEGIN
    SELECT * INTO i FROM public.incidents_incident x WHERE x.id = incident AND x.lead_id = sec.me() FOR UPDATE;
    by_job := (SELECT t.kind = 'job' FROM sec.ticket() t);
    IF i.id IS NULL OR NOT (by_job OR sec.may_keep()) THEN
        RAISE EXCEPTION 'only the lead walks again' USING ERRCODE = '42501';
    END IF;
    IF i.status = 'closed' OR jsonb_typeof(whole -> 'organisations') IS DISTINCT FROM 'array'
       OR jsonb_typeof(whole -> 'reached_systems') IS DISTINCT FROM 'array' THEN
        RAISE EXCEPTION 'not a radius of an open incident' USING ERRCODE = '23514';
    END IF;
    SELECT 1 + coalesce(max(v.number), 0) INTO nth FROM public.incidents_radiusversion v WHERE v.incident_id = incident;
    INSERT INTO public.incidents_radiusversion (id, incident_id, number, at, causes, document, contain_first, changed)
    VALUES (gen_random_uuid(), incident, nth, clock_timestamp(), why, whole, first, differs);
    IF NOT by_job THEN
        INSERT INTO public.incidents_rewalk (id, incident_id, what, organisation_id, at)
        VALUES (gen_random_uuid(), incident, 'sides', sec.me(), clock_timestamp());
    END IF;
    RETURN nth;
END $$;
-- Contained: it has answered, and its containing steps are done or no path reaches it any more.
CREATE FUNCTION sec.word_of(p public.incidents_participant) RETURNS text LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE WHEN p.acknowledged_at IS NOT NULL AND (p.containing_open = 0 OR p.reach_ended_at IS NOT NULL)
                THEN 'contained' ELSE 'acting' END
$$;
-- What the newest radius says of each side. Other organisations' rows: a job does it, for the lead.
CREATE FUNCTION sec.settle_sides(incident uuid, sides jsonb) RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
DECLARE i public.incidents_incident; BEGIN
    SELECT * INTO i FROM public.incidents_incident x WHERE x.id = incident AND x.lead_id = sec.me();
    IF i.id IS NULL OR NOT (SELECT t.kind = 'job' FROM sec.ticket() t) THEN
        RAISE EXCEPTION 'a job settles the sides, for the lead' USING ERRCODE = '42501';
    END IF;
    UPDATE public.incidents_clearing c SET was = s.exposure
      FROM jsonb_to_recordset(sides) AS s(organisation uuid, exposure text)
     WHERE c.incident_id = incident AND c.organisation_id = s.organisation AND c.withdrawn_at IS NULL;
    UPDATE public.incidents_participant p
       SET exposure = CASE WHEN p.exposure = 'cleared' THEN 'cleared' ELSE s.exposure END, distance = s.distance,
           because = s.because, other_paths = s.other_paths, reach_ended_at = s.ended_at
      FROM jsonb_to_recordset(sides) AS s(organisation uuid, exposure text, distance smallint, because text,
                                          other_paths jsonb, ended_at timestamptz)
     WHERE p.incident_id = incident AND p.organisation_id = s.organisation;
    WITH told AS (
        UPDATE public.incidents_standing s SET word = sec.word_of(p)
          FROM public.incidents_participant p
         WHERE s.incident_id = incident AND p.incident_id = incident AND p.organisation_id = s.organisation_id
           AND s.word NOT IN ('cut_off', sec.word_of(p))
        RETURNING s.organisation_id, s.slug, s.word)
    INSERT INTO public.ledger_event (id, kind, at, actor_organisation_id, actor_kind, incident_id, incident_reference,
                                     subject_id, audience, data)
    SELECT gen_random_uuid(), 'standing.changed', clock_timestamp(), i.lead_id, 'system', i.id, i.reference,
           w.organisation_id, i.participants, jsonb_build_object('organisation', w.slug, 'word', w.word) FROM told w;
END $$;
GRANT EXECUTE ON FUNCTION sec.enter_rewalk(uuid, text), sec.rewalk_causes(uuid, text), sec.settle_sides(uuid, jsonb)
    TO portal_worker;
GRANT EXECUTE ON FUNCTION sec.keep_radius(uuid, jsonb, jsonb, jsonb, jsonb) TO portal_app, portal_worker;
"""

# The two functions of 0003_triggers that become others here, as they were.
BEFORE = import_module("incidents.migrations.0003_triggers")
WALKED_BEFORE = BEFORE.ESTATE[: BEFORE.ESTATE.index("-- Those of the caller")].replace(
    "CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"
)
COUNTED_BEFORE = BEFORE.COUNTERS[: BEFORE.COUNTERS.index("CREATE TRIGGER")].replace(
    "CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"
)
WORD_BEFORE = "CASE WHEN p.containing_open = 0 AND p.acknowledged_at IS NOT NULL THEN 'contained' ELSE 'acting' END"
COUNTED = COUNTED_BEFORE.replace(WORD_BEFORE, "sec.word_of(p)")

NAMING = f"""
-- Into the register, reviewed by nobody. An organisation is linked through a system of its own that has no name yet, so
-- that it learns no more of the reached one than its name.
CREATE FUNCTION sec.write_link(source uuid, kind text, target uuid, called text) RETURNS uuid LANGUAGE plpgsql {DEFINER} AS $$
DECLARE other uuid := target; made uuid; keeper uuid; org public.partners_organisation; BEGIN
    IF kind = 'organisation' THEN
        SELECT * INTO org FROM public.partners_organisation o WHERE o.id = target;
        IF org.id IS NULL OR EXISTS (SELECT 1 FROM public.partners_participation p
                                      WHERE p.system_id = source AND p.organisation_id = org.id) THEN
            RAISE EXCEPTION 'it uses that system already' USING ERRCODE = '23514';
        END IF;
        SELECT s.id INTO other FROM public.partners_sharedsystem s JOIN public.partners_dependency d ON d.target_id = s.id
         WHERE d.source_id = source AND d.kind = 'unknown' AND s.owner_id = org.id AND s.slug LIKE 'named-%' LIMIT 1;
    ELSIF kind = 'new' THEN
        other := NULL;
    END IF;
    IF other = source OR coalesce(kind, '') NOT IN ('organisation', 'system', 'new') THEN
        RAISE EXCEPTION 'a link has two ends' USING ERRCODE = '23514';
    END IF;
    IF other IS NOT NULL AND EXISTS (SELECT 1 FROM public.partners_dependency d
                                      WHERE d.source_id = source AND d.target_id = other
                                        AND (d.kind = 'unknown' OR d.cut_source_at IS NULL OR d.cut_target_at IS NULL)) THEN
        RAISE EXCEPTION 'that link is in the register already' USING ERRCODE = '23514';
    END IF;
    IF other IS NULL THEN
        other := gen_random_uuid();
        -- Whoever runs the reached system keeps what is new, until somebody says whose it is.
        keeper := coalesce(org.id, (sec.speakers(source))[1]);
        IF kind = 'new' AND (btrim(called) = '' OR length(called) > 120) THEN
            RAISE EXCEPTION 'give it a name' USING ERRCODE = '23514';
        END IF;
        INSERT INTO public.partners_sharedsystem (id, slug, name, spoken, description, owner_id, hosting, status,
            safety_critical, cut_stops, account_realms)
        VALUES (other, 'named-' || substr(replace(other::text, '-', ''), 1, 12),
            CASE WHEN org.id IS NULL THEN btrim(called) ELSE 'Systems of ' || org.name || ', not named yet' END,
            CASE WHEN org.id IS NULL THEN '' ELSE 'systems of ' || org.name || ' that are not named yet' END,
            'Named in the middle of an incident. Nobody has reviewed it.', keeper, '', 'live', false, '', '{{}}');
        IF org.id IS NOT NULL THEN
            INSERT INTO public.partners_participation (id, organisation_id, system_id, services, safety_critical, status)
            VALUES (gen_random_uuid(), org.id, other, '{{}}', false, 'live');
        END IF;
    END IF;
    made := gen_random_uuid();
    INSERT INTO public.partners_dependency (id, source_id, target_id, kind, label, phrase, stops, carries, "group", barrier,
                                            reviewed_by, note)
    VALUES (made, source, other, 'unknown', '', '', '', false, '', 'none', '',
            'Named in the middle of an incident. Nobody has reviewed it.');
    RETURN made;
END $$;
-- A claim becomes a link, and whoever runs an end has to look at it.
CREATE FUNCTION sec.count_link(c public.incidents_linkclaim, kind text, target uuid, called text) RETURNS void
LANGUAGE plpgsql {DEFINER} AS $$
DECLARE made uuid; source text; other text; runner uuid; BEGIN
    made := sec.write_link(c.from_system_id, kind, target, called);
    SELECT s.name, g.name INTO source, other FROM public.partners_dependency d
      JOIN public.partners_sharedsystem s ON s.id = d.source_id JOIN public.partners_sharedsystem g ON g.id = d.target_id
     WHERE d.id = made;
    UPDATE public.incidents_linkclaim x SET state = 'counted', dependency_id = made, to_name = other WHERE x.id = c.id;
    FOR runner IN SELECT DISTINCT x FROM public.partners_dependency d,
                         unnest(sec.speakers(d.source_id) || sec.speakers(d.target_id)) x WHERE d.id = made LOOP
        PERFORM sec.raise_work(runner, 'link.named', 'named:' || made,
            'Nobody has reviewed this link: ' || source || ' to ' || other, '', '/partners/links/' || made || '/', made, NULL);
    END LOOP;
END $$;
-- An overseer names a link from a reached system. To a system that it may name itself, or that is reached too; so that
-- the walk shows nobody more of the register than their own incident, or their own systems, would.
CREATE FUNCTION sec.name_link(incident uuid, source uuid, kind text, target uuid, called text, said text) RETURNS uuid
LANGUAGE plpgsql {DEFINER} AS $$
DECLARE me uuid := sec.me(); walked uuid[]; c public.incidents_linkclaim; BEGIN
    IF NOT EXISTS (SELECT 1 FROM public.incidents_incident i
                    WHERE i.id = incident AND me = ANY (i.overseers) AND i.status <> 'closed') OR NOT sec.may_lead() THEN
        RAISE EXCEPTION 'this needs an incident manager of those who oversee it, and a passkey used just now'
            USING ERRCODE = '42501';
    END IF;
    walked := sec.incident_walk(incident);
    IF coalesce(kind, '') NOT IN ('organisation', 'system', 'new') OR (source = ANY (walked)) IS NOT TRUE
       OR (sec.current_radius(incident) -> 'reached_systems' ? source::text) IS NOT TRUE
       OR (kind = 'system' AND (target = ANY (sec.my_systems() || walked)) IS NOT TRUE) THEN
        RAISE EXCEPTION 'no system of this name that is reached, or that is yours to name' USING ERRCODE = '23514';
    END IF;
    INSERT INTO public.incidents_linkclaim (id, incident_id, state, said_by_id, said_at, from_system_id, from_name, to_name,
                                            to_organisation_id, words, decided_at, decision)
    SELECT gen_random_uuid(), incident, 'proposed', me, clock_timestamp(), s.id, s.name, '',
           CASE WHEN kind = 'organisation' THEN target END, said, clock_timestamp(), ''
      FROM public.partners_sharedsystem s WHERE s.id = source RETURNING * INTO c;
    PERFORM sec.count_link(c, kind, target, called);
    RETURN c.id;
END $$;
-- "We are connected here too": what a participant says of itself, of a system that it knows from this incident.
CREATE FUNCTION sec.propose_link(incident uuid, source uuid, said text) RETURNS uuid LANGUAGE plpgsql {DEFINER} AS $$
DECLARE me uuid := sec.me(); i public.incidents_incident; c public.incidents_linkclaim; BEGIN
    SELECT * INTO i FROM public.incidents_incident x WHERE x.id = incident AND me = ANY (x.participants) AND x.status <> 'closed';
    IF i.id IS NULL OR NOT sec.may_lead() THEN
        RAISE EXCEPTION 'this needs an incident manager of those who take part, and a passkey used just now'
            USING ERRCODE = '42501';
    END IF;
    IF btrim(said) = '' OR NOT EXISTS (SELECT 1 FROM public.incidents_incidentsystem s
                                        WHERE s.incident_id = incident AND s.system_id = source
                                       UNION ALL SELECT 1 FROM jsonb_array_elements(sec.why_here(incident, me) -> 'systems') s
                                        WHERE s ->> 'id' = source::text) THEN
        RAISE EXCEPTION 'name a system of this incident, and say how you are connected' USING ERRCODE = '23514';
    END IF;
    IF EXISTS (SELECT 1 FROM public.incidents_linkclaim x WHERE x.incident_id = incident AND x.said_by_id = me
               AND x.from_system_id = source AND x.state = 'proposed') THEN
        RAISE EXCEPTION 'you have said so already: the lead looks at it' USING ERRCODE = '23514';
    END IF;
    INSERT INTO public.incidents_linkclaim (id, incident_id, state, said_by_id, said_at, from_system_id, from_name, to_name,
                                            to_organisation_id, words, decision)
    SELECT gen_random_uuid(), incident, 'proposed', me, clock_timestamp(), s.id, s.name, o.name, me, said, ''
      FROM public.partners_sharedsystem s, public.partners_organisation o WHERE s.id = source AND o.id = me RETURNING * INTO c;
    INSERT INTO public.ledger_event (id, kind, at, actor_organisation_id, actor_kind, actor_person_id, incident_id,
                                     incident_reference, subject_id, audience, data)
    VALUES (gen_random_uuid(), 'radius.proposed', clock_timestamp(), me, 'person', sec.who(), i.id, i.reference, c.id,
            ARRAY(SELECT DISTINCT x FROM unnest(i.overseers || me) x), jsonb_build_object('system', c.from_name));
    RETURN c.id;
END $$;
CREATE FUNCTION sec.decide_link(claim uuid, counts boolean, because text) RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
DECLARE c public.incidents_linkclaim; BEGIN
    SELECT x.* INTO c FROM public.incidents_linkclaim x JOIN public.incidents_incident i ON i.id = x.incident_id
     WHERE x.id = claim AND i.lead_id = sec.me() AND i.status <> 'closed' FOR UPDATE OF x;
    IF c.id IS NULL OR NOT sec.may_lead() THEN
        RAISE EXCEPTION 'the lead decides, by an incident manager, with a passkey used just now' USING ERRCODE = '42501';
    END IF;
    IF c.state <> 'proposed' OR counts IS NULL OR (NOT counts AND btrim(coalesce(because, '')) = '') THEN
        RAISE EXCEPTION 'it is decided already, or no reason was given' USING ERRCODE = '23514';
    END IF;
    IF counts AND (sec.current_radius(c.incident_id) -> 'reached_systems' ? c.from_system_id::text
                   AND c.from_system_id = ANY (sec.incident_walk(c.incident_id))) IS NOT TRUE THEN
        RAISE EXCEPTION 'that system is not reached: the link would add nothing' USING ERRCODE = '23514';
    END IF;
    UPDATE public.incidents_linkclaim x SET state = CASE WHEN counts THEN x.state ELSE 'refused' END,
           decided_at = clock_timestamp(), decision = because WHERE x.id = claim;
    IF counts THEN
        PERFORM sec.count_link(c, 'organisation', c.to_organisation_id, '');
    END IF;
END $$;
GRANT EXECUTE ON FUNCTION sec.name_link(uuid, uuid, text, uuid, text, text), sec.propose_link(uuid, uuid, text),
    sec.decide_link(uuid, boolean, text) TO portal_app;
"""

WHY = f"""
-- The newest radius that an organisation was in, and what that radius says of it.
CREATE FUNCTION sec.in_radius(incident uuid, organisation uuid) RETURNS TABLE (document jsonb, side jsonb)
LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT r.document, o.side
      FROM (SELECT v.document, v.number::integer FROM public.incidents_radiusversion v WHERE v.incident_id = incident
            UNION ALL SELECT x.document, 0 FROM public.incidents_radius x WHERE x.incident_id = incident) r
      CROSS JOIN LATERAL (SELECT e AS side FROM jsonb_array_elements(r.document -> 'organisations') e
                           WHERE e ->> 'id' = organisation::text LIMIT 1) o
     ORDER BY r.number DESC LIMIT 1
$$;
-- Why an organisation is in an incident: its paths, with what the register says of each link on them. For itself and for
-- whoever oversees the incident; of a radius that names what no path of this incident can hold, nothing.
CREATE FUNCTION sec.why_here(incident uuid, organisation uuid) RETURNS jsonb LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT jsonb_build_object('side', r.side,
        'systems', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', s ->> 'id', 'name', s ->> 'name')), '[]')
                      FROM jsonb_array_elements(r.document -> 'systems') s
                     WHERE s ->> 'id' = ANY (l.systems::text[]) AND s ->> 'id' IN (
                        SELECT jsonb_array_elements_text(w -> 'systems') FROM (
                            SELECT r.side -> 'path' UNION ALL SELECT jsonb_array_elements(r.side -> 'others')) x(w)
                         WHERE jsonb_typeof(w -> 'systems') = 'array')),
        'edges', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', d.id, 'source', a.name, 'target', b.name, 'kind', d.kind,
                        'label', d.label, 'barrier', d.barrier, 'tested_on', d.tested_on, 'valid_until', d.valid_until,
                        'reviewed_on', d.reviewed_on, 'reviewed_by', d.reviewed_by,
                        'cut_source', d.cut_source_at IS NOT NULL, 'cut_target', d.cut_target_at IS NOT NULL,
                        'runs_source', ARRAY(SELECT o.name FROM public.partners_organisation o
                                              WHERE o.id = ANY (sec.speakers(a.id)) ORDER BY 1),
                        'runs_target', ARRAY(SELECT o.name FROM public.partners_organisation o
                                              WHERE o.id = ANY (sec.speakers(b.id)) ORDER BY 1),
                        'entered', (SELECT jsonb_build_object('by', o.name, 'at', c.at) FROM public.partners_change c
                                      LEFT JOIN public.partners_organisation o ON o.id = c.organisation_id
                                     WHERE c.object_id = d.id AND c.what = 'made' ORDER BY c.at LIMIT 1),
                        'named', (SELECT jsonb_build_object('by', o.name, 'at', c.said_at)
                                    FROM public.incidents_linkclaim c JOIN public.partners_organisation o ON o.id = c.said_by_id
                                   WHERE c.dependency_id = d.id AND c.incident_id = incident LIMIT 1)) ORDER BY e.nth), '[]')
                    FROM (SELECT id, min(nth) AS nth FROM (
                            SELECT jsonb_array_elements_text(w -> 'edges') AS id, row_number() OVER () AS nth FROM (
                                SELECT r.side -> 'path' UNION ALL SELECT jsonb_array_elements(r.side -> 'others')) x(w)
                             WHERE jsonb_typeof(w -> 'edges') = 'array') y GROUP BY id) e
                    JOIN public.partners_dependency d ON d.id = e.id::uuid AND d.source_id = ANY (l.systems)
                    JOIN public.partners_sharedsystem a ON a.id = d.source_id
                    JOIN public.partners_sharedsystem b ON b.id = d.target_id))
      FROM public.incidents_incident i CROSS JOIN LATERAL sec.in_radius(incident, organisation) r
      CROSS JOIN LATERAL (SELECT sec.incident_links(i.id) AS systems OFFSET 0) l
     WHERE i.id = incident AND (sec.me() = ANY (i.overseers) OR (sec.me() = organisation AND sec.me() = ANY (i.participants)))
$$;
CREATE FUNCTION sec.exposure_said(incident uuid, organisation uuid, exposure text) RETURNS void LANGUAGE sql {DEFINER} AS $$
    INSERT INTO public.ledger_event (id, kind, at, actor_organisation_id, actor_kind, actor_person_id, incident_id,
                                     incident_reference, subject_id, audience, data)
    SELECT gen_random_uuid(), 'exposure.changed', clock_timestamp(), organisation, 'person', sec.who(), i.id, i.reference,
           organisation, ARRAY(SELECT DISTINCT x FROM unnest(i.overseers || organisation) x),
           jsonb_build_object('organisation', p.slug, 'exposure', exposure)
      FROM public.incidents_incident i JOIN public.incidents_participant p ON p.incident_id = i.id
     WHERE i.id = incident AND p.organisation_id = organisation
$$;
-- A statement about oneself: it changes the word for what is known, and no path, no step and no edge.
CREATE FUNCTION sec.state_clear(incident uuid, words text) RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
DECLARE me uuid := sec.me(); p public.incidents_participant; BEGIN
    SELECT x.* INTO p FROM public.incidents_participant x JOIN public.incidents_incident i ON i.id = x.incident_id
     WHERE x.incident_id = incident AND x.organisation_id = me AND i.status <> 'closed' FOR UPDATE OF x;
    IF p.id IS NULL OR NOT sec.may_lead() THEN
        RAISE EXCEPTION 'an incident manager states this of their own organisation, with a passkey used just now'
            USING ERRCODE = '42501';
    END IF;
    IF p.exposure = 'cleared' OR btrim(words) = '' THEN
        RAISE EXCEPTION 'it is stated already, or nothing was said of what was looked at' USING ERRCODE = '23514';
    END IF;
    INSERT INTO public.incidents_clearing (id, incident_id, organisation_id, why, stated_by, stated_at, was, withdrawn_why)
    VALUES (gen_random_uuid(), incident, me, words, sec.my_name(), clock_timestamp(), p.exposure, '');
    UPDATE public.incidents_participant x SET exposure = 'cleared' WHERE x.id = p.id;
    PERFORM sec.exposure_said(incident, me, 'cleared');
END $$;
CREATE FUNCTION sec.withdraw_clear(incident uuid, words text) RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
DECLARE me uuid := sec.me(); before text; BEGIN
    IF NOT sec.may_lead() OR NOT EXISTS (SELECT 1 FROM public.incidents_incident i
                                          WHERE i.id = incident AND me = ANY (i.participants) AND i.status <> 'closed') THEN
        RAISE EXCEPTION 'an incident manager withdraws this for their own organisation, with a passkey used just now'
            USING ERRCODE = '42501';
    END IF;
    IF btrim(words) = '' THEN
        RAISE EXCEPTION 'say why it is withdrawn' USING ERRCODE = '23514';
    END IF;
    UPDATE public.incidents_clearing c SET withdrawn_at = clock_timestamp(), withdrawn_why = words
     WHERE c.incident_id = incident AND c.organisation_id = me AND c.withdrawn_at IS NULL RETURNING c.was INTO before;
    IF before IS NULL THEN
        RAISE EXCEPTION 'nothing is stated that could be withdrawn' USING ERRCODE = '23514';
    END IF;
    UPDATE public.incidents_participant x SET exposure = before WHERE x.incident_id = incident AND x.organisation_id = me;
    PERFORM sec.exposure_said(incident, me, before);
END $$;
-- "This is wrong", of a link on one's own path, or on a walk from one's own systems. What is not there and what is not
-- on such a path are refused with the same sentence.
CREATE FUNCTION sec.dispute_link(incident uuid, link uuid, said text) RETURNS uuid LANGUAGE plpgsql {DEFINER} AS $$
DECLARE me uuid := sec.me(); made uuid := gen_random_uuid(); d record; runner uuid; BEGIN
    IF me IS NULL OR sec.role() IN ('', 'observer') THEN
        RAISE EXCEPTION 'a person of the organisation says this' USING ERRCODE = '42501';
    END IF;
    SELECT x.id, x.source_id, x.target_id, a.name AS source, b.name AS target INTO d
      FROM public.partners_dependency x JOIN public.partners_sharedsystem a ON a.id = x.source_id
      JOIN public.partners_sharedsystem b ON b.id = x.target_id
     WHERE x.id = link AND CASE WHEN incident IS NULL THEN x.source_id = ANY (sec.walked_from(sec.my_systems()))
           ELSE EXISTS (SELECT 1 FROM jsonb_array_elements(sec.why_here(incident, me) -> 'edges') e
                         WHERE e ->> 'id' = link::text) END;
    IF d.id IS NULL THEN
        RAISE EXCEPTION 'no such link on a path of yours' USING ERRCODE = '42501';
    END IF;
    IF btrim(said) = '' OR EXISTS (SELECT 1 FROM public.incidents_linkdispute x
                                    WHERE x.dependency_id = link AND x.said_by_id = me AND x.answered_at IS NULL) THEN
        RAISE EXCEPTION 'say what is wrong with it, once until it is answered' USING ERRCODE = '23514';
    END IF;
    INSERT INTO public.incidents_linkdispute (id, dependency_id, source_name, target_name, said_by_id, said_at, words, outcome,
                                              answer)
    VALUES (made, link, d.source, d.target, me, clock_timestamp(), said, '', '');
    FOR runner IN SELECT DISTINCT x FROM unnest(sec.speakers(d.source_id) || sec.speakers(d.target_id)) x LOOP
        PERFORM sec.raise_work(runner, 'link.disputed', 'disputed:' || made,
            (SELECT o.name FROM public.partners_organisation o WHERE o.id = me) || ' says that a link is wrong: '
                || d.source || ' to ' || d.target, said, '/disputes/' || made || '/', made, NULL);
    END LOOP;
    RETURN made;
END $$;
CREATE FUNCTION sec.answer_dispute(dispute uuid, came text, said text) RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
DECLARE me uuid := sec.me(); x public.incidents_linkdispute; BEGIN
    SELECT q.* INTO x FROM public.incidents_linkdispute q JOIN public.partners_dependency d ON d.id = q.dependency_id
     WHERE q.id = dispute AND me = ANY (sec.speakers(d.source_id) || sec.speakers(d.target_id)) FOR UPDATE OF q;
    IF x.id IS NULL OR sec.who() IS NULL OR NOT sec.may_keep() THEN
        RAISE EXCEPTION 'whoever runs an end of the link answers' USING ERRCODE = '42501';
    END IF;
    IF x.answered_at IS NOT NULL OR btrim(said) = '' OR coalesce(came, '') NOT IN ('corrected', 'stands') THEN
        RAISE EXCEPTION 'it is answered already, or no answer was given' USING ERRCODE = '23514';
    END IF;
    UPDATE public.incidents_linkdispute q SET outcome = came, answer = said, answered_by_id = me,
           answered_at = clock_timestamp() WHERE q.id = dispute;
    UPDATE public.partners_workitem w
       SET state = CASE WHEN w.organisation_id = me THEN 'done' ELSE 'cleared' END, settled_at = clock_timestamp(),
           settled_by_id = CASE WHEN w.organisation_id = me THEN sec.who() END,
           outcome = CASE WHEN w.organisation_id = me THEN said ELSE '' END
     WHERE w.key = 'disputed:' || dispute AND w.state = 'open';
    PERFORM sec.raise_work(x.said_by_id, 'link.answered', 'answered:' || dispute,
        'Answered: ' || x.source_name || ' to ' || x.target_name, said, '/disputes/' || dispute || '/', dispute, NULL);
END $$;
GRANT EXECUTE ON FUNCTION sec.why_here(uuid, uuid), sec.state_clear(uuid, text), sec.withdraw_clear(uuid, text),
    sec.dispute_link(uuid, uuid, text), sec.answer_dispute(uuid, text, text) TO portal_app;
"""
REVOKED = ", ".join(f"sec.{name}({arguments})" for name, arguments in SIGNATURES.items())
NOBODY = f"REVOKE ALL ON FUNCTION {REVOKED} FROM PUBLIC;"
FORWARD = WALKING + AGAIN + COUNTED + NAMING + WHY + NOBODY
BACKWARD = (
    "DROP TRIGGER walks_again ON partners_dependency;" + COUNTED_BEFORE + WALKED_BEFORE + f"DROP FUNCTION {REVOKED};"
)

OVERSEEN = f"EXISTS (SELECT 1 FROM incidents_incident i WHERE i.id = {{}}.incident_id AND {ME} = ANY (i.overseers))"
RUNS_AN_END = (
    "EXISTS (SELECT 1 FROM partners_dependency d WHERE d.id = incidents_linkdispute.dependency_id"
    " AND (d.source_id = ANY ((SELECT sec.systems_i_speak_for())::uuid[])"
    " OR d.target_id = ANY ((SELECT sec.systems_i_speak_for())::uuid[])))"
)
QUEUE = ("claimed_by", "claimed_until", "done_at")


def led(table: str, condition: str) -> str:
    return (
        f"EXISTS (SELECT 1 FROM incidents_incident i WHERE i.id = {table}.incident_id AND i.lead_id = {ME}"
        f" AND {condition})"
    )


def granted(table: str, allow: Allow) -> migrations.RunSQL:
    """One more right to a table that has its row security already."""
    return migrations.RunSQL(
        ";\n".join(allow.statements(table)),
        f"DROP POLICY {allow.name} ON {table}; REVOKE {allow.command.upper()} ON {table} FROM {allow.role}",
    )


def taken_back(table: str, allow: Allow) -> migrations.RunSQL:
    given = granted(table, allow)
    return migrations.RunSQL(given.reverse_sql, given.sql)


# Whoever is newly reached joins by the worker's hand, inside the lead: the lead's own rights (0002_row_security.py).
NEW_SIDE = (
    "id", "incident_id", "organisation_id", "slug", "name", "kind", "role", "is_provider", "exposure", "distance",
    "because", "other_paths", "joined_at", "duty_name", "duty_phone", "tasks_total", "tasks_open", "tasks_waiting",
    "tasks_settled", "tasks_blocked", "containing_open", "told_by", "people_told", "people_seen", "not_told_because",
)  # fmt: skip
BLANK_SIDE = (
    "(tasks_total, tasks_open, tasks_waiting, tasks_settled, tasks_blocked, containing_open, people_told, people_seen)"
    " = (0, 0, 0, 0, 0, 0, 0, 0) AND told_by = '' AND not_told_because = ''"
)
NEW_TASK = (
    "id", "incident_id", "organisation_id", "step_id", "position", "title", "containing", "status", "ready",
    "acknowledge_by", "finish_by", "reason", "version", "changed_at", "previous_status", "previous_reason",
)  # fmt: skip
BLANK_TASK = "status = 'waiting' AND version = 1 AND reason = '' AND previous_status = '' AND previous_reason = ''"
NEW_DUTY = ("id", "incident_id", "organisation_id", "kind", "hours", "decision")
SECURITY = [
    taken_back(
        "incidents_radius",
        Allow(APP, "update", led("incidents_radius", "true"), columns=("computed_at", "document")),
    ),
    protect(
        "incidents_radiusversion",
        Allow(APP, "select", OVERSEEN.format("incidents_radiusversion")),
        Allow(WORKER, "select", OVERSEEN.format("incidents_radiusversion")),
    ),
    protect(
        "incidents_rewalk",
        Allow(WORKER, "select", "true", columns=("id", "incident_id", "at", *QUEUE)),
        Allow(WORKER, "update", "true", "true", columns=QUEUE),
    ),
    protect(
        "incidents_linkclaim",
        Allow(
            APP,
            "select",
            f"{OVERSEEN.format('incidents_linkclaim')} OR (said_by_id = {ME} AND EXISTS (SELECT 1 FROM incidents_incident i"
            f" WHERE i.id = incidents_linkclaim.incident_id AND {ME} = ANY (i.participants)))",
        ),
    ),
    protect(
        "incidents_clearing",
        Allow(APP, "select", f"organisation_id = {ME} OR {OVERSEEN.format('incidents_clearing')}"),
    ),
    protect("incidents_linkdispute", Allow(APP, "select", f"said_by_id = {ME} OR {RUNS_AN_END}")),
    protect(
        "incidents_concentrationsnapshot",
        Allow(APP, "select", f"organisation_id = {ME}"),
        Allow(WORKER, "select", f"organisation_id = {ME}"),
        Allow(WORKER, "insert", f"organisation_id = {ME}"),
    ),
    granted(
        "incidents_participant",
        Allow(WORKER, "insert", f"{led('incidents_participant', 'true')} AND {BLANK_SIDE}", columns=NEW_SIDE),
    ),
    granted(
        "incidents_task",
        Allow(
            WORKER,
            "insert",
            led("incidents_task", "incidents_task.organisation_id = ANY (i.participants)") + f" AND {BLANK_TASK}",
            columns=NEW_TASK,
        ),
    ),
    granted(
        "incidents_duty",
        Allow(
            WORKER,
            "insert",
            led("incidents_duty", "incidents_duty.organisation_id = ANY (i.participants)") + " AND decision = ''",
            columns=NEW_DUTY,
        ),
    ),
]


class Migration(migrations.Migration):
    dependencies = [
        ("incidents", "0012_guests_security"),
        ("partners", "0015_upkeep"),
    ]

    operations = [
        migrations.AddField(
            model_name="participant",
            name="reach_ended_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="radius",
            name="contain_first",
            field=models.JSONField(db_default=[], default=list),
        ),
        migrations.CreateModel(
            name="LinkClaim",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "state",
                    models.TextField(
                        choices=[("proposed", "Proposed"), ("counted", "Counts"), ("refused", "Not counted")]
                    ),
                ),
                ("said_at", models.DateTimeField()),
                ("from_system_id", models.UUIDField()),
                ("from_name", models.TextField()),
                ("to_name", models.TextField()),
                ("words", models.TextField(blank=True, default="")),
                ("dependency_id", models.UUIDField(null=True)),
                ("decided_at", models.DateTimeField(null=True)),
                ("decision", models.TextField(blank=True, default="")),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="link_claims", to="incidents.incident"
                    ),
                ),
                (
                    "said_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partners.organisation"
                    ),
                ),
                (
                    "to_organisation",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="partners.organisation",
                    ),
                ),
            ],
            options={
                "ordering": ["said_at"],
            },
        ),
        migrations.CreateModel(
            name="Clearing",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("why", models.TextField()),
                ("stated_by", models.TextField()),
                ("stated_at", models.DateTimeField()),
                ("was", models.TextField()),
                ("withdrawn_at", models.DateTimeField(null=True)),
                ("withdrawn_why", models.TextField(blank=True, default="")),
                (
                    "incident",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="clearings",
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
            ],
            options={
                "ordering": ["stated_at"],
                "indexes": [models.Index(fields=["incident", "organisation"], name="clearing_of")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("withdrawn_at__isnull", True)),
                        fields=("incident", "organisation"),
                        name="clearing_in_force_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ConcentrationSnapshot",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("quarter", models.DateField()),
                ("taken_at", models.DateTimeField()),
                ("figures", models.JSONField()),
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
                "ordering": ["-quarter"],
                "constraints": [
                    models.UniqueConstraint(fields=("organisation", "quarter"), name="concentration_quarter")
                ],
            },
        ),
        migrations.CreateModel(
            name="LinkDispute",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("dependency_id", models.UUIDField(db_index=True)),
                ("source_name", models.TextField()),
                ("target_name", models.TextField()),
                ("said_at", models.DateTimeField()),
                ("words", models.TextField()),
                (
                    "outcome",
                    models.TextField(
                        blank=True,
                        choices=[("corrected", "Corrected in the register"), ("stands", "Looked at, and it stands")],
                        default="",
                    ),
                ),
                ("answer", models.TextField(blank=True, default="")),
                ("answered_at", models.DateTimeField(null=True)),
                (
                    "answered_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="partners.organisation",
                    ),
                ),
                (
                    "said_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partners.organisation"
                    ),
                ),
            ],
            options={
                "ordering": ["said_at"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("answered_at__isnull", True)),
                        fields=("dependency_id", "said_by"),
                        name="dispute_open_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RadiusVersion",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("number", models.PositiveSmallIntegerField()),
                ("at", models.DateTimeField()),
                ("causes", models.JSONField()),
                ("document", models.JSONField()),
                ("contain_first", models.JSONField()),
                ("changed", models.JSONField()),
                (
                    "incident",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="radii",
                        to="incidents.incident",
                    ),
                ),
            ],
            options={
                "ordering": ["number"],
                "constraints": [models.UniqueConstraint(fields=("incident", "number"), name="radius_number")],
            },
        ),
        migrations.CreateModel(
            name="Rewalk",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "what",
                    models.TextField(
                        choices=[
                            ("asked", "walked again by the lead"),
                            ("widened", "an attacked system was added"),
                            ("named", "a link was named"),
                            ("added", "a link was added to the register"),
                            ("cut", "cut by both ends"),
                            ("half_cut", "cut on one side"),
                            ("reconnected", "connected again by both ends"),
                            ("sides", "the sides are brought up to the newest version"),
                        ]
                    ),
                ),
                ("dependency_id", models.UUIDField(null=True)),
                ("at", models.DateTimeField()),
                ("claimed_by", models.TextField(db_default="", default="")),
                ("claimed_until", models.DateTimeField(null=True)),
                ("done_at", models.DateTimeField(null=True)),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="incidents.incident"
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="partners.organisation",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(condition=models.Q(("done_at__isnull", True)), fields=["at"], name="rewalk_due")
                ],
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
        *SECURITY,
    ]
