"""Calls by a person: a message that nothing sends and somebody rings about.

It is a delivery like any other, of way `phone`. People claim it, by functions, for ten minutes of the database's time; a
number is shown to whoever holds the call, and what came of it is settled by the attempt.
"""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from portal.tenancy.policies import ME, Allow, protect

APP = "portal_app"
DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
OUTCOMES = ["", "reached", "voicemail", "no_answer", "wrong_number", "refused", "let_go", "lapsed"]
MAY_RING = "('administrator', 'incident_manager', 'responder', 'approver', 'data_protection_officer')"

WANTING = f"""
-- For the two functions below alone. Put the next number of an organisation on the call list, and say so to it and the
-- overseers. One that waits already stays the only one; null: nobody is left to ring, or they were rung and have it.
-- `people` null is everybody; `desk` lets in the duty desk's numbers, that of its record last of all. `sent` are kinds that
-- a transport sends to, and that are rung only when they are private. `anew`: start again when all have been tried.
-- Numbers of an organisation's contacts that a person may ring about an incident: trusted, riding on nothing that it can
-- reach, and sent to by nothing. No exercise and no suspicion opens a private number, nor whoever drew them in by their own
-- word alone. For other functions alone.
CREATE FUNCTION sec.numbers_to_ring(org uuid, incident uuid, sent text[]) RETURNS TABLE (id uuid, person_id uuid,
    is_private boolean, nth integer, label text) LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT c.id, c.person_id, c.is_private, c."order"::integer, c.label
      FROM public.partners_contactpoint c
      JOIN public.incidents_incident i ON i.id = incident
      JOIN public.incidents_participant s ON s.incident_id = i.id AND s.organisation_id = org
      LEFT JOIN public.partners_person p ON p.id = c.person_id
     WHERE c.organisation_id = org AND c.is_active AND coalesce(p.is_active, true) AND c.trust = 'trusted'
       AND c.kind IN ('phone', 'sms')
       AND CASE WHEN c.is_private THEN NOT i.exercise AND i.status <> 'suspected' AND (s.acknowledged_at IS NOT NULL
                     OR sec.stands_by_own_word(org, sec.incident_links(i.id)))
                ELSE NOT c.kind = ANY (sent) END
       AND NOT EXISTS (SELECT 1 FROM public.incidents_radius r WHERE r.incident_id = i.id
                        AND r.document -> 'reached_systems' ? c.rides_on_id::text)
$$;
-- Which of the entered organisation's people have such a number: whether a rung of the ladder can be rung at all.
CREATE FUNCTION sec.people_to_ring(incident uuid, sent text[]) RETURNS SETOF uuid LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT DISTINCT n.person_id FROM sec.numbers_to_ring(sec.me(), incident, sent) n WHERE n.person_id IS NOT NULL
$$;
CREATE FUNCTION sec.write_call(org uuid, incident uuid, said text, people uuid[], desk boolean, sent text[], because text,
    which text, anew boolean) RETURNS uuid LANGUAGE plpgsql {DEFINER} AS $$
DECLARE i record; side record; point record; made uuid; event uuid := gen_random_uuid(); nth text := ''; t record; BEGIN
    SELECT * INTO t FROM sec.ticket();
    SELECT x.id, x.reference, x.exercise, x.status, x.overseers INTO i FROM public.incidents_incident x
     WHERE x.id = incident AND org = ANY (x.participants) AND x.status <> 'closed';
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no open incident of theirs' USING ERRCODE = '42501';
    END IF;
    SELECT p.slug, p.duty_phone, p.acknowledged_at INTO side FROM public.incidents_participant p
     WHERE p.incident_id = i.id AND p.organisation_id = org FOR UPDATE;
    IF EXISTS (SELECT 1 FROM public.notifications_delivery d
                WHERE d.incident_id = i.id AND d.organisation_id = org AND d.way = 'phone' AND d.message = said
                  AND (d.state IN ('pending', 'claimed') OR NOT anew AND d.state IN ('accepted', 'delivered', 'answered'))
                  AND (desk OR d.person_id = ANY (people))) THEN
        RETURN NULL;
    END IF;
    FOR turn IN 1 .. CASE WHEN anew THEN 2 ELSE 1 END LOOP
        SELECT c.id, c.person_id INTO point FROM sec.numbers_to_ring(org, i.id, sent) c
         WHERE (c.person_id IS NULL AND desk OR c.person_id IS NOT NULL AND (people IS NULL OR c.person_id = ANY (people)))
           AND (turn = 2 OR NOT EXISTS (
                SELECT 1 FROM public.notifications_delivery d WHERE d.incident_id = i.id AND d.contact_point_id = c.id
                   AND d.message = said AND d.way = 'phone'))
         ORDER BY c.is_private, coalesce(c.person_id IN (SELECT o.person_id FROM sec.on_duty(org, clock_timestamp()) o), false) DESC,
                  c.person_id IS NOT NULL, c.nth, c.label, c.id LIMIT 1;
        EXIT WHEN FOUND;
        IF desk AND side.duty_phone <> '' AND (turn = 2 OR NOT EXISTS (
               SELECT 1 FROM public.notifications_delivery d WHERE d.incident_id = i.id AND d.organisation_id = org
                  AND d.message = said AND d.way = 'phone' AND d.contact_point_id IS NULL)) THEN
            EXIT;
        END IF;
        IF turn = (CASE WHEN anew THEN 2 ELSE 1 END) THEN
            RETURN NULL;
        END IF;
    END LOOP;
    IF anew THEN
        SELECT ':' || count(*) INTO nth FROM public.notifications_delivery d
         WHERE d.incident_id = i.id AND d.organisation_id = org AND d.way = 'phone';
    END IF;
    INSERT INTO public.notifications_delivery (id, organisation_id, incident_id, incident_reference, exercise, event_id,
        contact_point_id, person_id, way, message, code, state, error, idempotency_key)
    VALUES (gen_random_uuid(), org, i.id, i.reference, i.exercise, event, point.id, point.person_id, 'phone', said, which,
        'pending', because, sha256(convert_to(
            i.id || ':' || said || ':' || coalesce(point.id::text, 'desk of ' || org) || nth, 'UTF8')))
    ON CONFLICT DO NOTHING RETURNING id INTO made;
    IF made IS NULL THEN
        RETURN NULL;
    END IF;
    INSERT INTO public.ledger_event (id, kind, at, actor_organisation_id, actor_kind, actor_person_id, incident_id,
                                     incident_reference, subject_id, audience, data)
    VALUES (event, 'call.wanted', clock_timestamp(), t.org_id, CASE WHEN t.kind = 'job' THEN 'system' ELSE 'person' END,
            t.person_id, i.id, i.reference, made, ARRAY(SELECT DISTINCT x FROM unnest(i.overseers || org) x),
            jsonb_build_object('organisation', side.slug, 'message', said));
    RETURN made;
END $$;
-- A job has found that nobody here can be told by what is sent: in the organisation that it has entered.
CREATE FUNCTION sec.want_call(incident uuid, said text, people uuid[], desk boolean, sent text[], because text, which text)
RETURNS uuid LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    IF sec.me() IS NULL OR (SELECT t.kind FROM sec.ticket() t) IS DISTINCT FROM 'job' THEN
        RAISE EXCEPTION 'calls are put on the list from inside the organisation' USING ERRCODE = '42501';
    END IF;
    RETURN sec.write_call(sec.me(), incident, said, people, desk, sent, because, which, false);
END $$;
-- A person wants one rung: whoever oversees the incident, any of its organisations; others their own.
CREATE FUNCTION sec.ask_call(incident uuid, org uuid, sent text[], which text) RETURNS uuid LANGUAGE plpgsql {DEFINER} AS $$
DECLARE me uuid := sec.me(); state text; BEGIN
    SELECT x.status INTO state FROM public.incidents_incident x
     WHERE x.id = incident AND (me = ANY (x.overseers) OR me = org AND me = ANY (x.participants));
    IF me IS NULL OR state IS NULL OR sec.who() IS NULL OR sec.role() NOT IN {MAY_RING} THEN
        RAISE EXCEPTION 'calls are for whoever oversees the incident, and for their own colleagues' USING ERRCODE = '42501';
    END IF;
    RETURN sec.write_call(org, incident, CASE state WHEN 'suspected' THEN 'suspected' ELSE 'opened' END, NULL, true, sent,
                          'Somebody asked that they be rung.', which, true);
END $$;
REVOKE ALL ON FUNCTION sec.numbers_to_ring(uuid, uuid, text[]), sec.people_to_ring(uuid, text[]), sec.write_call(uuid, uuid, text, uuid[], boolean, text[], text, text, boolean),
    sec.want_call(uuid, text, uuid[], boolean, text[], text, text), sec.ask_call(uuid, uuid, text[], text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.people_to_ring(uuid, text[]),
    sec.want_call(uuid, text, uuid[], boolean, text[], text, text) TO portal_worker;
GRANT EXECUTE ON FUNCTION sec.ask_call(uuid, uuid, text[], text) TO portal_app;
"""

HOLDING = f"""
-- Whether the person whose ticket this is may ring about a message: it is not over, and they oversee it or are colleagues.
CREATE FUNCTION sec.may_ring(delivery uuid) RETURNS boolean LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT sec.who() IS NOT NULL AND sec.role() IN {MAY_RING} AND EXISTS (
        SELECT 1 FROM public.notifications_delivery d JOIN public.incidents_incident i ON i.id = d.incident_id
         WHERE d.id = delivery AND d.way = 'phone' AND (i.status <> 'closed' OR d.message = 'stood_down')
           AND (sec.me() = ANY (i.overseers) OR sec.me() = d.organisation_id AND sec.me() = ANY (i.participants)))
$$;
-- Take a call, or keep it for another ten minutes. Its attempt fences what is said later. Two persons never hold the same.
CREATE FUNCTION sec.claim_call(delivery uuid) RETURNS integer LANGUAGE plpgsql {DEFINER} AS $$
DECLARE d record; i record; mine text := 'call:' || sec.who(); BEGIN
    IF NOT sec.may_ring(delivery) THEN
        RAISE EXCEPTION 'this call is not yours to make' USING ERRCODE = '42501';
    END IF;
    SELECT x.id, x.organisation_id, x.incident_id, x.state, x.attempts, x.claimed_by, x.claimed_until INTO d
      FROM public.notifications_delivery x WHERE x.id = delivery FOR UPDATE;
    IF d.state = 'claimed' AND d.claimed_by = mine THEN
        UPDATE public.notifications_delivery x SET claimed_until = clock_timestamp() + interval '10 minutes',
               due_at = clock_timestamp() + interval '10 minutes' WHERE x.id = delivery;
        RETURN d.attempts;
    END IF;
    IF d.state NOT IN ('pending', 'claimed') OR d.state = 'claimed' AND d.claimed_until > clock_timestamp() THEN
        RAISE EXCEPTION '%', CASE d.state WHEN 'claimed' THEN 'somebody else is ringing them just now'
                                          ELSE 'this call is not wanted any more' END USING ERRCODE = '23514';
    END IF;
    UPDATE public.notifications_callattempt c SET outcome = 'lapsed', ended_at = clock_timestamp()
     WHERE c.delivery_id = delivery AND c.outcome = '';
    UPDATE public.notifications_delivery x SET state = 'claimed', attempts = x.attempts + 1, claimed_by = mine,
           claimed_until = clock_timestamp() + interval '10 minutes', due_at = clock_timestamp() + interval '10 minutes'
     WHERE x.id = delivery;
    INSERT INTO public.notifications_callattempt (id, delivery_id, organisation_id, caller_organisation_id, caller_id,
                                                  attempt, taken_at)
    VALUES (gen_random_uuid(), delivery, d.organisation_id, sec.me(), sec.who(), d.attempts + 1, clock_timestamp());
    PERFORM sec.call_said(delivery, 'call.taken', '{{}}');
    RETURN d.attempts + 1;
END $$;
-- For the others alone: an event about a call, for the organisation that is rung, whoever rings and the overseers.
CREATE FUNCTION sec.call_said(delivery uuid, what text, more jsonb) RETURNS void LANGUAGE sql {DEFINER} AS $$
    INSERT INTO public.ledger_event (id, kind, at, actor_organisation_id, actor_kind, actor_person_id, incident_id,
                                     incident_reference, subject_id, audience, data)
    SELECT gen_random_uuid(), what, clock_timestamp(), sec.me(), 'person', sec.who(), i.id, i.reference, d.id,
           ARRAY(SELECT DISTINCT x FROM unnest(i.overseers || d.organisation_id || sec.me()) x),
           jsonb_build_object('organisation', o.slug, 'by', 'phone', 'message', d.message) || more
      FROM public.notifications_delivery d JOIN public.incidents_incident i ON i.id = d.incident_id
      JOIN public.partners_organisation o ON o.id = d.organisation_id WHERE d.id = delivery
$$;
-- The number, for whoever holds the call. That they took it is an event already. A private one needs what any other look at
-- it needs (`sec.reveal_number`), and a reason; without one `number` is null.
CREATE FUNCTION sec.call_number(delivery uuid, because text) RETURNS TABLE (number text, private boolean, organisation_id uuid,
    point uuid, sealed bytea, code text) LANGUAGE plpgsql {DEFINER} AS $$
DECLARE d record; BEGIN
    SELECT x.organisation_id, x.incident_id, x.contact_point_id, x.code, c.is_private, c.address, c.is_active INTO d
      FROM public.notifications_delivery x LEFT JOIN public.partners_contactpoint c ON c.id = x.contact_point_id
     WHERE x.id = delivery AND x.state = 'claimed' AND x.claimed_by = 'call:' || sec.who()
       AND x.claimed_until > clock_timestamp();
    IF NOT FOUND OR NOT sec.may_ring(delivery) THEN
        RAISE EXCEPTION 'you do not hold this call' USING ERRCODE = '42501';
    END IF;
    IF d.contact_point_id IS NULL THEN
        RETURN QUERY SELECT p.duty_phone, false, d.organisation_id, NULL::uuid, NULL::bytea, d.code
          FROM public.incidents_participant p
         WHERE p.incident_id = d.incident_id AND p.organisation_id = d.organisation_id;
    ELSIF NOT d.is_private THEN
        RETURN QUERY SELECT CASE WHEN d.is_active THEN d.address ELSE '' END, false, d.organisation_id, d.contact_point_id,
                            NULL::bytea, d.code;
    ELSIF btrim(coalesce(because, '')) = '' THEN
        RETURN QUERY SELECT NULL::text, true, d.organisation_id, d.contact_point_id, NULL::bytea, d.code;
    ELSE
        RETURN QUERY SELECT NULL::text, true, r.organisation_id, d.contact_point_id, r.sealed, d.code
          FROM sec.reveal_number(d.incident_id, d.contact_point_id, because) r;
    END IF;
END $$;
-- What came of it. Names the attempt, so that whoever held a call too long cannot overwrite the next one's word.
CREATE FUNCTION sec.settle_call(delivery uuid, nth integer, what text, has_it boolean, reported text) RETURNS text
LANGUAGE plpgsql {DEFINER} AS $$
DECLARE d record; i record; now_ timestamptz := clock_timestamp(); people integer; said text := ''; again interval;
    gives_up boolean; first boolean; label text; BEGIN
    SELECT x.* INTO d FROM public.notifications_delivery x WHERE x.id = delivery AND x.way = 'phone' FOR UPDATE;
    IF NOT FOUND OR sec.who() IS NULL OR d.state <> 'claimed' OR d.claimed_by <> 'call:' || sec.who() OR d.attempts <> nth
       OR NOT (SELECT sec.me() = ANY (x.overseers) OR sec.me() = d.organisation_id AND sec.me() = ANY (x.participants)
                 FROM public.incidents_incident x WHERE x.id = d.incident_id) THEN
        RAISE EXCEPTION 'you do not hold this call any more' USING ERRCODE = '42501';
    END IF;
    IF what NOT IN ('reached', 'voicemail', 'no_answer', 'wrong_number', 'refused', 'let_go')
       OR length(reported) > 200 OR has_it AND (what <> 'reached' OR btrim(reported) = '') THEN
        RAISE EXCEPTION 'say what came of the call, and who said that they have it' USING ERRCODE = '23514';
    END IF;
    SELECT x.id, x.status, x.overseers INTO i FROM public.incidents_incident x WHERE x.id = d.incident_id;
    UPDATE public.notifications_callattempt c
       SET outcome = what, acknowledged = has_it, reported_by = btrim(reported), ended_at = now_
     WHERE c.delivery_id = delivery AND c.attempt = nth;
    IF what = 'reached' THEN
        PERFORM 1 FROM public.incidents_participant p
          WHERE p.incident_id = d.incident_id AND p.organisation_id = d.organisation_id FOR UPDATE;
        UPDATE public.notifications_delivery x SET state = 'accepted', accepted_at = now_, error = '', transport = 'person',
               claimed_by = '', claimed_until = NULL WHERE x.id = delivery;
        UPDATE public.notifications_delivery x SET state = 'delivered', delivered_at = now_ WHERE x.id = delivery;
        IF has_it THEN
            UPDATE public.notifications_delivery x SET state = 'answered', answered_at = now_ WHERE x.id = delivery;
            IF i.status <> 'closed' THEN
                PERFORM sec.stop_ladder(d.incident_id, d.organisation_id, 'They acknowledged by telephone.');
            END IF;
        END IF;
        IF d.message <> 'stood_down' THEN
            SELECT count(DISTINCT coalesce(x.person_id, x.contact_point_id, x.organisation_id)) INTO people
              FROM public.notifications_delivery x
             WHERE x.incident_id = d.incident_id AND x.organisation_id = d.organisation_id
               AND x.message IN ('opened', 'suspected') AND x.state IN ('accepted', 'delivered', 'answered');
            -- What was accepted before and did not arrive has told nobody.
            first := NOT EXISTS (SELECT 1 FROM public.notifications_delivery x
                WHERE x.incident_id = d.incident_id AND x.organisation_id = d.organisation_id AND x.id <> delivery
                  AND x.message IN ('opened', 'suspected') AND x.state IN ('accepted', 'delivered', 'answered'));
            UPDATE public.incidents_participant p
               SET told_by = CASE WHEN p.told_at IS NULL OR first THEN 'Telephone' ELSE p.told_by END,
                   told_at = CASE WHEN p.told_at IS NULL OR first THEN now_ ELSE p.told_at END, delivered_at = coalesce(p.delivered_at, now_),
                   people_told = greatest(p.people_told, people), not_told_because = ''
             WHERE p.incident_id = d.incident_id AND p.organisation_id = d.organisation_id;
            PERFORM sec.call_said(delivery, 'organisation.told', jsonb_build_object('people', people));
        END IF;
    ELSIF what = 'let_go' THEN
        UPDATE public.notifications_delivery x SET state = 'pending', due_at = now_, claimed_by = '', claimed_until = NULL
         WHERE x.id = delivery;
    ELSE
        -- The duty desk's number of record is the last: it is rung until the incident ends, whatever is said there.
        gives_up := d.contact_point_id IS NOT NULL AND (what IN ('wrong_number', 'refused') OR nth >= 3);
        said := CASE what WHEN 'wrong_number' THEN 'It is a wrong number.' WHEN 'refused' THEN 'They would not take the call.'
                          WHEN 'voicemail' THEN 'Voicemail answered.' ELSE 'Nobody answered.' END;
        again := CASE what WHEN 'voicemail' THEN interval '15 minutes' ELSE interval '5 minutes' END;
        UPDATE public.notifications_delivery x
           SET state = CASE WHEN gives_up THEN 'dead' ELSE 'pending' END, error = said,
               due_at = now_ + again, claimed_by = '', claimed_until = NULL
         WHERE x.id = delivery;
        IF gives_up THEN
            PERFORM sec.call_said(delivery, 'delivery.dead', jsonb_build_object('because', said));
        END IF;
        IF what = 'wrong_number' AND d.contact_point_id IS NOT NULL THEN
            UPDATE public.partners_contactpoint c SET failed_at = now_ WHERE c.id = d.contact_point_id
            RETURNING c.label INTO label;
        END IF;
        IF what = 'wrong_number' THEN
            PERFORM sec.raise_work(d.organisation_id, 'contact_test_failed', 'wrong_number:' || coalesce(d.contact_point_id,
                d.organisation_id), 'A telephone number of yours is wrong',
                'Whoever rang in ' || d.incident_reference || ' reached somebody else. Mend it: '
                || coalesce(label, 'the number of your duty desk') || '.', '/partners/contacts/', d.contact_point_id, NULL);
        END IF;
    END IF;
    PERFORM sec.call_said(delivery, 'call.ended', jsonb_build_object('outcome', what, 'acknowledged', has_it));
    -- The incident was closed while they spoke: whoever was told by telephone hears the same way that it is over.
    IF what = 'reached' AND i.status = 'closed' AND d.message <> 'stood_down' THEN
        INSERT INTO public.notifications_delivery (id, organisation_id, incident_id, incident_reference, exercise, event_id,
            contact_point_id, person_id, way, message, code, state, idempotency_key)
        VALUES (gen_random_uuid(), d.organisation_id, d.incident_id, d.incident_reference, d.exercise, d.id,
            d.contact_point_id, d.person_id, 'phone', 'stood_down', d.code, 'pending', sha256(convert_to(d.incident_id
            || ':stood_down:' || coalesce(d.contact_point_id::text, 'desk of ' || d.organisation_id), 'UTF8')))
        ON CONFLICT DO NOTHING;
    END IF;
    RETURN (SELECT x.state FROM public.notifications_delivery x WHERE x.id = delivery);
END $$;
-- The call list of whoever asks: calls that wait or are held, of incidents that they oversee, and to their own colleagues.
-- A person is named to their own organisation alone, and so is who holds a call to their own.
CREATE FUNCTION sec.calls(incident uuid) RETURNS TABLE (id uuid, incident_id uuid, reference text, exercise boolean,
    organisation_id uuid, slug text, organisation text, person_id uuid, desk boolean, role text, private boolean,
    message text, attempts integer, created_at timestamptz, due_at timestamptz, because text, held_until timestamptz,
    mine boolean, held_by text, holder_id uuid)
LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT d.id, d.incident_id, d.incident_reference, d.exercise, d.organisation_id, o.slug, o.name,
           CASE WHEN d.organisation_id = m.me THEN d.person_id END, d.person_id IS NULL, coalesce(p.role, ''),
           coalesce(c.is_private, false), d.message, d.attempts, d.created_at, d.due_at, d.error,
           CASE WHEN h.held THEN d.claimed_until END, h.held AND d.claimed_by = 'call:' || sec.who(),
           CASE WHEN h.held THEN ho.name ELSE '' END,
           CASE WHEN h.held AND a.caller_organisation_id = m.me THEN a.caller_id END
      FROM (SELECT sec.me() AS me) m
      JOIN public.notifications_delivery d ON d.way = 'phone' AND d.state IN ('pending', 'claimed')
      JOIN public.incidents_incident i ON i.id = d.incident_id AND (i.status <> 'closed' OR d.message = 'stood_down')
           AND (m.me = ANY (i.overseers) OR m.me = d.organisation_id AND m.me = ANY (i.participants))
      JOIN public.partners_organisation o ON o.id = d.organisation_id
      LEFT JOIN public.partners_person p ON p.id = d.person_id
      LEFT JOIN public.partners_contactpoint c ON c.id = d.contact_point_id
      CROSS JOIN LATERAL (SELECT d.state = 'claimed' AND d.claimed_until > clock_timestamp() AS held) h
      LEFT JOIN public.notifications_callattempt a ON a.delivery_id = d.id AND a.attempt = d.attempts AND a.outcome = ''
      LEFT JOIN public.partners_organisation ho ON ho.id = a.caller_organisation_id
     WHERE calls.incident IS NULL OR d.incident_id = calls.incident
     ORDER BY d.message = 'stood_down', d.due_at, d.id
$$;
REVOKE ALL ON FUNCTION sec.may_ring(uuid), sec.claim_call(uuid), sec.call_said(uuid, text, jsonb), sec.call_number(uuid, text),
    sec.settle_call(uuid, integer, text, boolean, text), sec.calls(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.claim_call(uuid), sec.call_number(uuid, text),
    sec.settle_call(uuid, integer, text, boolean, text), sec.calls(uuid) TO portal_app;
"""
BACKWARD = """
DROP FUNCTION sec.calls(uuid), sec.settle_call(uuid, integer, text, boolean, text), sec.call_number(uuid, text),
    sec.claim_call(uuid), sec.call_said(uuid, text, jsonb), sec.may_ring(uuid);
DROP FUNCTION sec.ask_call(uuid, uuid, text[], text), sec.want_call(uuid, text, uuid[], boolean, text[], text, text),
    sec.write_call(uuid, uuid, text, uuid[], boolean, text[], text, text, boolean), sec.people_to_ring(uuid, text[]),
    sec.numbers_to_ring(uuid, uuid, text[]);
"""

# What 0008 says of this function, and what holds from now on: services report of e-mail, too.
RECEIPT = f"""
CREATE OR REPLACE FUNCTION sec.take_receipt(delivery uuid, ref text, said text, happened timestamptz) RETURNS void
LANGUAGE sql {DEFINER} AS $$
    INSERT INTO public.notifications_receipt (id, delivery_id, provider_ref, status, at)
    SELECT gen_random_uuid(), d.id, ref, said, happened FROM public.notifications_delivery d
     WHERE d.id = delivery AND @ways@ ON CONFLICT DO NOTHING
$$;
"""
# Mail that came back to the address of one message. Whoever calls has checked the mark in that address.
BOUNCE = f"""
CREATE FUNCTION sec.take_bounce(delivery uuid, ref text, said text, happened timestamptz) RETURNS void
LANGUAGE sql {DEFINER} AS $$
    INSERT INTO public.notifications_receipt (id, delivery_id, provider_ref, status, at)
    SELECT gen_random_uuid(), d.id, ref, said, happened FROM public.notifications_delivery d
     WHERE d.id = delivery AND d.way = 'email' ON CONFLICT DO NOTHING
$$;
REVOKE ALL ON FUNCTION sec.take_bounce(uuid, text, text, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.take_bounce(uuid, text, text, timestamptz) TO portal_worker;
"""
STATUSES = {
    "delivered": "Delivered",
    "permanent-failure": "No such number",
    "temporary-failure": "Could not be reached",
    "technical-failure": "The service failed",
    "delayed": "Not taken yet",
}

# What 0003 says of this policy, and what holds from now on: whoever was told on the number of the duty desk's record is
# stood down on it.
IN_IT = (
    "EXISTS (SELECT 1 FROM incidents_incident i WHERE i.id = notifications_delivery.incident_id"
    f" AND ({ME} = ANY (i.participants)))"
)
OWN_POINT = (
    "EXISTS (SELECT 1 FROM partners_contactpoint c WHERE c.id = notifications_delivery.contact_point_id"
    f" AND c.organisation_id = {ME} AND c.person_id IS NOT DISTINCT FROM notifications_delivery.person_id)"
)
INSERTING = (
    "ALTER POLICY portal_worker_insert ON notifications_delivery WITH CHECK (organisation_id = "
    + ME
    + " AND state IN ('pending', 'skipped') AND (incident_id IS NULL OR "
    + IN_IT
    + ") AND {});"
)
OR_THE_DESK = (
    f"({OWN_POINT} OR contact_point_id IS NULL AND person_id IS NULL AND way = 'phone' AND incident_id IS NOT NULL)"
)
RUNG = f"organisation_id = {ME} OR caller_organisation_id = {ME}"


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0014_answers"),
        ("partners", "0017_mail_distrust"),
        ("incidents", "0013_radius_moves"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.AlterField(
            "delivery",
            "contact_point",
            models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partners.contactpoint"
            ),
        ),
        migrations.CreateModel(
            name="CallAttempt",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("attempt", models.PositiveIntegerField()),
                ("taken_at", models.DateTimeField()),
                ("outcome", models.TextField(blank=True, db_default="", default="")),
                ("acknowledged", models.BooleanField(db_default=False, default=False)),
                ("reported_by", models.TextField(blank=True, db_default="", default="")),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "caller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "caller_organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partners.organisation"
                    ),
                ),
                (
                    "delivery",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="calls",
                        to="notifications.delivery",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partners.organisation"
                    ),
                ),
            ],
            options={
                "ordering": ["taken_at"],
                "constraints": [
                    models.UniqueConstraint(fields=["delivery", "attempt"], name="call_attempt_once"),
                    models.CheckConstraint(condition=models.Q(outcome__in=OUTCOMES), name="call_attempt_outcome"),
                ],
            },
        ),
        migrations.RunSQL(WANTING + HOLDING, BACKWARD),
        migrations.RunSQL(
            RECEIPT.replace("@ways@", "d.way IN ('sms', 'email')"), RECEIPT.replace("@ways@", "d.way = 'sms'")
        ),
        migrations.RunSQL(BOUNCE, "DROP FUNCTION sec.take_bounce(uuid, text, text, timestamptz);"),
        migrations.AlterField("receipt", "status", models.TextField(choices=list(STATUSES.items()))),
        migrations.RemoveConstraint("receipt", "receipt_status"),
        migrations.AddConstraint(
            "receipt",
            models.CheckConstraint(condition=models.Q(status__in=list(STATUSES)), name="receipt_status"),
        ),
        migrations.RunSQL(
            INSERTING.format(OR_THE_DESK),
            "DELETE FROM notifications_delivery WHERE contact_point_id IS NULL;" + INSERTING.format(OWN_POINT),
        ),
        protect("notifications_callattempt", Allow(APP, "select", RUNG)),
    ]
