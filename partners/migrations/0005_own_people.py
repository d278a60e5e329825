"""An organisation's own people: who may be taken away, who signs in how, and the ways in for the worst day.

What no page may forget stands in triggers: the last administrator stays, nobody signs in as a service account, a
break-glass account has passkeys and nothing else. Who was let in by emergency enrolment was approved by two.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"

KEEPING = f"""
-- Rules for a person's row as pages write it; the owner who loads a file is not asked. Changes within an organisation
-- wait for each other, so that two administrators cannot take each other's role at once.
CREATE FUNCTION sec.person_kept() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    IF session_user <> 'portal_app' THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' AND (NEW.break_glass <> OLD.break_glass
                             OR (NEW.role = 'service_account') <> (OLD.role = 'service_account')) THEN
        RAISE EXCEPTION 'a break-glass account and a service account stay what they are' USING ERRCODE = '23514';
    END IF;
    PERFORM 1 FROM sec.org_state s WHERE s.org_id = NEW.organisation_id FOR NO KEY UPDATE;
    IF NEW.break_glass AND NEW.is_active AND 2 <= (SELECT count(*) FROM public.partners_person p
            WHERE p.organisation_id = NEW.organisation_id AND p.break_glass AND p.is_active AND p.id <> NEW.id) THEN
        RAISE EXCEPTION 'an organisation has two break-glass accounts at most' USING ERRCODE = '23514';
    END IF;
    IF TG_OP = 'UPDATE' AND sec.administers(OLD) AND NOT sec.administers(NEW) AND NOT EXISTS (
            SELECT 1 FROM public.partners_person p WHERE p.organisation_id = NEW.organisation_id AND p.id <> NEW.id
               AND sec.administers(p)) THEN
        RAISE EXCEPTION 'the last administrator stays: name another one first' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
-- An administrator who is there every day and for good.
CREATE FUNCTION sec.administers(p public.partners_person) RETURNS boolean LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS $$
    SELECT p.role = 'administrator' AND p.is_active AND NOT p.break_glass AND p.access_ends_at IS NULL
$$;
CREATE TRIGGER person_kept BEFORE INSERT OR UPDATE OF role, is_active, break_glass, access_ends_at ON partners_person
    FOR EACH ROW EXECUTE FUNCTION sec.person_kept();

-- Nobody signs in as a service account, whoever writes the row. A break-glass account has passkeys and nothing else: what
-- rides on a mailbox, a telephone or a provider fails on the very day that it is for.
CREATE FUNCTION sec.signs_in() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
DECLARE who record; BEGIN
    SELECT p.role, p.break_glass INTO who FROM public.partners_person p WHERE p.id = NEW.person_id;
    IF who.role = 'service_account' THEN
        RAISE EXCEPTION 'nobody signs in as a service account' USING ERRCODE = '23514';
    END IF;
    IF who.break_glass AND (TG_TABLE_NAME IN ('partners_credential', 'partners_federatedidentity', 'partners_recoverycode')
            OR TG_TABLE_NAME = 'partners_authenticator' AND to_jsonb(NEW) ->> 'kind' <> 'passkey'
            OR TG_TABLE_NAME = 'partners_signinlink' AND to_jsonb(NEW) ->> 'purpose' <> 'enrolment') THEN
        RAISE EXCEPTION 'a break-glass account has passkeys and nothing else' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION sec.key_kept() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    IF NEW.service_account_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM public.partners_person p
            WHERE p.id = NEW.service_account_id AND p.organisation_id = NEW.organisation_id
              AND p.role = 'service_account' AND p.is_active) THEN
        RAISE EXCEPTION 'a key is tied to a service account of its own organisation' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER key_kept BEFORE INSERT ON partners_apikey FOR EACH ROW EXECUTE FUNCTION sec.key_kept();
REVOKE ALL ON FUNCTION sec.person_kept(), sec.administers(public.partners_person), sec.signs_in(), sec.key_kept()
    FROM PUBLIC;
GRANT UPDATE (drill_until) ON partners_person TO portal_app;
"""
SIGNING_IN = ("authenticator", "credential", "signinlink", "personsession", "federatedidentity", "recoverycode")
TRIGGERS = "".join(
    f"CREATE TRIGGER signs_in BEFORE INSERT OR UPDATE OF person_id ON partners_{table}"
    " FOR EACH ROW EXECUTE FUNCTION sec.signs_in();"
    for table in SIGNING_IN
)

READING = f"""
-- How the people of one's own organisation get in: counts, no secret and no name of a device. When somebody was last here
-- is for administrators.
CREATE FUNCTION sec.ways_in() RETURNS TABLE (person_id uuid, passkeys bigint, passkeys_alone bigint, apps bigint,
    codes_left bigint, has_password boolean, federated boolean, sessions bigint, last_seen timestamptz)
LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT p.id, count(a.id) FILTER (WHERE a.kind = 'passkey'),
           count(a.id) FILTER (WHERE a.kind = 'passkey' AND a.rides_on_id IS NULL AND a.rides_on_words = ''),
           count(a.id) FILTER (WHERE a.kind = 'totp'),
           (SELECT count(*) FROM public.partners_recoverycode c WHERE c.person_id = p.id AND c.used_at IS NULL),
           EXISTS (SELECT 1 FROM public.partners_credential c WHERE c.person_id = p.id AND c.password NOT LIKE '!%'),
           EXISTS (SELECT 1 FROM public.partners_federatedidentity f WHERE f.person_id = p.id),
           CASE WHEN m.administers THEN (SELECT count(*) FROM public.partners_personsession s
                                          WHERE s.person_id = p.id AND s.ended_at IS NULL) END,
           CASE WHEN m.administers THEN (SELECT max(s.last_seen_at) FROM public.partners_personsession s
                                          WHERE s.person_id = p.id) END
      FROM (SELECT sec.me() AS me, sec.role() = 'administrator' AS administers) m
      JOIN public.partners_person p ON p.organisation_id = m.me
      LEFT JOIN public.partners_authenticator a ON a.person_id = p.id
     GROUP BY p.id, m.administers
$$;
REVOKE ALL ON FUNCTION sec.ways_in() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.ways_in() TO portal_app;
"""

BREAKING_GLASS = f"""
-- Who looks after an organisation: whoever provides most of its systems, or else the first in the agreed succession.
CREATE FUNCTION sec.liaison(org uuid) RETURNS uuid LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT coalesce(
        (SELECT s.provider_id FROM public.partners_participation a
           JOIN public.partners_sharedsystem s ON s.id = a.system_id AND s.provider_id <> org
           JOIN public.partners_organisation o ON o.id = s.provider_id AND o.status = 'current'
           JOIN sec.org_state t ON t.org_id = o.id AND t.isolated_at IS NULL
          WHERE a.organisation_id = org AND a.status = 'live'
          GROUP BY s.provider_id ORDER BY count(*) DESC, s.provider_id LIMIT 1),
        (SELECT o.id FROM public.partners_organisation o JOIN sec.org_state t ON t.org_id = o.id AND t.isolated_at IS NULL
          WHERE o.succession IS NOT NULL AND o.id <> org AND o.status = 'current' ORDER BY o.succession LIMIT 1))
$$;
-- The event of a use or a drill, for the organisation and its liaison. A drill dates the account.
CREATE FUNCTION sec.glass_broken(person uuid, drill boolean) RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    INSERT INTO public.ledger_event (id, kind, at, actor_organisation_id, actor_kind, actor_person_id,
                                     incident_reference, subject_id, audience, data)
    SELECT gen_random_uuid(), CASE WHEN drill THEN 'break_glass.drilled' ELSE 'break_glass.used' END, clock_timestamp(),
           o.id, 'person', p.id, '', p.id, array_remove(ARRAY[o.id, sec.liaison(o.id)], NULL),
           jsonb_build_object('organisation', o.slug)
      FROM public.partners_person p JOIN public.partners_organisation o ON o.id = p.organisation_id
     WHERE p.id = person AND p.break_glass;
    IF drill THEN
        UPDATE public.partners_person p SET drilled_at = clock_timestamp(), drill_until = NULL WHERE p.id = person;
    END IF;
END $$;
-- At the door: a session of a break-glass account begins. It is a drill when one was announced.
CREATE FUNCTION sec.break_glass_used(person uuid) RETURNS boolean LANGUAGE plpgsql {DEFINER} AS $$
DECLARE drill boolean; BEGIN
    SELECT coalesce(p.drill_until > clock_timestamp(), false) INTO drill
      FROM public.partners_person p WHERE p.id = person AND p.break_glass FOR NO KEY UPDATE;
    IF drill IS NULL THEN
        RAISE EXCEPTION 'not a break-glass account' USING ERRCODE = '22023';
    END IF;
    PERFORM sec.glass_broken(person, drill);
    RETURN drill;
END $$;
-- Inside: whoever is signed in with one says that it is a drill.
CREATE FUNCTION sec.break_glass_drilled() RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    IF sec.me() IS NULL OR NOT sec.fresh() OR NOT EXISTS (SELECT 1 FROM public.partners_person p
            WHERE p.id = sec.who() AND p.break_glass AND p.is_active) THEN
        RAISE EXCEPTION 'a drill is said with the break-glass account itself, its passkey used just now'
            USING ERRCODE = '42501';
    END IF;
    PERFORM sec.glass_broken(sec.who(), true);
END $$;
REVOKE ALL ON FUNCTION sec.liaison(uuid), sec.glass_broken(uuid, boolean), sec.break_glass_used(uuid),
    sec.break_glass_drilled() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.break_glass_used(uuid) TO portal_auth;
GRANT EXECUTE ON FUNCTION sec.break_glass_drilled() TO portal_app;
"""

EMERGENCY = f"""
-- Let somebody in whose every way in is lost: what two persons of two other organisations approved, after a call to the
-- registered number within the last hour. A call serves once. The new person reaches own tasks for eight hours.
CREATE FUNCTION sec.emergency_enrol(approval uuid) RETURNS uuid LANGUAGE plpgsql {DEFINER} AS $$
DECLARE a public.partners_approval; made uuid := gen_random_uuid(); place text; BEGIN
    a := sec.carry_out(approval, 'emergency_enrolment');
    SELECT o.slug INTO place FROM public.partners_organisation o WHERE o.id = a.about_id AND o.status = 'current';
    IF place IS NULL OR a.about_id::text IS DISTINCT FROM a.payload ->> 'organisation'
       OR btrim(coalesce(a.payload ->> 'name', '')) = ''
       OR NOT a.two_organisations OR a.requesting_organisation_id = a.deciding_organisation_id
       OR a.about_id IN (a.requesting_organisation_id, a.deciding_organisation_id) THEN
        RAISE EXCEPTION 'two persons of two other organisations let somebody in' USING ERRCODE = '42501';
    END IF;
    -- Of two approvals that rest on one call, carried out at once, the second waits here and then sees the first.
    PERFORM 1 FROM public.partners_callback c WHERE c.id::text = a.payload ->> 'call_back' FOR UPDATE;
    IF NOT EXISTS (SELECT 1 FROM public.partners_callback c
                    WHERE c.id::text = a.payload ->> 'call_back' AND c.about_id = a.about_id AND c.purpose = 'emergency'
                      AND c.outcome = 'reached' AND c.called_by IN (a.requested_by, a.decided_by)
                      AND c.called_at > clock_timestamp() - interval '1 hour')
       OR EXISTS (SELECT 1 FROM public.partners_approval x
                   WHERE x.kind = 'emergency_enrolment' AND x.state = 'carried_out' AND x.id <> a.id
                     AND x.payload ->> 'call_back' = a.payload ->> 'call_back') THEN
        RAISE EXCEPTION 'ring the registered number first: a call within the last hour, used for nobody else'
            USING ERRCODE = '42501';
    END IF;
    INSERT INTO public.partners_person (id, organisation_id, name, email, role, duty, is_active, break_glass, access_ends_at)
    VALUES (made, a.about_id, left(a.payload ->> 'name', 200),
            'emergency-' || left(replace(a.id::text, '-', ''), 12) || '@' || place || '.invalid', 'responder', '', true,
            false, clock_timestamp() + interval '8 hours');
    INSERT INTO public.ledger_event (id, kind, at, actor_organisation_id, actor_kind, actor_person_id,
                                     incident_reference, subject_id, audience, data)
    SELECT gen_random_uuid(), 'emergency_access.given', clock_timestamp(), t.org_id, 'person', t.person_id, '', made,
           ARRAY[a.about_id, a.requesting_organisation_id, a.deciding_organisation_id],
           jsonb_build_object('organisation', place, 'approval', a.id)
      FROM sec.ticket() t;
    RETURN made;
END $$;
REVOKE ALL ON FUNCTION sec.emergency_enrol(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.emergency_enrol(uuid) TO portal_app;
"""

BACKWARD = (
    "DROP FUNCTION sec.emergency_enrol(uuid), sec.break_glass_drilled(), sec.break_glass_used(uuid),"
    " sec.glass_broken(uuid, boolean), sec.liaison(uuid), sec.ways_in();"
    + "".join(f"DROP TRIGGER signs_in ON partners_{table};" for table in SIGNING_IN)
    + "DROP TRIGGER key_kept ON partners_apikey; DROP TRIGGER person_kept ON partners_person;"
    " DROP FUNCTION sec.key_kept(), sec.signs_in(), sec.person_kept(), sec.administers(public.partners_person);"
    " REVOKE UPDATE (drill_until) ON partners_person FROM portal_app;"
)


class Migration(migrations.Migration):
    dependencies = [("partners", "0004_sign_in_security")]
    operations = [
        migrations.AddField("person", "drill_until", models.DateTimeField(blank=True, null=True)),
        migrations.AddField(
            "apikey",
            "service_account",
            models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="api_keys",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            "person",
            models.CheckConstraint(
                condition=models.Q(break_glass=False) | models.Q(role="administrator"), name="break_glass_administers"
            ),
        ),
        migrations.RunSQL(KEEPING + TRIGGERS + READING + BREAKING_GLASS + EMERGENCY, BACKWARD),
    ]
