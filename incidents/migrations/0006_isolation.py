"""Cutting an organisation off, lifting it, and handing the lead over. Written here because both need to know incidents.

The functions look at the tickets of those who act: nobody presses for another organisation without a second one, and
nobody lifts alone. What they change is in force at everybody's next statement.
"""

from django.db import migrations

DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"

HANDING_OVER = f"""
-- Who leads next: the deputy, then by the agreed succession, then a provider; never one that is cut off or limited.
CREATE FUNCTION sec.next_lead(incident uuid, apart_from uuid[]) RETURNS uuid LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT p.organisation_id FROM public.incidents_participant p
      JOIN public.partners_organisation o ON o.id = p.organisation_id
      JOIN sec.org_state s ON s.org_id = p.organisation_id
     WHERE p.incident_id = incident AND p.organisation_id <> ALL (apart_from) AND s.isolated_at IS NULL AND s.own_tasks_at IS NULL
       AND p.role <> 'observer'
     ORDER BY p.role = 'deputy_lead' DESC, o.succession NULLS LAST, p.is_provider DESC, p.distance NULLS LAST, p.slug
     LIMIT 1
$$;
-- Roles, standings and overseers as lead and deputy now are.
CREATE FUNCTION sec.settle_roles(incident uuid) RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    UPDATE public.incidents_participant p
       SET role = CASE WHEN p.organisation_id = i.lead_id THEN 'lead' WHEN p.is_provider THEN 'provider'
                       WHEN p.organisation_id = i.deputy_lead_id THEN 'deputy_lead' ELSE 'participant' END
      FROM public.incidents_incident i
     WHERE i.id = incident AND p.incident_id = incident AND p.role <> 'observer';
    UPDATE public.incidents_incident x
       SET overseers = (SELECT array_agg(p.organisation_id ORDER BY p.slug) FROM public.incidents_participant p
                         WHERE p.incident_id = incident
                           AND (p.role IN ('lead', 'deputy_lead', 'provider') OR p.organisation_id = x.deputy_lead_id))
     WHERE x.id = incident;
    UPDATE public.incidents_standing s SET role = p.role FROM public.incidents_participant p
     WHERE s.incident_id = incident AND p.incident_id = incident AND p.organisation_id = s.organisation_id
       AND s.role <> p.role;
END $$;
-- The lead moves to another participant; the one before stays as deputy unless it is being cut off.
CREATE FUNCTION sec.hand_over_lead(incident uuid, to_whom uuid, cut_off boolean, because text) RETURNS void
LANGUAGE plpgsql {DEFINER} AS $$
DECLARE i public.incidents_incident; deputy uuid; BEGIN
    SELECT * INTO i FROM public.incidents_incident x WHERE x.id = incident FOR UPDATE;
    IF i.status = 'closed' OR NOT to_whom = ANY (i.participants) OR to_whom = i.lead_id THEN
        RAISE EXCEPTION 'nobody to hand over to' USING ERRCODE = '23514';
    END IF;
    deputy := CASE WHEN cut_off THEN sec.next_lead(incident, ARRAY[i.lead_id, to_whom]) ELSE i.lead_id END;
    UPDATE public.incidents_incident x SET lead_id = to_whom, deputy_lead_id = deputy,
           lead_phone = coalesce((SELECT d.phone FROM public.partners_dutydesk d WHERE d.organisation_id = to_whom), '')
     WHERE x.id = incident;
    PERFORM sec.settle_roles(incident);
    UPDATE public.incidents_run r SET lead_id = to_whom, claimed_by = '', claimed_until = NULL,
           due_at = coalesce(r.due_at, clock_timestamp()) WHERE r.incident_id = incident;
    INSERT INTO public.ledger_event (id, kind, at, actor_organisation_id, actor_kind, actor_person_id, incident_id,
                                     incident_reference, audience, data)
    SELECT gen_random_uuid(), 'incident.handed_over', clock_timestamp(), t.org_id, 'person', t.person_id, incident,
           i.reference, i.participants, jsonb_build_object('was',
           (SELECT o.slug FROM public.partners_organisation o WHERE o.id = i.lead_id), 'organisation',
           (SELECT o.slug FROM public.partners_organisation o WHERE o.id = to_whom), 'because', because)
      FROM sec.ticket() t;
END $$;
REVOKE ALL ON FUNCTION sec.next_lead(uuid, uuid[]), sec.settle_roles(uuid), sec.hand_over_lead(uuid, uuid, boolean, text) FROM PUBLIC;
"""

ISOLATING = f"""
-- Who has to know that an organisation is cut off: whoever takes part in the incident that it happens in, which nobody
-- else may hear of. Without one, whoever takes part in any open incident with it, else whoever shares a system with it.
CREATE FUNCTION sec.told_of_isolation(org uuid, incident uuid) RETURNS uuid[] LANGUAGE plpgsql STABLE {DEFINER} AS $$
DECLARE told uuid[]; BEGIN
    SELECT array_agg(DISTINCT x) INTO told FROM public.incidents_incident i, unnest(i.participants) x
     WHERE org = ANY (i.participants) AND i.status <> 'closed' AND (incident IS NULL OR i.id = incident);
    IF told IS NULL THEN
        SELECT array_agg(DISTINCT x) INTO told FROM (
            SELECT b.organisation_id AS x FROM public.partners_participation a
              JOIN public.partners_participation b ON b.system_id = a.system_id WHERE a.organisation_id = org
            UNION SELECT s.provider_id FROM public.partners_participation a
              JOIN public.partners_sharedsystem s ON s.id = a.system_id
             WHERE a.organisation_id = org AND s.provider_id IS NOT NULL
            UNION SELECT a.organisation_id FROM public.partners_participation a
              JOIN public.partners_sharedsystem s ON s.id = a.system_id WHERE s.provider_id = org) u;
    END IF;
    RETURN ARRAY(SELECT DISTINCT x FROM unnest(coalesce(told, '{{}}') || org) x);
END $$;
-- What of the participants of an incident is not trusted, now or (`lifted_at`) for a while: what everybody in it must
-- know to protect themselves, without the reason, the names, or another incident in which it was found.
CREATE FUNCTION sec.not_trusted(incident uuid) RETURNS TABLE (organisation_id uuid, step integer, started_at timestamptz,
    suspected_from timestamptz, lifted_at timestamptz) LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT s.organisation_id, s.step::integer, s.started_at, s.suspected_from, s.lifted_at
      FROM public.incidents_incident i JOIN public.partners_isolation s ON s.organisation_id = ANY (i.participants)
     WHERE i.id = incident AND sec.me() = ANY (i.participants) AND (s.lifted_at IS NULL OR s.lifted_at > i.opened_at)
     ORDER BY s.started_at
$$;
-- The one word of a participant changes for everybody in each open incident of its.
CREATE FUNCTION sec.word_follows(org uuid) RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
DECLARE each record; cut boolean; said text; BEGIN
    SELECT s.isolated_at IS NOT NULL INTO cut FROM sec.org_state s WHERE s.org_id = org;
    FOR each IN SELECT i.id, i.reference, i.participants, p.slug, p.containing_open, p.acknowledged_at
                  FROM public.incidents_participant p JOIN public.incidents_incident i ON i.id = p.incident_id
                 WHERE p.organisation_id = org AND i.status <> 'closed' LOOP
        said := CASE WHEN cut THEN 'cut_off'
                     WHEN each.containing_open = 0 AND each.acknowledged_at IS NOT NULL THEN 'contained' ELSE 'acting' END;
        UPDATE public.incidents_standing x SET word = said
         WHERE x.incident_id = each.id AND x.organisation_id = org AND x.word <> said;
        IF FOUND THEN
            INSERT INTO public.ledger_event (id, kind, at, actor_organisation_id, actor_kind, actor_person_id, incident_id,
                                             incident_reference, subject_id, audience, data)
            SELECT gen_random_uuid(), 'standing.changed', clock_timestamp(), t.org_id, 'system', NULL, each.id, each.reference,
                   org, each.participants, jsonb_build_object('organisation', each.slug, 'word', said) FROM sec.ticket() t;
        END IF;
    END LOOP;
END $$;
-- Take one step. `approval` null: an administrator for the own organisation, steps 1 to 3. Otherwise what two persons of
-- two organisations agreed on; the lead of the incident asked, or its deputy when the lead is the one to be cut off.
CREATE FUNCTION sec.isolate(org uuid, which integer, because text, since timestamptz, incident uuid, approval uuid)
RETURNS uuid LANGUAGE plpgsql {DEFINER} AS $$
DECLARE t record; a public.partners_approval; i public.incidents_incident; each record; made uuid := gen_random_uuid();
        told uuid[]; heir uuid; BEGIN
    SELECT * INTO t FROM sec.ticket();
    IF t.person_id IS NULL OR NOT sec.fresh() THEN
        RAISE EXCEPTION 'this needs a passkey used just now' USING ERRCODE = '42501';
    END IF;
    IF approval IS NULL THEN
        IF sec.mine() IS DISTINCT FROM org OR sec.role() <> 'administrator' OR which NOT IN (1, 2, 3)
           OR incident IS NOT NULL THEN
            RAISE EXCEPTION 'only an administrator, for the own organisation, and not the last step' USING ERRCODE = '42501';
        END IF;
    ELSE
        a := sec.carry_out(approval, 'isolate');
        IF a.about_id IS DISTINCT FROM org OR (a.payload ->> 'step')::integer IS DISTINCT FROM which
           OR a.incident_id IS DISTINCT FROM incident OR (a.payload ->> 'since')::timestamptz IS DISTINCT FROM since
           OR org IN (a.requesting_organisation_id, a.deciding_organisation_id)
           OR a.requesting_organisation_id = a.deciding_organisation_id THEN
            RAISE EXCEPTION 'not what was approved' USING ERRCODE = '42501';
        END IF;
        SELECT * INTO i FROM public.incidents_incident x WHERE x.id = incident;
        IF i.id IS NULL OR i.status = 'closed' OR NOT org = ANY (i.participants)
           OR NOT a.deciding_organisation_id = ANY (i.participants)
           OR a.requesting_organisation_id IS DISTINCT FROM
              (CASE WHEN i.lead_id = org THEN i.deputy_lead_id ELSE i.lead_id END) THEN
            RAISE EXCEPTION 'the lead of an open incident asks for this, about one of its participants' USING ERRCODE = '42501';
        END IF;
        because := a.reason;
    END IF;
    IF btrim(because) = '' OR which NOT BETWEEN 1 AND 4 THEN
        RAISE EXCEPTION 'a step and a reason are needed' USING ERRCODE = '23514';
    END IF;
    IF EXISTS (SELECT 1 FROM public.partners_isolation x WHERE x.organisation_id = org AND x.step = which
                  AND x.lifted_at IS NULL) THEN
        RAISE EXCEPTION 'this step is in force already' USING ERRCODE = '23514';
    END IF;
    told := sec.told_of_isolation(org, incident);
    -- Whoever sees only its own tasks cannot lead either.
    IF which IN (3, 4) THEN
        FOR each IN SELECT x.id FROM public.incidents_incident x WHERE x.lead_id = org AND x.status <> 'closed' LOOP
            heir := sec.next_lead(each.id, ARRAY[org]);
            IF heir IS NOT NULL THEN
                PERFORM sec.hand_over_lead(each.id, heir, true, CASE which WHEN 3
                    THEN 'The lead is limited to its own tasks.' ELSE 'The lead is cut off.' END);
            END IF;
        END LOOP;
        FOR each IN SELECT x.id FROM public.incidents_incident x WHERE x.deputy_lead_id = org AND x.status <> 'closed' LOOP
            UPDATE public.incidents_incident x SET deputy_lead_id = sec.next_lead(x.id, ARRAY[org, x.lead_id])
             WHERE x.id = each.id;
            PERFORM sec.settle_roles(each.id);
        END LOOP;
    END IF;
    INSERT INTO public.partners_isolation (id, organisation_id, step, incident_id, incident_reference, reason,
        suspected_from, pressed_by, pressed_by_name, pressing_organisation_id, approval_id, started_at, lifted_by_name,
        audience)
    VALUES (made, org, which, incident, coalesce(i.reference, ''), because, since, t.person_id, sec.my_name(), t.org_id,
        approval, clock_timestamp(), '', told);
    UPDATE sec.org_state s
       SET provider_distrusted_at = CASE WHEN which = 1 THEN clock_timestamp() ELSE s.provider_distrusted_at END,
           mail_distrusted_at = CASE WHEN which = 2 THEN clock_timestamp() ELSE s.mail_distrusted_at END,
           own_tasks_at = CASE WHEN which = 3 THEN clock_timestamp() ELSE s.own_tasks_at END,
           isolated_at = CASE WHEN which = 4 THEN clock_timestamp() ELSE s.isolated_at END
     WHERE s.org_id = org;
    IF which = 2 THEN
        UPDATE public.partners_contactpoint c
           SET trust = 'compromised', trust_since = clock_timestamp(), trust_because = 'Its mail is not trusted: step 2.'
          FROM public.partners_organisation o
         WHERE o.id = org AND c.organisation_id = org AND c.kind = 'email' AND c.trust <> 'compromised'
           AND (o.mail_domains = '{{}}' OR lower(split_part(c.address, '@', 2)) = ANY (o.mail_domains));
    END IF;
    IF which IN (1, 4) THEN
        UPDATE sec.grant_token g SET revoked_at = now()
         WHERE g.org_id = org AND g.revoked_at IS NULL AND g.kind IN ('session', 'socket')
           AND (which = 4 OR g.born = 'provider');
        UPDATE public.partners_personsession p
           SET ended_at = clock_timestamp(), ended_because = CASE which WHEN 1 THEN 'its sign-in is not trusted'
                                                                        ELSE 'the organisation is cut off' END
         WHERE p.organisation_id = org AND p.ended_at IS NULL AND (which = 4 OR p.born = 'provider');
    END IF;
    IF which = 4 THEN
        PERFORM sec.word_follows(org);
    END IF;
    INSERT INTO public.ledger_event (id, kind, at, actor_organisation_id, actor_kind, actor_person_id, incident_id,
                                     incident_reference, subject_id, audience, data)
    VALUES (gen_random_uuid(), 'organisation.isolated', clock_timestamp(), t.org_id, 'person', t.person_id, incident,
            coalesce(i.reference, ''), made, told, jsonb_build_object('step', which, 'organisation',
            (SELECT o.slug FROM public.partners_organisation o WHERE o.id = org)));
    RETURN made;
END $$;
-- Undo a step: within 15 minutes another administrator of the organisation that pressed it for itself; otherwise two
-- persons of two organisations. Neither is the one concerned when it is cut off, or when others took the step.
CREATE FUNCTION sec.lift_isolation(which uuid, approval uuid) RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
DECLARE t record; s public.partners_isolation; a public.partners_approval; left_on boolean; BEGIN
    SELECT * INTO t FROM sec.ticket();
    SELECT * INTO s FROM public.partners_isolation x WHERE x.id = which AND x.lifted_at IS NULL
       AND (sec.me() = ANY (x.audience) OR x.organisation_id = sec.mine()) FOR UPDATE;
    IF s.id IS NULL THEN
        RAISE EXCEPTION 'not in force (any more)' USING ERRCODE = '23514';
    END IF;
    IF NOT sec.fresh() THEN
        RAISE EXCEPTION 'this needs a passkey used just now' USING ERRCODE = '42501';
    END IF;
    IF approval IS NULL THEN
        IF s.approval_id IS NOT NULL OR s.organisation_id <> t.org_id OR sec.role() <> 'administrator'
           OR t.person_id = s.pressed_by OR s.started_at < clock_timestamp() - interval '15 minutes' THEN
            RAISE EXCEPTION 'lifting takes two persons of two organisations' USING ERRCODE = '42501';
        END IF;
    ELSE
        a := sec.carry_out(approval, 'lift_isolation');
        IF (a.payload ->> 'isolation')::uuid IS DISTINCT FROM which
           OR NOT ARRAY[a.requesting_organisation_id, a.deciding_organisation_id] <@ s.audience
           OR a.requesting_organisation_id = a.deciding_organisation_id
           OR ((s.step = 4 OR s.approval_id IS NOT NULL)
               AND s.organisation_id IN (a.requesting_organisation_id, a.deciding_organisation_id))
           -- What an organisation distrusts of its own is not trusted again over its head.
           OR (s.step < 3 AND s.approval_id IS NULL
               AND s.organisation_id NOT IN (a.requesting_organisation_id, a.deciding_organisation_id)) THEN
            RAISE EXCEPTION 'not what was approved' USING ERRCODE = '42501';
        END IF;
    END IF;
    UPDATE public.partners_isolation x SET lifted_at = clock_timestamp(), lifted_by = t.person_id,
           lifted_by_name = sec.my_name(), lifting_organisation_id = t.org_id, lifting_approval_id = approval
     WHERE x.id = which;
    UPDATE sec.org_state o
       SET provider_distrusted_at = CASE WHEN s.step = 1 THEN NULL ELSE o.provider_distrusted_at END,
           mail_distrusted_at = CASE WHEN s.step = 2 THEN NULL ELSE o.mail_distrusted_at END,
           own_tasks_at = CASE WHEN s.step = 3 THEN NULL ELSE o.own_tasks_at END,
           isolated_at = CASE WHEN s.step = 4 THEN NULL ELSE o.isolated_at END
     WHERE o.org_id = s.organisation_id;
    IF s.step = 2 THEN
        UPDATE public.partners_contactpoint c SET trust = 'trusted', trust_since = clock_timestamp(), trust_because = ''
         WHERE c.organisation_id = s.organisation_id AND c.trust_because = 'Its mail is not trusted: step 2.';
    ELSIF s.step = 4 THEN
        PERFORM sec.word_follows(s.organisation_id);
    END IF;
    INSERT INTO public.ledger_event (id, kind, at, actor_organisation_id, actor_kind, actor_person_id, incident_id,
                                     incident_reference, subject_id, audience, data)
    VALUES (gen_random_uuid(), 'organisation.reconnected', clock_timestamp(), t.org_id, 'person', t.person_id,
            s.incident_id, s.incident_reference, which, s.audience, jsonb_build_object('step', s.step, 'organisation',
            (SELECT o.slug FROM public.partners_organisation o WHERE o.id = s.organisation_id)));
END $$;
REVOKE ALL ON FUNCTION sec.told_of_isolation(uuid, uuid), sec.word_follows(uuid), sec.not_trusted(uuid), sec.isolate(uuid, integer, text, timestamptz, uuid, uuid),
    sec.lift_isolation(uuid, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.isolate(uuid, integer, text, timestamptz, uuid, uuid), sec.lift_isolation(uuid, uuid),
    sec.not_trusted(uuid) TO portal_app;
"""

FOR_THE_DOOR = f"""
-- What the door must know of incidents, and nothing more: two answers of yes or no, and the steps of an organisation.
CREATE FUNCTION sec.system_in_open_incident(system uuid) RETURNS boolean LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT EXISTS (SELECT 1 FROM public.incidents_incident i
                    LEFT JOIN public.incidents_incidentsystem s ON s.incident_id = i.id
                    LEFT JOIN public.incidents_radius r ON r.incident_id = i.id
                   WHERE i.status NOT IN ('suspected', 'closed') AND NOT i.exercise
                     AND (s.system_id = system OR r.document -> 'reached_systems' ? system::text))
$$;
CREATE FUNCTION sec.in_open_incident(org uuid) RETURNS boolean LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT EXISTS (SELECT 1 FROM public.incidents_participant p JOIN public.incidents_incident i ON i.id = p.incident_id
                    WHERE p.organisation_id = org AND i.status <> 'closed')
$$;
CREATE FUNCTION sec.steps_in_force(org uuid) RETURNS integer[] LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT array_remove(ARRAY[CASE WHEN s.provider_distrusted_at IS NOT NULL THEN 1 END,
        CASE WHEN s.mail_distrusted_at IS NOT NULL THEN 2 END, CASE WHEN s.own_tasks_at IS NOT NULL THEN 3 END,
        CASE WHEN s.isolated_at IS NOT NULL THEN 4 END], NULL) FROM sec.org_state s WHERE s.org_id = org
$$;
REVOKE ALL ON FUNCTION sec.system_in_open_incident(uuid), sec.in_open_incident(uuid), sec.steps_in_force(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.system_in_open_incident(uuid), sec.in_open_incident(uuid), sec.steps_in_force(uuid)
    TO portal_auth;
"""

BACKWARD = """
DROP FUNCTION sec.steps_in_force(uuid), sec.in_open_incident(uuid), sec.system_in_open_incident(uuid);
DROP FUNCTION sec.lift_isolation(uuid, uuid), sec.isolate(uuid, integer, text, timestamptz, uuid, uuid),
    sec.not_trusted(uuid), sec.word_follows(uuid), sec.told_of_isolation(uuid, uuid);
DROP FUNCTION sec.hand_over_lead(uuid, uuid, boolean, text), sec.settle_roles(uuid), sec.next_lead(uuid, uuid[]);
"""


class Migration(migrations.Migration):
    dependencies = [("incidents", "0005_short_title"), ("partners", "0004_sign_in_security")]
    operations = [migrations.RunSQL(HANDING_OVER + ISOLATING + FOR_THE_DOOR, BACKWARD)]
