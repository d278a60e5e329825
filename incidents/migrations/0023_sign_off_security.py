"""Who may read and write what of an agreement to a playbook.

An organisation signs for itself, by a person who may speak for it and has just used a passkey; no key ever does. A
sign-off is read by those who run the playbook together: whoever signed it, stands on, owns or provides a system that it
is for, or keeps it. What was signed when an incident opened is read by the organisation itself and by the overseers.
"""

from django.db import migrations

from portal.tenancy.policies import ME, MINE, Allow, protect

APP, WORKER = "portal_app", "portal_worker"
DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
WITH_US = f"organisation_id = {ME} OR cacao_id = ANY ((SELECT sec.my_plans())::text[])"
OF_SIGN_OFF = (
    f"EXISTS (SELECT 1 FROM incidents_signoff s WHERE s.id = incidents_signoffstep.sign_off_id AND {ME} IS NOT NULL)"
)
ON_MY_SYSTEMS = "system_id = ANY ((SELECT sec.my_systems())::uuid[])"
OWN_OR_OVERSEEN = (
    f"organisation_id = {MINE} OR EXISTS (SELECT 1 FROM incidents_incident i"
    f" WHERE i.id = incidents_signedatopening.incident_id AND {ME} = ANY (i.overseers))"
)

PLANS = f"""
-- Whose versions count: whoever kept the first one. A version that others kept under the same id takes nothing over.
CREATE FUNCTION sec.plan_keeper(plan text) RETURNS uuid LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT p.created_by_organisation_id FROM public.incidents_playbook p WHERE p.cacao_id = plan
     ORDER BY p.imported_at, p.id LIMIT 1
$$;
-- Why a version is neither signed nor run now: '' when it is. A revoked one ends those before it, too.
CREATE FUNCTION sec.plan_trouble(which uuid) RETURNS text LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT CASE WHEN EXISTS (SELECT 1 FROM public.incidents_playbook r
                     WHERE r.cacao_id = p.cacao_id AND r.revoked AND r.version >= p.version
                       AND r.created_by_organisation_id IN (p.created_by_organisation_id, sec.plan_keeper(p.cacao_id)))
                THEN 'revoked'
                WHEN p.valid_from > clock_timestamp() THEN 'early'
                WHEN p.valid_until <= clock_timestamp() THEN 'late'
                ELSE '' END
      FROM public.incidents_playbook p WHERE p.id = which
$$;
-- The playbooks that the caller runs together with others, by the id that all their versions have.
CREATE FUNCTION sec.my_plans() RETURNS text[] LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT coalesce(array_agg(DISTINCT x.cacao_id), '{{}}') FROM (
        SELECT s.cacao_id FROM public.incidents_signoff s WHERE s.organisation_id = sec.me() AND s.ended_at IS NULL
        UNION ALL
        SELECT c.cacao_id FROM public.incidents_playbooksystem c WHERE c.system_id = ANY (sec.my_systems())
        UNION ALL
        SELECT p.cacao_id FROM public.incidents_playbook p
         WHERE p.created_by_organisation_id = sec.me() AND sec.plan_keeper(p.cacao_id) = sec.me()) x
$$;
-- What an incident runs: of the plan asked for, or of the usual one, or of any, by whoever first kept that name; the newest
-- version that may be run, and one that somebody signed before one that nobody did.
CREATE FUNCTION sec.playbook_to_run(asked text, usual text) RETURNS uuid LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT p.id FROM public.incidents_playbook p
      JOIN (SELECT DISTINCT ON (f.slug) f.slug, f.created_by_organisation_id AS keeper, f.imported_at
              FROM public.incidents_playbook f ORDER BY f.slug, f.imported_at, f.id) first
        ON first.slug = p.slug AND first.keeper = p.created_by_organisation_id
     WHERE sec.me() IS NOT NULL AND (asked = '' OR p.slug = asked) AND sec.plan_trouble(p.id) = ''
     ORDER BY p.slug = usual DESC, first.imported_at, p.slug,
              EXISTS (SELECT 1 FROM public.incidents_signoff s WHERE s.playbook_id = p.id AND s.ended_at IS NULL
                         AND s.valid_until >= (clock_timestamp() AT TIME ZONE 'UTC')::date) DESC,
              p.version DESC, p.id
     LIMIT 1
$$;
"""

SIGNING = f"""
CREATE FUNCTION sec.speaks_for_us() RETURNS void LANGUAGE plpgsql STABLE {DEFINER} AS $$
DECLARE t record; BEGIN
    SELECT * INTO t FROM sec.ticket();
    IF sec.me() IS NULL OR t.person_id IS NULL OR sec.role() NOT IN ('administrator', 'incident_manager', 'approver')
       OR NOT sec.fresh() THEN
        RAISE EXCEPTION 'somebody who may speak for the organisation does this, with a passkey used just now'
            USING ERRCODE = '42501';
    END IF;
END $$;
CREATE FUNCTION sec.signed_off(s public.incidents_signoff, what text, more jsonb) RETURNS void LANGUAGE sql {DEFINER} AS $$
    INSERT INTO public.ledger_event (id, kind, at, actor_organisation_id, actor_kind, actor_person_id, incident_reference,
                                     subject_id, audience, data)
    SELECT gen_random_uuid(), 'signoff.' || what, clock_timestamp(), sec.me(), 'person', sec.who(), '', s.playbook_id,
           ARRAY(SELECT DISTINCT x FROM unnest(ARRAY[s.organisation_id, sec.plan_keeper(s.cacao_id)]) x),
           jsonb_build_object('playbook', p.slug, 'version', p.version, 'organisation', o.slug) || more
      FROM public.incidents_playbook p, public.partners_organisation o
     WHERE p.id = s.playbook_id AND o.id = s.organisation_id
$$;
-- `parts`: [{{"step": id, "words": a reservation or '', "agreed_until": day or null}}], of steps of this version.
CREATE FUNCTION sec.sign_off(which uuid, until date, words text, parts jsonb) RETURNS uuid LANGUAGE plpgsql {DEFINER} AS $$
DECLARE p record; s public.incidents_signoff; today date := (clock_timestamp() AT TIME ZONE 'UTC')::date; BEGIN
    PERFORM sec.speaks_for_us();
    SELECT b.id, b.cacao_id, b.created_by_organisation_id AS keeper INTO p FROM public.incidents_playbook b WHERE b.id = which;
    IF p.id IS NULL THEN
        RAISE EXCEPTION 'no such version' USING ERRCODE = '42501';
    END IF;
    IF p.keeper <> sec.plan_keeper(p.cacao_id) THEN
        RAISE EXCEPTION 'another organisation keeps this playbook: its versions are the ones to sign' USING ERRCODE = '23514';
    END IF;
    CASE sec.plan_trouble(p.id)
        WHEN 'revoked' THEN RAISE EXCEPTION 'this version is revoked: it cannot be signed' USING ERRCODE = '23514';
        WHEN 'early' THEN RAISE EXCEPTION 'this version is not valid yet: it cannot be signed' USING ERRCODE = '23514';
        WHEN 'late' THEN RAISE EXCEPTION 'this version is not valid any more: it cannot be signed' USING ERRCODE = '23514';
        ELSE NULL;
    END CASE;
    IF (until > today AND until <= today + interval '24 months') IS NOT TRUE THEN
        RAISE EXCEPTION 'a signature ends after today and within 24 months' USING ERRCODE = '23514';
    END IF;
    IF (length(words) <= 2000 AND jsonb_typeof(parts) = 'array' AND jsonb_array_length(parts) <= 200) IS NOT TRUE
       OR EXISTS (SELECT 1 FROM jsonb_to_recordset(parts) x(step uuid, words text, agreed_until date)
                   WHERE length(x.words) > 2000 OR x.agreed_until <= today OR x.agreed_until > until
                      OR btrim(coalesce(x.words, '')) = '' AND x.agreed_until IS NULL
                      OR NOT EXISTS (SELECT 1 FROM public.incidents_step t WHERE t.id = x.step AND t.playbook_id = p.id)) THEN
        RAISE EXCEPTION 'what is said of a step is a reservation, or a day after today and not after the signature ends'
            USING ERRCODE = '23514';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('sign-off ' || sec.me() || p.id, 0));
    UPDATE public.incidents_signoff x
       SET ended_at = clock_timestamp(), ended_by = sec.who(), ended_how = 'replaced'
     WHERE x.organisation_id = sec.me() AND x.playbook_id = p.id AND x.ended_at IS NULL;
    INSERT INTO public.incidents_signoff (id, organisation_id, playbook_id, cacao_id, signed_at, signed_by, valid_until,
        reservation, ended_how, ended_reason)
    VALUES (gen_random_uuid(), sec.me(), p.id, p.cacao_id, clock_timestamp(), sec.who(), until, btrim(words), '', '')
    RETURNING * INTO s;
    INSERT INTO public.incidents_signoffstep (id, sign_off_id, step_id, reservation, agreed_until)
    SELECT gen_random_uuid(), s.id, x.step, btrim(coalesce(x.words, '')), x.agreed_until
      FROM jsonb_to_recordset(parts) x(step uuid, words text, agreed_until date);
    PERFORM sec.signed_off(s, 'given', jsonb_build_object('valid_until', until,
        'reservation', s.reservation <> '' OR EXISTS (SELECT 1 FROM public.incidents_signoffstep x
                                                       WHERE x.sign_off_id = s.id AND x.reservation <> ''),
        'agreed', (SELECT count(*) FROM public.incidents_signoffstep x
                    WHERE x.sign_off_id = s.id AND x.agreed_until IS NOT NULL)));
    RETURN s.id;
END $$;
CREATE FUNCTION sec.withdraw_sign_off(which uuid, words text) RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
DECLARE s public.incidents_signoff; BEGIN
    PERFORM sec.speaks_for_us();
    IF btrim(coalesce(words, '')) = '' OR length(words) > 2000 THEN
        RAISE EXCEPTION 'say why, for everybody who runs this playbook with you' USING ERRCODE = '23514';
    END IF;
    UPDATE public.incidents_signoff x
       SET ended_at = clock_timestamp(), ended_by = sec.who(), ended_how = 'withdrawn', ended_reason = btrim(words)
     WHERE x.id = which AND x.organisation_id = sec.me() AND x.ended_at IS NULL RETURNING * INTO s;
    IF s.id IS NULL THEN
        RAISE EXCEPTION 'no signature of yours that is in force' USING ERRCODE = '42501';
    END IF;
    PERFORM sec.signed_off(s, 'withdrawn', '{{}}');
END $$;
-- Whoever runs a system says which playbook is for it; for one that nobody runs, whoever stands on it. Everybody on it reads
-- then who has signed.
CREATE FUNCTION sec.cover_system(plan text, which uuid, covered boolean) RETURNS boolean LANGUAGE plpgsql {DEFINER} AS $$
DECLARE me uuid := sec.me(); done uuid; BEGIN
    PERFORM sec.speaks_for_us();
    IF NOT sec.may_keep() OR NOT EXISTS (SELECT 1 FROM public.partners_sharedsystem s WHERE s.id = which
           AND (me IN (s.owner_id, s.provider_id) OR s.owner_id IS NULL AND s.provider_id IS NULL AND EXISTS (
               SELECT 1 FROM public.partners_participation p
                WHERE p.system_id = s.id AND p.organisation_id = me AND p.denied_at IS NULL))) THEN
        RAISE EXCEPTION 'whoever owns or provides a system says which playbook is for it' USING ERRCODE = '42501';
    END IF;
    IF NOT EXISTS (SELECT 1 FROM public.incidents_playbook p WHERE p.cacao_id = plan) THEN
        RAISE EXCEPTION 'no such playbook' USING ERRCODE = '23514';
    END IF;
    IF covered THEN
        INSERT INTO public.incidents_playbooksystem AS c (id, cacao_id, system_id, set_by_id, set_at)
        VALUES (gen_random_uuid(), plan, which, me, clock_timestamp())
        ON CONFLICT (cacao_id, system_id) DO NOTHING RETURNING c.id INTO done;
    ELSE
        DELETE FROM public.incidents_playbooksystem c WHERE c.cacao_id = plan AND c.system_id = which RETURNING c.id INTO done;
    END IF;
    IF done IS NULL THEN
        RETURN false;
    END IF;
    INSERT INTO public.ledger_event (id, kind, at, actor_organisation_id, actor_kind, actor_person_id, incident_reference,
                                     subject_id, audience, data)
    SELECT gen_random_uuid(), 'signoff.covers', clock_timestamp(), me, 'person', sec.who(), '', which,
           ARRAY(SELECT DISTINCT x FROM unnest(me || sec.runners(which)) x),
           jsonb_build_object('system', s.slug, 'covered', covered, 'playbook', (SELECT p.slug FROM public.incidents_playbook p
               WHERE p.cacao_id = plan AND p.created_by_organisation_id = sec.plan_keeper(plan)
               ORDER BY p.version DESC LIMIT 1))
      FROM public.partners_sharedsystem s WHERE s.id = which;
    RETURN true;
END $$;
-- These kinds are said by the functions above alone.
CREATE POLICY signed_off_said ON public.ledger_event AS RESTRICTIVE FOR INSERT TO portal_app, portal_worker
    WITH CHECK (kind NOT LIKE 'signoff.%');
"""

FREEZING = f"""
-- What everybody who joins had signed by then, in one statement. What was agreed for a step counts for the version that is
-- run alone: another version's step may be another act.
CREATE FUNCTION sec.signatures_frozen() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
DECLARE today date := (clock_timestamp() AT TIME ZONE 'UTC')::date; BEGIN
    INSERT INTO public.incidents_signedatopening (id, incident_id, organisation_id, word, version, signed_at, valid_until,
        reservation, steps, frozen_at)
    SELECT gen_random_uuid(), j.incident_id, j.organisation_id,
           CASE WHEN s.id IS NULL THEN 'none' WHEN s.valid_until < today THEN 'lapsed'
                WHEN s.playbook_id = i.playbook_id THEN 'signed' ELSE 'other' END,
           coalesce(b.version, ''), s.signed_at, s.valid_until, coalesce(s.reservation, ''),
           coalesce((SELECT jsonb_agg(jsonb_build_object('step', t.id, 'position', t.position, 'title', t.title,
                         'reservation', x.reservation, 'agreed_on', (s.signed_at AT TIME ZONE 'UTC')::date,
                         'agreed_until', CASE WHEN s.playbook_id = i.playbook_id AND s.valid_until >= today
                                               AND x.agreed_until >= today THEN x.agreed_until END) ORDER BY t.position)
                       FROM public.incidents_signoffstep x JOIN public.incidents_step t ON t.id = x.step_id
                      WHERE x.sign_off_id = s.id), '[]'),
           clock_timestamp()
      FROM joined j
      JOIN public.incidents_incident i ON i.id = j.incident_id
      JOIN public.incidents_playbook r ON r.id = i.playbook_id
      LEFT JOIN LATERAL (SELECT g.* FROM public.incidents_signoff g
                          WHERE g.organisation_id = j.organisation_id AND g.cacao_id = r.cacao_id AND g.ended_at IS NULL
                          ORDER BY g.valid_until >= today DESC, g.playbook_id = i.playbook_id DESC, g.signed_at DESC
                          LIMIT 1) s ON true
      LEFT JOIN public.incidents_playbook b ON b.id = s.playbook_id
    ON CONFLICT (incident_id, organisation_id) DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER signatures_frozen AFTER INSERT ON incidents_participant
    REFERENCING NEW TABLE AS joined FOR EACH STATEMENT EXECUTE FUNCTION sec.signatures_frozen();
"""

GRANTS = """
REVOKE ALL ON FUNCTION sec.plan_keeper(text), sec.plan_trouble(uuid), sec.my_plans(), sec.playbook_to_run(text, text),
    sec.speaks_for_us(), sec.signed_off(public.incidents_signoff, text, jsonb), sec.sign_off(uuid, date, text, jsonb),
    sec.withdraw_sign_off(uuid, text), sec.cover_system(text, uuid, boolean), sec.signatures_frozen() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.my_plans() TO portal_app, portal_worker;
GRANT EXECUTE ON FUNCTION sec.playbook_to_run(text, text), sec.sign_off(uuid, date, text, jsonb),
    sec.withdraw_sign_off(uuid, text), sec.cover_system(text, uuid, boolean) TO portal_app;
"""
BACKWARD = """
DROP TRIGGER signatures_frozen ON incidents_participant;
DROP POLICY signed_off_said ON public.ledger_event;
DROP FUNCTION sec.signatures_frozen(), sec.cover_system(text, uuid, boolean), sec.withdraw_sign_off(uuid, text),
    sec.sign_off(uuid, date, text, jsonb), sec.signed_off(public.incidents_signoff, text, jsonb), sec.speaks_for_us(),
    sec.playbook_to_run(text, text), sec.my_plans(), sec.plan_trouble(uuid), sec.plan_keeper(text);
"""


class Migration(migrations.Migration):
    dependencies = [("incidents", "0022_sign_off")]
    operations = [
        migrations.RunSQL(PLANS + SIGNING + FREEZING + GRANTS, BACKWARD),
        protect("incidents_signoff", Allow(APP, "select", WITH_US), Allow(WORKER, "select", WITH_US)),
        protect("incidents_signoffstep", Allow(APP, "select", OF_SIGN_OFF)),
        protect(
            "incidents_playbooksystem", Allow(APP, "select", ON_MY_SYSTEMS), Allow(WORKER, "select", ON_MY_SYSTEMS)
        ),
        protect("incidents_signedatopening", Allow(APP, "select", OWN_OR_OVERSEEN)),
    ]
