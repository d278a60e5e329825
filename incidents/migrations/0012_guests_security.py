"""Guests: let in by one organisation, for one incident at a time, to read what was chosen for them and nothing else.

A guest's ticket has the reach `guest`: to `sec.me()` and `sec.mine()`, and so to every policy there was, it is nobody.
Five policies more let it read rows of incidents that are shared with it, of its own organisation's side alone, also
where that organisation oversees the others.
"""

from django.db import migrations

from portal.tenancy.policies import ME, Allow, protect

APP = "portal_app"
DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"


def shared(what: str, column: str = "incident_id", *, own: bool = False) -> str:
    of_the_host = " AND organisation_id = (SELECT sec.guest_of())" if own else ""
    return f"{column} = ANY ((SELECT sec.guest_incidents('{what}'))::uuid[]){of_the_host}"


READS = {
    "incidents_incident": shared("any", "id"),
    "incidents_participant": shared("tasks", own=True),
    "incidents_task": shared("tasks", own=True),
    "incidents_update": shared("updates"),
    "incidents_duty": shared("duties", own=True),
}

ASKING = f"""
-- The organisation that let this guest in; NULL for everybody who is no guest, and once the guest's time is over.
CREATE FUNCTION sec.guest_of() RETURNS uuid LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT t.org_id FROM sec.ticket() t JOIN public.partners_person p ON p.id = t.person_id AND p.organisation_id = t.org_id
      JOIN sec.org_state s ON s.org_id = t.org_id
     WHERE t.reach = 'guest' AND p.role = 'guest' AND p.is_active AND p.access_ends_at > clock_timestamp()
       AND s.own_tasks_at IS NULL
$$;
-- Incidents of which this guest may read that kind: 'tasks', 'updates', 'duties', or 'any' of them.
CREATE FUNCTION sec.guest_incidents(what text) RETURNS uuid[] LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT coalesce(array_agg(g.incident_id), '{{}}') FROM public.incidents_guestgrant g
     WHERE g.organisation_id = sec.guest_of() AND g.person_id = sec.who() AND g.ended_at IS NULL
       AND g.ends_at > clock_timestamp()
       AND CASE what WHEN 'tasks' THEN g.tasks WHEN 'updates' THEN g.updates WHEN 'duties' THEN g.duties
                     WHEN 'any' THEN true ELSE false END
$$;
"""

LETTING_IN = f"""
CREATE FUNCTION sec.shared_kinds(g public.incidents_guestgrant) RETURNS text[] LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS $$
    SELECT array_remove(ARRAY[CASE WHEN g.tasks THEN 'tasks' END, CASE WHEN g.updates THEN 'updates' END,
                              CASE WHEN g.duties THEN 'duties' END], NULL)
$$;
CREATE FUNCTION sec.guest_happened(g public.incidents_guestgrant, what text) RETURNS void LANGUAGE sql {DEFINER} AS $$
    INSERT INTO public.ledger_event (id, kind, at, actor_organisation_id, actor_kind, actor_person_id, incident_id,
                                     incident_reference, subject_id, audience, data)
    SELECT gen_random_uuid(), what, clock_timestamp(), g.organisation_id, 'person', sec.who(), i.id, i.reference,
           g.person_id, ARRAY[g.organisation_id], jsonb_build_object('shared', to_jsonb(sec.shared_kinds(g)), 'until',
           g.ends_at, 'guest', (SELECT p.guest_kind FROM public.partners_person p WHERE p.id = g.person_id))
      FROM public.incidents_incident i WHERE i.id = g.incident_id
$$;
-- Share an incident with a guest of one's own, or choose anew what is shared and until when: the earlier grant ends.
CREATE FUNCTION sec.share_with_guest(guest uuid, incident uuid, what text[], until timestamptz) RETURNS uuid
LANGUAGE plpgsql {DEFINER} AS $$
DECLARE me uuid := sec.me(); g public.incidents_guestgrant; BEGIN
    IF NOT sec.may_lead() THEN
        RAISE EXCEPTION 'this needs an incident manager, and a passkey used just now' USING ERRCODE = '42501';
    END IF;
    IF NOT EXISTS (SELECT 1 FROM public.incidents_incident i
                    WHERE i.id = incident AND me = ANY (i.participants) AND i.status <> 'closed') THEN
        RAISE EXCEPTION 'not an open incident that you take part in' USING ERRCODE = '42501';
    END IF;
    PERFORM 1 FROM public.partners_person p WHERE p.id = guest AND p.organisation_id = me AND p.role = 'guest' FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'not a guest of yours' USING ERRCODE = '42501';
    END IF;
    IF until <= clock_timestamp() OR until > clock_timestamp() + interval '14 days 1 minute' OR cardinality(what) = 0
       OR NOT what <@ ARRAY['tasks', 'updates', 'duties'] THEN
        RAISE EXCEPTION 'choose what is shared, for 14 days at most' USING ERRCODE = '23514';
    END IF;
    UPDATE public.incidents_guestgrant x SET ended_at = clock_timestamp(), ended_by = sec.who()
     WHERE x.person_id = guest AND x.incident_id = incident AND x.ended_at IS NULL;
    INSERT INTO public.incidents_guestgrant (id, incident_id, organisation_id, person_id, tasks, updates, duties, made_by,
        made_at, ends_at)
    VALUES (gen_random_uuid(), incident, me, guest, 'tasks' = ANY (what), 'updates' = ANY (what), 'duties' = ANY (what),
        sec.who(), clock_timestamp(), until) RETURNING * INTO g;
    UPDATE public.partners_person p SET is_active = true, access_ends_at = (SELECT max(x.ends_at)
           FROM public.incidents_guestgrant x WHERE x.person_id = guest AND x.ended_at IS NULL) WHERE p.id = guest;
    PERFORM sec.guest_happened(g, 'guest.invited');
    RETURN g.id;
END $$;
CREATE FUNCTION sec.invite_guest(called text, address text, as_what text, incident uuid, what text[], until timestamptz)
RETURNS uuid LANGUAGE plpgsql {DEFINER} AS $$
DECLARE made uuid := gen_random_uuid(); BEGIN
    IF NOT sec.may_lead() THEN
        RAISE EXCEPTION 'this needs an incident manager, and a passkey used just now' USING ERRCODE = '42501';
    END IF;
    IF btrim(called) = '' OR btrim(address) = '' OR as_what NOT IN ('national_centre', 'police', 'regulator', 'responder',
            'insurer', 'lawyer') THEN
        RAISE EXCEPTION 'a guest has a name, an address and a kind' USING ERRCODE = '23514';
    END IF;
    IF EXISTS (SELECT 1 FROM public.partners_person p
                WHERE p.organisation_id = sec.me() AND lower(p.email) = lower(btrim(address))) THEN
        RAISE EXCEPTION 'somebody of yours has this e-mail address already' USING ERRCODE = '23514';
    END IF;
    INSERT INTO public.partners_person (id, organisation_id, name, email, role, duty, is_active, break_glass, guest_kind,
        access_ends_at)
    VALUES (made, sec.me(), btrim(called), btrim(address), 'guest', '', true, false, as_what, until);
    PERFORM sec.share_with_guest(made, incident, what, until);
    RETURN made;
END $$;
-- One button: the grant ends, and with a guest's last one whatever it is signed in with.
CREATE FUNCTION sec.end_guest(which uuid) RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
DECLARE g public.incidents_guestgrant; BEGIN
    IF NOT sec.may_lead() THEN
        RAISE EXCEPTION 'this needs an incident manager, and a passkey used just now' USING ERRCODE = '42501';
    END IF;
    UPDATE public.incidents_guestgrant x SET ended_at = clock_timestamp(), ended_by = sec.who()
     WHERE x.id = which AND x.organisation_id = sec.me() AND x.ended_at IS NULL RETURNING * INTO g;
    IF g.id IS NULL THEN
        RAISE EXCEPTION 'not in force (any more)' USING ERRCODE = '23514';
    END IF;
    IF NOT EXISTS (SELECT 1 FROM public.incidents_guestgrant x WHERE x.person_id = g.person_id AND x.ended_at IS NULL
                      AND x.ends_at > clock_timestamp()) THEN
        UPDATE public.partners_person p SET is_active = false, access_ends_at = least(p.access_ends_at, clock_timestamp())
         WHERE p.id = g.person_id;
        UPDATE sec.grant_token t SET revoked_at = now() WHERE t.person_id = g.person_id AND t.revoked_at IS NULL;
        UPDATE public.partners_personsession s SET ended_at = clock_timestamp(), ended_because = 'its access was ended'
         WHERE s.person_id = g.person_id AND s.ended_at IS NULL;
    END IF;
    PERFORM sec.guest_happened(g, 'guest.ended');
END $$;
REVOKE ALL ON FUNCTION sec.guest_of(), sec.guest_incidents(text), sec.shared_kinds(public.incidents_guestgrant),
    sec.guest_happened(public.incidents_guestgrant, text), sec.share_with_guest(uuid, uuid, text[], timestamptz),
    sec.invite_guest(text, text, text, uuid, text[], timestamptz), sec.end_guest(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.guest_of(), sec.guest_incidents(text), sec.share_with_guest(uuid, uuid, text[], timestamptz),
    sec.invite_guest(text, text, text, uuid, text[], timestamptz), sec.end_guest(uuid) TO portal_app;
"""

POLICIES = "".join(
    f"CREATE POLICY portal_app_guest ON {table} FOR SELECT TO portal_app USING ({condition});"
    for table, condition in READS.items()
)
POLICIES_BACK = "".join(f"DROP POLICY portal_app_guest ON {table};" for table in READS)
BACKWARD = """
DROP FUNCTION sec.end_guest(uuid), sec.invite_guest(text, text, text, uuid, text[], timestamptz),
    sec.share_with_guest(uuid, uuid, text[], timestamptz), sec.guest_happened(public.incidents_guestgrant, text),
    sec.shared_kinds(public.incidents_guestgrant), sec.guest_incidents(text), sec.guest_of();
"""


class Migration(migrations.Migration):
    dependencies = [("incidents", "0011_guests")]
    operations = [
        migrations.RunSQL(ASKING + LETTING_IN, BACKWARD),
        migrations.RunSQL(POLICIES, POLICIES_BACK),
        protect(
            "incidents_guestgrant",
            Allow(
                APP,
                "select",
                f"organisation_id = {ME}"
                " OR person_id = (SELECT sec.who()) AND organisation_id = (SELECT sec.guest_of())",
            ),
        ),
    ]
