"""Who may read and write what of signing in, approvals and isolation.

Secrets of sign-in belong to the door. Approvals, call-backs and isolations are written by functions alone: who asked and
who approved comes from their tickets, so that a page cannot claim it.
"""

from django.db import migrations, models

from portal.tenancy.policies import ME, MINE, Allow, everything, protect

APP, AUTH, WORKER = "portal_app", "portal_auth", "portal_worker"
OWN = f"organisation_id = {ME}"
ADMINISTERS = f"{OWN} AND (SELECT sec.role()) = 'administrator' AND (SELECT sec.fresh())"
TOLD = f"{ME} = ANY (audience)"
DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
# What the organisation itself may know of its people's authenticators: everything but key material.
AUTHENTICATOR = (
    "id", "organisation_id", "person_id", "kind", "label", "rides_on_id", "rides_on_words", "created_at",
    "last_used_at", "backed_up",
)  # fmt: skip
PROVIDER = (
    "organisation_id", "issuer", "client_id", "rides_on_id", "pinned_at", "changed_at", "checked_at", "trouble",
    "is_active",
)  # fmt: skip
PERSON_CHANGES = ("name", "role", "duty", "is_active", "break_glass", "drilled_at", "access_ends_at")

ROLE = f"""
-- The role of whoever asks, '' when it is a machine, or somebody whose access has ended.
CREATE FUNCTION sec.role() RETURNS text LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT coalesce((SELECT p.role FROM public.partners_person p WHERE p.id = sec.who() AND p.is_active
                        AND (p.access_ends_at IS NULL OR p.access_ends_at > now())), '')
$$;
CREATE FUNCTION sec.my_name() RETURNS text LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT p.name FROM public.partners_person p WHERE p.id = sec.who()
$$;
-- What happens at the door is for the organisation's own record. Only these kinds, and only about one's own.
CREATE FUNCTION sec.record_at_door(what text, person uuid, details jsonb) RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
DECLARE org uuid; BEGIN
    SELECT p.organisation_id INTO org FROM public.partners_person p WHERE p.id = person;
    IF org IS NULL OR what NOT IN ('break_glass.used', 'break_glass.drilled', 'emergency_access.used', 'recovery_code.used',
            'authenticator.added', 'authenticator.changed', 'authenticator.refused', 'authenticator.removed', 'session.ended',
            'identity.linked', 'identity.unlinked',
            'identity_provider.changed', 'sign_in.slowed', 'enrolment.offered') THEN
        RAISE EXCEPTION 'not an event of the door' USING ERRCODE = '22023';
    END IF;
    INSERT INTO public.ledger_event (id, kind, at, actor_organisation_id, actor_kind, actor_person_id,
                                     incident_reference, subject_id, audience, data)
    VALUES (gen_random_uuid(), what, clock_timestamp(), org, 'person', person, '', person, ARRAY[org], details);
END $$;
CREATE FUNCTION sec.sweep_door() RETURNS void LANGUAGE sql {DEFINER} AS $$
    DELETE FROM public.partners_attempts WHERE window_ends_at < now();
    DELETE FROM public.partners_oidcflow WHERE expires_at < now() - interval '1 day';
    DELETE FROM public.partners_signinlink WHERE expires_at < now() - interval '7 days';
    DELETE FROM public.django_session WHERE expire_date < now();
$$;
-- Count one try and say how many there were in this window. Committed at once, whatever becomes of the request.
CREATE FUNCTION sec.tried(what bytea, lasts interval) RETURNS integer LANGUAGE sql {DEFINER} AS $$
    INSERT INTO public.partners_attempts AS a (key, count, window_ends_at) VALUES (what, 1, clock_timestamp() + lasts)
    ON CONFLICT (key) DO UPDATE SET
        count = CASE WHEN a.window_ends_at < clock_timestamp() THEN 1 ELSE a.count + 1 END,
        window_ends_at = CASE WHEN a.window_ends_at < clock_timestamp() THEN clock_timestamp() + lasts
                              ELSE a.window_ends_at END
    RETURNING count
$$;
REVOKE ALL ON FUNCTION sec.role(), sec.my_name(), sec.record_at_door(text, uuid, jsonb), sec.sweep_door(),
    sec.tried(bytea, interval) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.role(), sec.my_name() TO portal_app;
GRANT EXECUTE ON FUNCTION sec.record_at_door(text, uuid, jsonb), sec.tried(bytea, interval) TO portal_auth;
GRANT EXECUTE ON FUNCTION sec.sweep_door() TO portal_worker;
"""

APPROVING = f"""
-- Writes the event of an approval for exactly those who may see it.
CREATE FUNCTION sec.approval_happened(a public.partners_approval, what text) RETURNS void LANGUAGE sql {DEFINER} AS $$
    INSERT INTO public.ledger_event (id, kind, at, actor_organisation_id, actor_kind, actor_person_id, incident_id,
                                     incident_reference, subject_id, audience, data)
    SELECT gen_random_uuid(), what, clock_timestamp(), t.org_id, 'person', t.person_id, a.incident_id,
           a.incident_reference, a.id, a.audience,
           jsonb_build_object('approval', a.id, 'act', a.kind, 'state', a.state,
                              'about', (SELECT o.slug FROM public.partners_organisation o WHERE o.id = a.about_id))
      FROM sec.ticket() t
$$;
CREATE FUNCTION sec.may_approve() RETURNS boolean LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT sec.role() IN ('administrator', 'incident_manager', 'approver')
$$;
CREATE FUNCTION sec.request_approval(act text, about uuid, incident uuid, what jsonb, what_it_does text[], because text,
    by_two_organisations boolean, told uuid[]) RETURNS uuid LANGUAGE plpgsql {DEFINER} AS $$
DECLARE t record; made public.partners_approval; BEGIN
    SELECT * INTO t FROM sec.ticket();
    IF sec.me() IS NULL OR NOT sec.may_approve() OR NOT sec.fresh() OR t.session_id IS NULL THEN
        RAISE EXCEPTION 'asking needs a role that may approve, and a passkey used just now' USING ERRCODE = '42501';
    END IF;
    IF btrim(because) = '' OR cardinality(what_it_does) = 0 THEN
        RAISE EXCEPTION 'an approval says why and what it will do' USING ERRCODE = '23514';
    END IF;
    IF incident IS NOT NULL AND NOT EXISTS (SELECT 1 FROM public.incidents_incident i
                                             WHERE i.id = incident AND t.org_id = ANY (i.participants)
                                               AND told <@ i.participants) THEN
        RAISE EXCEPTION 'not an incident that all of them take part in' USING ERRCODE = '42501';
    END IF;
    -- What must be true of isolating and lifting is asked now, so that nobody is asked in vain, and again by the act.
    IF act = 'isolate' AND (incident IS NULL OR about IS NULL OR about = t.org_id OR about = ANY (told)
           OR NOT EXISTS (SELECT 1 FROM public.incidents_incident i WHERE i.id = incident AND i.status <> 'closed'
                             AND about = ANY (i.participants)
                             AND t.org_id = CASE WHEN i.lead_id = about THEN i.deputy_lead_id ELSE i.lead_id END)) THEN
        RAISE EXCEPTION 'the lead of an open incident asks for this, about one of its participants' USING ERRCODE = '42501';
    END IF;
    IF act = 'lift_isolation' AND NOT EXISTS (SELECT 1 FROM public.partners_isolation s
            WHERE s.id = (what ->> 'isolation')::uuid AND s.lifted_at IS NULL AND s.organisation_id = about
              AND t.org_id = ANY (s.audience) AND told <@ s.audience
              AND NOT ((s.step = 4 OR s.approval_id IS NOT NULL) AND about IN (SELECT unnest(told || t.org_id)))) THEN
        RAISE EXCEPTION 'not a step in force that both may lift' USING ERRCODE = '42501';
    END IF;
    INSERT INTO public.partners_approval (id, kind, about_id, incident_id, incident_reference, payload, payload_hash, effects,
        reason, two_organisations, audience, state, requested_by, requested_by_name, requesting_organisation_id,
        requested_with, requested_session, requested_at, expires_at, decided_by_name, decided_because)
    VALUES (gen_random_uuid(), act, about, incident,
        coalesce((SELECT i.reference FROM public.incidents_incident i WHERE i.id = incident), ''),
        what, sha256(convert_to(what::text, 'UTF8')), what_it_does, because,
        by_two_organisations OR act IN ('isolate', 'lift_isolation'),
        ARRAY(SELECT DISTINCT x FROM unnest(told || t.org_id) x), 'waiting', t.person_id, sec.my_name(), t.org_id,
        t.authenticator_id, t.session_id, clock_timestamp(), clock_timestamp() + interval '30 minutes', '', '')
    RETURNING * INTO made;
    PERFORM sec.approval_happened(made, 'approval.requested');
    RETURN made.id;
END $$;
CREATE FUNCTION sec.decide(approval uuid, yes boolean, because text) RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
DECLARE t record; a public.partners_approval; BEGIN
    SELECT * INTO t FROM sec.ticket();
    SELECT * INTO a FROM public.partners_approval x
     WHERE x.id = approval AND sec.me() = ANY (x.audience) FOR UPDATE;
    IF a.id IS NULL OR a.state <> 'waiting' OR a.expires_at < clock_timestamp() THEN
        RAISE EXCEPTION 'not waiting for anybody (any more)' USING ERRCODE = '23514';
    END IF;
    IF NOT sec.may_approve() OR NOT sec.fresh() OR t.session_id IS NULL THEN
        RAISE EXCEPTION 'deciding needs a role that may approve, and a passkey used just now' USING ERRCODE = '42501';
    END IF;
    IF t.person_id = a.requested_by OR t.authenticator_id = a.requested_with OR t.session_id = a.requested_session
       OR (a.two_organisations AND t.org_id = a.requesting_organisation_id) THEN
        RAISE EXCEPTION 'a second person decides' USING ERRCODE = '42501';
    END IF;
    IF NOT yes AND btrim(coalesce(because, '')) = '' THEN
        RAISE EXCEPTION 'a refusal says why' USING ERRCODE = '23514';
    END IF;
    IF a.about_id = t.org_id AND a.kind IN ('isolate', 'emergency_enrolment') THEN
        RAISE EXCEPTION 'nobody decides this about their own organisation' USING ERRCODE = '42501';
    END IF;
    UPDATE public.partners_approval x SET state = CASE WHEN yes THEN 'approved' ELSE 'refused' END, decided_by = t.person_id,
           decided_by_name = sec.my_name(), deciding_organisation_id = t.org_id, decided_with = t.authenticator_id,
           decided_session = t.session_id, decided_at = clock_timestamp(), decided_because = coalesce(because, '')
     WHERE x.id = approval RETURNING * INTO a;
    PERFORM sec.approval_happened(a, CASE WHEN yes THEN 'approval.given' ELSE 'approval.refused' END);
END $$;
CREATE FUNCTION sec.withdraw(approval uuid) RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
DECLARE a public.partners_approval; BEGIN
    UPDATE public.partners_approval x SET state = 'withdrawn'
     WHERE x.id = approval AND x.requesting_organisation_id = sec.me() AND x.state IN ('waiting', 'approved')
       AND sec.may_approve() RETURNING * INTO a;
    IF a.id IS NULL THEN
        RAISE EXCEPTION 'not yours to withdraw (any more)' USING ERRCODE = '42501';
    END IF;
    PERFORM sec.approval_happened(a, 'approval.withdrawn');
END $$;
-- Spend an approval: its payload, once, for the act that it was given for. Everything is looked at again. Granted to
-- nobody: the function of the act calls it in the transaction of the act.
CREATE FUNCTION sec.carry_out(approval uuid, act text) RETURNS public.partners_approval LANGUAGE plpgsql {DEFINER} AS $$
DECLARE t record; a public.partners_approval; BEGIN
    SELECT * INTO t FROM sec.ticket();
    SELECT * INTO a FROM public.partners_approval x WHERE x.id = approval AND x.kind = act FOR UPDATE;
    IF a.id IS NULL OR t.person_id IS NULL OR t.person_id NOT IN (a.requested_by, a.decided_by) THEN
        RAISE EXCEPTION 'not an approval of yours' USING ERRCODE = '42501';
    END IF;
    IF a.state <> 'approved' OR a.expires_at < clock_timestamp()
       OR a.payload_hash <> sha256(convert_to(a.payload::text, 'UTF8')) THEN
        RAISE EXCEPTION 'not an approval in force' USING ERRCODE = '23514';
    END IF;
    IF 2 <> (SELECT count(*) FROM public.partners_person p JOIN sec.org_state s ON s.org_id = p.organisation_id
              WHERE p.id IN (a.requested_by, a.decided_by) AND p.is_active
                AND p.role IN ('administrator', 'incident_manager', 'approver')
                AND (p.access_ends_at IS NULL OR p.access_ends_at > now()) AND s.isolated_at IS NULL
                AND s.own_tasks_at IS NULL) THEN
        RAISE EXCEPTION 'one of the two may not do this any more' USING ERRCODE = '42501';
    END IF;
    UPDATE public.partners_approval x SET state = 'carried_out', carried_out_at = clock_timestamp()
     WHERE x.id = approval RETURNING * INTO a;
    PERFORM sec.approval_happened(a, 'approval.carried_out');
    RETURN a;
END $$;
REVOKE ALL ON FUNCTION sec.approval_happened(public.partners_approval, text), sec.may_approve(),
    sec.request_approval(text, uuid, uuid, jsonb, text[], text, boolean, uuid[]), sec.decide(uuid, boolean, text),
    sec.withdraw(uuid), sec.carry_out(uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.may_approve(), sec.request_approval(text, uuid, uuid, jsonb, text[], text, boolean, uuid[]),
    sec.decide(uuid, boolean, text), sec.withdraw(uuid) TO portal_app;
"""

CALLING_BACK = f"""
-- Who knows of the steps in force against an organisation that the caller knows of: whom its appeal concerns.
CREATE FUNCTION sec.know_of_isolation(about uuid) RETURNS uuid[] LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT array_agg(DISTINCT x) FROM public.partners_isolation s, unnest(s.audience) x
     WHERE s.organisation_id = about AND s.lifted_at IS NULL AND sec.me() = ANY (s.audience)
$$;
-- Another organisation's registered number, for a call-back. Reading it is recorded for both.
CREATE FUNCTION sec.registered_number(about uuid, purpose text) RETURNS text LANGUAGE plpgsql {DEFINER} AS $$
DECLARE me uuid := sec.me(); number text; BEGIN
    IF me IS NULL OR NOT sec.may_approve() OR NOT sec.fresh() OR purpose NOT IN ('appeal', 'emergency') THEN
        RAISE EXCEPTION 'reading a number needs a role that may approve, and a passkey used just now' USING ERRCODE = '42501';
    END IF;
    IF purpose = 'appeal' AND sec.know_of_isolation(about) IS NULL THEN
        RAISE EXCEPTION 'it is not isolated, as far as you may know' USING ERRCODE = '42501';
    END IF;
    SELECT d.phone INTO number FROM public.partners_dutydesk d WHERE d.organisation_id = about;
    IF number IS NOT NULL THEN
        INSERT INTO public.ledger_event (id, kind, at, actor_organisation_id, actor_kind, actor_person_id,
                                         incident_reference, audience, data)
        VALUES (gen_random_uuid(), 'number.read', clock_timestamp(), me, 'person', sec.who(), '', ARRAY[me, about],
                jsonb_build_object('purpose', purpose));
    END IF;
    RETURN number;
END $$;
CREATE FUNCTION sec.record_call_back(about uuid, what_for text, came_of_it text, with_whom text, words text)
RETURNS uuid LANGUAGE plpgsql {DEFINER} AS $$
DECLARE t record; made uuid := gen_random_uuid(); number text; told uuid[]; BEGIN
    SELECT * INTO t FROM sec.ticket();
    told := CASE what_for WHEN 'appeal' THEN sec.know_of_isolation(about) ELSE ARRAY[t.org_id, about] END;
    SELECT d.phone INTO number FROM public.partners_dutydesk d WHERE d.organisation_id = about;
    IF sec.me() IS NULL OR NOT sec.may_approve() OR NOT sec.fresh() OR about = t.org_id OR number IS NULL
       OR told IS NULL OR what_for NOT IN ('appeal', 'emergency')
       OR came_of_it NOT IN ('reached', 'voicemail', 'wrong_number', 'refused') THEN
        RAISE EXCEPTION 'not a call that you can record' USING ERRCODE = '42501';
    END IF;
    INSERT INTO public.partners_callback (id, about_id, purpose, number, outcome, spoke_with, note, called_by,
        called_by_name, calling_organisation_id, called_at, audience)
    VALUES (made, about, what_for, number, came_of_it, with_whom, words, t.person_id, sec.my_name(), t.org_id,
        clock_timestamp(), told);
    INSERT INTO public.ledger_event (id, kind, at, actor_organisation_id, actor_kind, actor_person_id,
                                     incident_reference, subject_id, audience, data)
    VALUES (gen_random_uuid(), 'call_back.recorded', clock_timestamp(), t.org_id, 'person', t.person_id, '', made,
            told, jsonb_build_object('purpose', what_for, 'outcome', came_of_it,
            'organisation', (SELECT o.slug FROM public.partners_organisation o WHERE o.id = about)));
    RETURN made;
END $$;
REVOKE ALL ON FUNCTION sec.know_of_isolation(uuid), sec.registered_number(uuid, text), sec.record_call_back(uuid, text, text, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.registered_number(uuid, text), sec.record_call_back(uuid, text, text, text, text) TO portal_app;
"""

BACKWARD = """
DROP FUNCTION sec.record_call_back(uuid, text, text, text, text), sec.registered_number(uuid, text),
    sec.know_of_isolation(uuid);
DROP FUNCTION sec.carry_out(uuid, text), sec.withdraw(uuid), sec.decide(uuid, boolean, text),
    sec.request_approval(text, uuid, uuid, jsonb, text[], text, boolean, uuid[]), sec.may_approve(),
    sec.approval_happened(public.partners_approval, text);
DROP FUNCTION sec.tried(bytea, interval), sec.sweep_door(), sec.record_at_door(text, uuid, jsonb), sec.my_name();
"""

PEOPLE = f"""
GRANT INSERT ON partners_person TO portal_app;
CREATE POLICY portal_app_insert ON partners_person FOR INSERT TO portal_app WITH CHECK ({ADMINISTERS});
GRANT UPDATE ({", ".join(PERSON_CHANGES)}) ON partners_person TO portal_app;
CREATE POLICY portal_app_update ON partners_person FOR UPDATE TO portal_app USING ({ADMINISTERS}) WITH CHECK ({ADMINISTERS});
GRANT UPDATE (drilled_at) ON partners_person TO portal_auth;
"""
PEOPLE_BACK = """
DROP POLICY portal_app_update ON partners_person; DROP POLICY portal_app_insert ON partners_person;
REVOKE INSERT, UPDATE ON partners_person FROM portal_app;
REVOKE UPDATE (drilled_at) ON partners_person FROM portal_auth;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("partners", "0003_sign_in"),
        ("partners", "0002_row_security"),
        ("ledger", "0002_seal"),
    ]
    operations = [
        migrations.RunSQL(ROLE + APPROVING + CALLING_BACK, BACKWARD + "DROP FUNCTION sec.role();"),
        migrations.RunSQL(PEOPLE, PEOPLE_BACK),
        protect(
            "partners_authenticator",
            Allow(APP, "select", OWN, columns=AUTHENTICATOR),
            *everything(AUTH),
        ),
        protect("partners_recoverycode", *everything(AUTH)),
        protect(
            "partners_signinpolicy",
            Allow(APP, "select", OWN),
            Allow(APP, "insert", ADMINISTERS),
            Allow(APP, "update", ADMINISTERS, columns=("idle_minutes", "absolute_hours", "allow_password")),
            Allow(AUTH, "select", "true"),
        ),
        protect(
            "partners_personsession",
            Allow(
                APP, "select", f"{OWN} AND (person_id = (SELECT sec.who()) OR (SELECT sec.role()) = 'administrator')"
            ),
            *everything(AUTH),
        ),
        protect("partners_attempts"),
        protect("partners_identityprovider", Allow(APP, "select", OWN, columns=PROVIDER), *everything(AUTH)),
        protect("partners_federatedidentity", Allow(APP, "select", OWN), *everything(AUTH)),
        protect("partners_oidcflow", *everything(AUTH)),
        protect("partners_approval", Allow(APP, "select", TOLD)),
        protect(
            "partners_isolation",
            Allow(APP, "select", f"{TOLD} OR organisation_id = {MINE}"),
            Allow(WORKER, "select", f"{TOLD} OR {OWN}"),
            Allow(AUTH, "select", "true"),
        ),
        protect("partners_callback", Allow(APP, "select", TOLD)),
        migrations.AlterField("person", "email", models.EmailField(max_length=254)),
        migrations.AddConstraint(
            "person", models.UniqueConstraint(fields=["organisation", "email"], name="person_email_once")
        ),
        migrations.AddConstraint(
            "person",
            models.CheckConstraint(
                condition=~models.Q(role="guest") | models.Q(access_ends_at__isnull=False), name="guest_ends"
            ),
        ),
    ]
