"""Handing the lead over: offered, accepted, declined; and offered by itself when nobody at the lead answers.

Functions write every offer, because it is made and answered by people of two organisations, and who they are comes from
their tickets. The lead moves only through `sec.hand_over_lead`.
"""

from django.db import migrations

from portal.tenancy.policies import ME, Allow, protect

APP = "portal_app"
DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
CONCERNED = (
    "EXISTS (SELECT 1 FROM incidents_incident i WHERE i.id = incidents_handover.incident_id"
    f" AND ({ME} IN (incidents_handover.from_organisation_id, incidents_handover.to_organisation_id)"
    f" OR {ME} = ANY (i.overseers)))"
)

OFFERING = f"""
CREATE FUNCTION sec.lead_happened(h public.incidents_handover, what text) RETURNS void LANGUAGE sql {DEFINER} AS $$
    INSERT INTO public.ledger_event (id, kind, at, actor_organisation_id, actor_kind, actor_person_id, incident_id,
                                     incident_reference, subject_id, audience, data)
    SELECT gen_random_uuid(), what, clock_timestamp(), coalesce(t.org_id, h.from_organisation_id),
           CASE WHEN t.person_id IS NULL THEN 'system' ELSE 'person' END, t.person_id, i.id, i.reference, h.id,
           ARRAY(SELECT DISTINCT x FROM unnest(i.overseers || h.from_organisation_id || h.to_organisation_id) x),
           jsonb_build_object('offer', h.kind, 'was',
               (SELECT o.slug FROM public.partners_organisation o WHERE o.id = h.from_organisation_id), 'organisation',
               (SELECT o.slug FROM public.partners_organisation o WHERE o.id = h.to_organisation_id))
      FROM public.incidents_incident i LEFT JOIN sec.ticket() t ON true WHERE i.id = h.incident_id
$$;
-- Whoever may lead: its incident managers and administrators, with a passkey used just now.
CREATE FUNCTION sec.may_lead() RETURNS boolean LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT sec.me() IS NOT NULL AND sec.fresh() AND sec.role() IN ('administrator', 'incident_manager')
$$;
CREATE FUNCTION sec.offer_lead(incident uuid, to_whom uuid, because text) RETURNS uuid LANGUAGE plpgsql {DEFINER} AS $$
DECLARE me uuid := sec.me(); i public.incidents_incident; h public.incidents_handover; BEGIN
    SELECT * INTO i FROM public.incidents_incident x WHERE x.id = incident AND me = ANY (x.participants) FOR UPDATE;
    IF i.id IS NULL OR i.lead_id <> me THEN
        RAISE EXCEPTION 'only the lead offers the lead' USING ERRCODE = '42501';
    END IF;
    IF NOT sec.may_lead() THEN
        RAISE EXCEPTION 'this needs an incident manager, and a passkey used just now' USING ERRCODE = '42501';
    END IF;
    IF i.status = 'closed' OR btrim(because) = '' THEN
        RAISE EXCEPTION 'an offer needs an open incident and a reason' USING ERRCODE = '23514';
    END IF;
    IF to_whom = me OR NOT EXISTS (SELECT 1 FROM public.incidents_participant p JOIN sec.org_state s ON s.org_id = p.organisation_id
        WHERE p.incident_id = incident AND p.organisation_id = to_whom AND p.role <> 'observer'
          AND s.isolated_at IS NULL AND s.own_tasks_at IS NULL) THEN
        RAISE EXCEPTION 'not an organisation that can take the lead' USING ERRCODE = '23514';
    END IF;
    IF EXISTS (SELECT 1 FROM public.incidents_handover x WHERE x.incident_id = incident AND x.from_organisation_id = me
               AND x.accepted_at IS NULL AND x.declined_at IS NULL AND x.lapsed_at IS NULL
               AND x.expires_at > clock_timestamp()) THEN
        RAISE EXCEPTION 'somebody has been asked already: take that back first' USING ERRCODE = '23514';
    END IF;
    INSERT INTO public.incidents_handover (id, incident_id, from_organisation_id, to_organisation_id, kind, reason,
        offered_at, offered_by, expires_at, declined_because)
    VALUES (gen_random_uuid(), incident, me, to_whom, 'voluntary', because, clock_timestamp(), sec.who(),
        clock_timestamp() + interval '30 minutes', '') RETURNING * INTO h;
    PERFORM sec.lead_happened(h, 'lead.offered');
    RETURN h.id;
END $$;
-- The offer, locked after its incident, while it is open and the caller is one of its two sides. What is absent and what
-- is somebody else's is refused with the same sentence.
CREATE FUNCTION sec.open_offer(handover uuid) RETURNS public.incidents_handover LANGUAGE plpgsql {DEFINER} AS $$
DECLARE me uuid := sec.me(); i public.incidents_incident; h public.incidents_handover; BEGIN
    SELECT x.* INTO i FROM public.incidents_incident x JOIN public.incidents_handover o ON o.incident_id = x.id
     WHERE o.id = handover AND me IN (o.from_organisation_id, o.to_organisation_id) FOR UPDATE OF x;
    SELECT * INTO h FROM public.incidents_handover x WHERE x.id = handover AND x.incident_id = i.id FOR UPDATE;
    IF h.id IS NULL OR i.status = 'closed' OR i.lead_id <> h.from_organisation_id OR h.accepted_at IS NOT NULL
       OR h.declined_at IS NOT NULL OR h.lapsed_at IS NOT NULL OR h.expires_at < clock_timestamp() THEN
        RAISE EXCEPTION 'this offer is not open (any more)' USING ERRCODE = '23514';
    END IF;
    IF NOT sec.may_lead() THEN
        RAISE EXCEPTION 'this needs an incident manager, and a passkey used just now' USING ERRCODE = '42501';
    END IF;
    RETURN h;
END $$;
-- What the lead alone had to do goes with the lead: a new task each, with a clock of its own, and the old one is called
-- off. Where the new lead has had that step already, it stays with whoever has it.
CREATE FUNCTION sec.pass_lead_tasks(h public.incidents_handover) RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    INSERT INTO public.incidents_task (id, incident_id, organisation_id, step_id, position, title, containing, status,
        ready, acknowledge_by, finish_by, reason, version, changed_at, previous_status, previous_reason)
    SELECT gen_random_uuid(), t.incident_id, h.to_organisation_id, t.step_id, t.position, t.title, t.containing, 'waiting',
           t.ready, CASE WHEN t.ready THEN clock_timestamp() + make_interval(mins => s.acknowledge_minutes) END,
           CASE WHEN t.ready THEN clock_timestamp() + make_interval(mins => coalesce(i.tasks_due_minutes, s.finish_minutes)) END,
           '', 1, clock_timestamp(), '', ''
      FROM public.incidents_task t JOIN public.incidents_step s ON s.id = t.step_id AND s.audience = 'lead'
      JOIN public.incidents_incident i ON i.id = t.incident_id
     WHERE t.incident_id = h.incident_id AND t.organisation_id = h.from_organisation_id
       AND t.status IN ('waiting', 'acknowledged', 'in_progress', 'blocked')
    ON CONFLICT DO NOTHING;
    UPDATE public.incidents_task t SET status = 'cancelled', changed_by_id = sec.who()
      FROM public.incidents_step s, public.incidents_task theirs
     WHERE t.incident_id = h.incident_id AND t.organisation_id = h.from_organisation_id AND s.id = t.step_id
       AND s.audience = 'lead' AND t.status IN ('waiting', 'acknowledged', 'in_progress', 'blocked')
       AND theirs.incident_id = t.incident_id AND theirs.step_id = t.step_id
       AND theirs.organisation_id = h.to_organisation_id AND theirs.status = 'waiting';
END $$;
-- A lead that was silent does not stay as the deputy: the next in the succession does.
CREATE FUNCTION sec.accept_lead(handover uuid) RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
DECLARE h public.incidents_handover := sec.open_offer(handover); BEGIN
    IF sec.me() <> h.to_organisation_id THEN
        RAISE EXCEPTION 'only the organisation that was asked accepts' USING ERRCODE = '42501';
    END IF;
    IF h.kind = 'silent' AND EXISTS (SELECT 1 FROM public.incidents_participant p WHERE p.incident_id = h.incident_id
           AND p.organisation_id = h.from_organisation_id AND p.acknowledged_at IS NOT NULL) THEN
        RAISE EXCEPTION 'the lead has answered meanwhile and goes on leading' USING ERRCODE = '23514';
    END IF;
    UPDATE public.incidents_handover x SET accepted_at = clock_timestamp(), answered_by = sec.who() WHERE x.id = h.id;
    UPDATE public.incidents_handover x SET lapsed_at = clock_timestamp() WHERE x.incident_id = h.incident_id
       AND x.accepted_at IS NULL AND x.declined_at IS NULL AND x.lapsed_at IS NULL;
    PERFORM sec.hand_over_lead(h.incident_id, h.to_organisation_id, h.kind = 'silent', h.reason);
    PERFORM sec.pass_lead_tasks(h);
END $$;
-- The organisation that was asked declines; the one that leads takes its offer back, also one that was made in its
-- silence.
CREATE FUNCTION sec.decline_lead(handover uuid, because text) RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
DECLARE h public.incidents_handover := sec.open_offer(handover); BEGIN
    IF sec.me() = h.from_organisation_id THEN
        UPDATE public.incidents_handover x SET lapsed_at = clock_timestamp(), answered_by = sec.who() WHERE x.id = h.id;
        PERFORM sec.lead_happened(h, 'lead.kept');
        RETURN;
    END IF;
    IF btrim(because) = '' THEN
        RAISE EXCEPTION 'say why you cannot take the lead' USING ERRCODE = '23514';
    END IF;
    UPDATE public.incidents_handover x SET declined_at = clock_timestamp(), declined_because = because,
           answered_by = sec.who() WHERE x.id = h.id;
    PERFORM sec.lead_happened(h, 'lead.declined');
END $$;
"""

SILENCE = f"""
-- Open incidents whose lead has neither accepted a task nor looked, a quarter of an hour past the first time by which it
-- had to; that have somebody left to ask; and where nobody was asked within the last quarter of an hour. Ids only.
CREATE FUNCTION sec.silent_leads() RETURNS SETOF uuid LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT i.id FROM public.incidents_incident i
      JOIN public.incidents_participant p ON p.incident_id = i.id AND p.organisation_id = i.lead_id
     WHERE i.status NOT IN ('suspected', 'closed') AND p.acknowledged_at IS NULL AND p.seen_at IS NULL
       AND (SELECT min(t.acknowledge_by) FROM public.incidents_task t
             WHERE t.incident_id = i.id AND t.organisation_id = i.lead_id) < clock_timestamp() - interval '15 minutes'
       AND NOT EXISTS (SELECT 1 FROM public.incidents_handover h WHERE h.incident_id = i.id
             AND h.from_organisation_id = i.lead_id AND h.declined_at IS NULL
             AND h.offered_at > clock_timestamp() - interval '15 minutes')
       AND sec.next_lead(i.id, i.lead_id || ARRAY(SELECT h.to_organisation_id FROM public.incidents_handover h
             WHERE h.incident_id = i.id AND h.from_organisation_id = i.lead_id)) IS NOT NULL
$$;
-- Ask the next in the succession who was not asked yet. Looks again under the incident's lock, so that two sweeps at once
-- ask once; answers whether somebody was asked.
CREATE FUNCTION sec.offer_silent_lead(incident uuid) RETURNS boolean LANGUAGE plpgsql {DEFINER} AS $$
DECLARE i public.incidents_incident; h public.incidents_handover; BEGIN
    SELECT * INTO i FROM public.incidents_incident x WHERE x.id = incident FOR UPDATE;
    IF NOT EXISTS (SELECT 1 FROM sec.silent_leads() s WHERE s = incident) THEN
        RETURN false;
    END IF;
    INSERT INTO public.incidents_handover (id, incident_id, from_organisation_id, to_organisation_id, kind, reason,
        offered_at, expires_at, declined_because)
    VALUES (gen_random_uuid(), incident, i.lead_id, sec.next_lead(incident, i.lead_id || ARRAY(SELECT x.to_organisation_id
            FROM public.incidents_handover x WHERE x.incident_id = incident AND x.from_organisation_id = i.lead_id)),
        'silent', 'Nobody at the lead has answered.', clock_timestamp(), clock_timestamp() + interval '30 minutes', '')
    RETURNING * INTO h;
    PERFORM sec.lead_happened(h, 'lead.offered');
    RETURN true;
END $$;
REVOKE ALL ON FUNCTION sec.lead_happened(public.incidents_handover, text), sec.may_lead(), sec.offer_lead(uuid, uuid, text),
    sec.open_offer(uuid), sec.pass_lead_tasks(public.incidents_handover), sec.accept_lead(uuid), sec.decline_lead(uuid, text),
    sec.silent_leads(), sec.offer_silent_lead(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.offer_lead(uuid, uuid, text), sec.accept_lead(uuid), sec.decline_lead(uuid, text) TO portal_app;
GRANT EXECUTE ON FUNCTION sec.silent_leads(), sec.offer_silent_lead(uuid) TO portal_worker;
"""

BACKWARD = """
DROP FUNCTION sec.offer_silent_lead(uuid), sec.silent_leads(), sec.decline_lead(uuid, text), sec.accept_lead(uuid),
    sec.pass_lead_tasks(public.incidents_handover), sec.open_offer(uuid), sec.offer_lead(uuid, uuid, text), sec.may_lead(),
    sec.lead_happened(public.incidents_handover, text);
"""


class Migration(migrations.Migration):
    dependencies = [("incidents", "0007_hand_over")]
    operations = [
        migrations.RunSQL(OFFERING + SILENCE, BACKWARD),
        protect("incidents_handover", Allow(APP, "select", CONCERNED)),
    ]
