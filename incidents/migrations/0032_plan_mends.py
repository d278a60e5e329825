"""Mends of who decides which plan runs: what a kept version says of itself is what its document says, a name and an id are
the first keeper's, and a plan that runs another one within itself is held to that one's rule, too."""

from django.db import migrations, models

DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"

KEEPING = f"""
-- A version is kept once, as its document says, and at the database's own time: who was first decides whose versions count.
-- The lock is that of `incidents.playbooks`: nobody waits with an earlier time in an open transaction.
CREATE FUNCTION sec.playbook_kept() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
DECLARE
    said jsonb := NEW.document;
    steps jsonb := CASE WHEN jsonb_typeof(said -> 'workflow') = 'object' THEN said -> 'workflow' ELSE '{{}}' END;
    called jsonb := coalesce((SELECT jsonb_agg(DISTINCT s.value -> 'playbook_id') FROM jsonb_each(steps) s
                               WHERE jsonb_typeof(s.value) = 'object' AND s.value ? 'playbook_id'), '[]');
BEGIN
    -- A leap second is the next minute to PostgreSQL, and the last second of this one to Python.
    IF (NEW.cacao_id = said ->> 'id' AND NEW.version = said ->> 'modified' AND NEW.name = said ->> 'name'
        AND NEW.revoked = coalesce((said ->> 'revoked')::boolean, false)
        AND (NEW.valid_from IS NULL) = (said ->> 'valid_from' IS NULL)
        AND (NEW.valid_until IS NULL) = (said ->> 'valid_until' IS NULL)
        AND coalesce(abs(extract(epoch FROM NEW.valid_from - (said ->> 'valid_from')::timestamptz)) <= 1, true)
        AND coalesce(abs(extract(epoch FROM NEW.valid_until - (said ->> 'valid_until')::timestamptz)) <= 1, true)
        AND NEW.calls @> called AND NEW.calls <@ called) IS NOT TRUE THEN
        RAISE EXCEPTION 'a version is kept as its document says' USING ERRCODE = '23514';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('playbook ' || NEW.cacao_id, 0));
    NEW.imported_at := clock_timestamp();
    NEW.kept_in := pg_current_xact_id()::text::bigint;
    RETURN NEW;
END $$;
CREATE TRIGGER playbook_kept BEFORE INSERT ON incidents_playbook FOR EACH ROW EXECUTE FUNCTION sec.playbook_kept();
-- Asked after row security, which says first whose playbook it is. The number of a transaction may come again in a database
-- that was restored elsewhere; its time does not.
CREATE FUNCTION sec.steps_kept() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM added a JOIN public.incidents_playbook p ON p.id = a.playbook_id
                WHERE (p.kept_in = pg_current_xact_id()::text::bigint AND p.imported_at >= transaction_timestamp()) IS NOT TRUE)
    THEN
        RAISE EXCEPTION 'the steps of a version come with it' USING ERRCODE = '23514';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER steps_kept AFTER INSERT ON incidents_step
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION sec.steps_kept();
REVOKE ALL ON FUNCTION sec.playbook_kept(), sec.steps_kept() FROM PUBLIC;
"""
NO_KEEPING = """
DROP TRIGGER steps_kept ON incidents_step;
DROP TRIGGER playbook_kept ON incidents_playbook;
DROP FUNCTION sec.steps_kept(), sec.playbook_kept();
"""

CALLING = f"""
-- Why a version by itself is neither signed nor run now, without what it runs within itself.
CREATE FUNCTION sec.own_trouble(which uuid) RETURNS text LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT CASE WHEN EXISTS (SELECT 1 FROM public.incidents_playbook r
                     WHERE r.cacao_id = p.cacao_id AND r.revoked AND r.version >= p.version
                       AND r.created_by_organisation_id IN (p.created_by_organisation_id, k.keeper))
                THEN 'revoked'
                WHEN p.created_by_organisation_id <> k.keeper THEN 'other'
                WHEN p.valid_from > clock_timestamp() THEN 'early'
                WHEN p.valid_until <= clock_timestamp() THEN 'late'
                ELSE '' END
      FROM public.incidents_playbook p, LATERAL (SELECT sec.plan_keeper(p.cacao_id) AS keeper) k WHERE p.id = which
$$;
-- The version that is run where a plan names another playbook, or one version of it; NULL when there is none.
CREATE FUNCTION sec.version_to_call(plan text, pinned text) RETURNS uuid LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT p.id FROM public.incidents_playbook p
     WHERE p.cacao_id = plan AND (coalesce(pinned, '') = '' OR p.version = pinned) AND sec.own_trouble(p.id) = ''
     ORDER BY p.version DESC, p.id DESC LIMIT 1
$$;
-- Each step that runs another playbook: of twice the same one, both.
CREATE FUNCTION sec.calls_of(which uuid) RETURNS TABLE (plan text, pinned text) LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT s.value ->> 'playbook_id', coalesce(s.value ->> 'playbook_version', '')
      FROM public.incidents_playbook p,
           jsonb_each(CASE WHEN p.calls <> '[]' AND jsonb_typeof(p.document -> 'workflow') = 'object'
                           THEN p.document -> 'workflow' ELSE '{{}}' END) s
     WHERE p.id = which AND jsonb_typeof(s.value) = 'object' AND s.value ? 'playbook_id'
$$;
-- Whether something that a version runs within itself, at any depth, may not be run, or is part of itself; or is more than
-- fifty playbooks, as `incidents.running.graph` counts them. No more rows are walked than are asked for.
CREATE FUNCTION sec.calls_trouble(which uuid) RETURNS boolean LANGUAGE sql STABLE {DEFINER} AS $$
    WITH RECURSIVE run(plan, chain, found) AS (
        SELECT p.cacao_id, ARRAY[]::text[], p.id FROM public.incidents_playbook p WHERE p.id = which
        UNION ALL
        SELECT c.plan, r.chain || r.plan, sec.version_to_call(c.plan, c.pinned)
          FROM run r, LATERAL sec.calls_of(r.found) c WHERE r.found IS NOT NULL AND r.plan <> ALL (r.chain)
    )
    SELECT count(*) > 51 OR coalesce(bool_or(r.found IS NULL OR r.plan = ANY (r.chain)), false)
      FROM (SELECT * FROM run LIMIT 52) r
$$;
CREATE OR REPLACE FUNCTION sec.plan_trouble(which uuid) RETURNS text LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT CASE WHEN o.own <> '' THEN o.own
                WHEN p.calls <> '[]' AND sec.calls_trouble(p.id) THEN 'called'
                ELSE '' END
      FROM public.incidents_playbook p, LATERAL (SELECT sec.own_trouble(p.id) AS own) o WHERE p.id = which
$$;
REVOKE ALL ON FUNCTION sec.own_trouble(uuid), sec.version_to_call(text, text), sec.calls_of(uuid), sec.calls_trouble(uuid)
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.version_to_call(text, text) TO portal_app;
GRANT EXECUTE ON FUNCTION sec.calls_trouble(uuid) TO portal_app, portal_worker;
"""
NO_CALLING = f"""
CREATE OR REPLACE FUNCTION sec.plan_trouble(which uuid) RETURNS text LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT CASE WHEN EXISTS (SELECT 1 FROM public.incidents_playbook r
                     WHERE r.cacao_id = p.cacao_id AND r.revoked AND r.version >= p.version
                       AND r.created_by_organisation_id IN (p.created_by_organisation_id, sec.plan_keeper(p.cacao_id)))
                THEN 'revoked'
                WHEN p.valid_from > clock_timestamp() THEN 'early'
                WHEN p.valid_until <= clock_timestamp() THEN 'late'
                ELSE '' END
      FROM public.incidents_playbook p WHERE p.id = which
$$;
DROP FUNCTION sec.calls_trouble(uuid), sec.calls_of(uuid), sec.version_to_call(text, text), sec.own_trouble(uuid);
"""

CHOOSING = f"""
-- What incidents run, for each name or for one: a name means the plan that was first kept
-- under it, by whoever keeps that plan; of its versions the newest that may be run, one that was signed before one that was
-- not. The signature of its keeper counts for that, and of whoever is on a system that it is for: no stranger decides.
CREATE FUNCTION sec.playbooks_to_run(asked text) RETURNS TABLE (id uuid, slug text, named_at timestamptz)
LANGUAGE sql STABLE {DEFINER} AS $$
    WITH kept AS MATERIALIZED (
        SELECT p.id, p.slug, p.cacao_id, p.version, p.imported_at, p.created_by_organisation_id AS keeper
          FROM public.incidents_playbook p
         WHERE sec.me() IS NOT NULL AND (asked = '' OR p.slug = asked)
           AND p.created_by_organisation_id = sec.plan_keeper(p.cacao_id)
    )
    SELECT DISTINCT ON (k.slug) k.id, k.slug, first.imported_at FROM kept k
      JOIN (SELECT DISTINCT ON (f.slug) f.slug, f.cacao_id, f.imported_at FROM kept f
             ORDER BY f.slug, f.imported_at, f.id) first ON first.slug = k.slug AND first.cacao_id = k.cacao_id
     WHERE sec.plan_trouble(k.id) = ''
     ORDER BY k.slug,
              EXISTS (SELECT 1 FROM public.incidents_signoff s
                       WHERE s.playbook_id = k.id AND s.ended_at IS NULL
                         AND s.valid_until >= (clock_timestamp() AT TIME ZONE 'UTC')::date
                         AND (s.organisation_id = k.keeper OR EXISTS (
                             SELECT 1 FROM public.incidents_playbooksystem c
                               JOIN public.partners_sharedsystem y ON y.id = c.system_id AND y.status <> 'retired'
                              WHERE c.cacao_id = k.cacao_id
                                AND (s.organisation_id IN (y.owner_id, y.provider_id) OR EXISTS (
                                    SELECT 1 FROM public.partners_participation t WHERE t.system_id = y.id
                                       AND t.organisation_id = s.organisation_id AND t.denied_at IS NULL))))) DESC,
              k.version DESC, k.id
$$;
-- Of the plan asked for, or of the usual one, or of any.
CREATE OR REPLACE FUNCTION sec.playbook_to_run(asked text, usual text) RETURNS uuid LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT k.id FROM sec.playbooks_to_run(asked) k ORDER BY k.slug = usual DESC, k.named_at, k.slug LIMIT 1
$$;
REVOKE ALL ON FUNCTION sec.playbooks_to_run(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.playbooks_to_run(text) TO portal_app;
"""
NO_CHOOSING = f"""
CREATE OR REPLACE FUNCTION sec.playbook_to_run(asked text, usual text) RETURNS uuid LANGUAGE sql STABLE {DEFINER} AS $$
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
DROP FUNCTION sec.playbooks_to_run(text);
"""


def sign_off(called: str, most: str, parts: str) -> str:
    return f"""
CREATE OR REPLACE FUNCTION sec.sign_off(which uuid, until date, words text, parts jsonb) RETURNS uuid LANGUAGE plpgsql {DEFINER} AS $$
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
{called}        ELSE NULL;
    END CASE;
    IF (until > today AND until <= today + interval '24 months') IS NOT TRUE THEN
        RAISE EXCEPTION 'a signature ends after today and within 24 months' USING ERRCODE = '23514';
    END IF;
{most}    IF (length(words) <= 2000 AND jsonb_typeof(parts) = 'array'{parts}) IS NOT TRUE
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
"""


CALLED = """\
        WHEN 'called' THEN RAISE EXCEPTION 'a playbook that this version runs within itself may not be run: it cannot be signed'
            USING ERRCODE = '23514';
"""
MOST = """\
    IF jsonb_typeof(parts) = 'array' AND jsonb_array_length(parts) > 200 THEN
        RAISE EXCEPTION 'a signature says something of at most 200 steps: put the rest into the reservation to the whole'
            USING ERRCODE = '23514';
    END IF;
"""
SIGNING = sign_off(CALLED, MOST, "")
NO_SIGNING = sign_off("", "", " AND jsonb_array_length(parts) <= 200")

FREEZING = f"""
-- What everybody who joins had signed by then, in one statement. What was agreed for a step counts for the version that is
-- run alone: another version's step may be another act. A signature to a version that may not be run by then is void.
CREATE OR REPLACE FUNCTION sec.signatures_frozen() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
DECLARE today date := (clock_timestamp() AT TIME ZONE 'UTC')::date; BEGIN
    INSERT INTO public.incidents_signedatopening (id, incident_id, organisation_id, word, version, signed_at, valid_until,
        reservation, steps, frozen_at)
    WITH kept AS MATERIALIZED (
        SELECT b.id, b.version, sec.plan_trouble(b.id) <> '' AS void FROM public.incidents_playbook b
         WHERE b.cacao_id IN (SELECT r.cacao_id FROM joined j JOIN public.incidents_incident i ON i.id = j.incident_id
                                JOIN public.incidents_playbook r ON r.id = i.playbook_id)
    )
    SELECT gen_random_uuid(), j.incident_id, j.organisation_id,
           CASE WHEN s.id IS NULL THEN 'none' WHEN s.void THEN 'void' WHEN s.valid_until < today THEN 'lapsed'
                WHEN s.playbook_id = i.playbook_id THEN 'signed' ELSE 'other' END,
           coalesce(s.version, ''), s.signed_at, s.valid_until, coalesce(s.reservation, ''),
           coalesce((SELECT jsonb_agg(jsonb_build_object('step', t.id, 'position', t.position, 'title', t.title,
                         'reservation', x.reservation, 'agreed_on', (s.signed_at AT TIME ZONE 'UTC')::date,
                         'agreed_until', CASE WHEN s.playbook_id = i.playbook_id AND NOT s.void AND s.valid_until >= today
                                               AND x.agreed_until >= today THEN x.agreed_until END) ORDER BY t.position)
                       FROM public.incidents_signoffstep x JOIN public.incidents_step t ON t.id = x.step_id
                      WHERE x.sign_off_id = s.id), '[]'),
           clock_timestamp()
      FROM joined j
      JOIN public.incidents_incident i ON i.id = j.incident_id
      JOIN public.incidents_playbook r ON r.id = i.playbook_id
      LEFT JOIN LATERAL (SELECT g.id, g.playbook_id, g.signed_at, g.valid_until, g.reservation, k.version, k.void
                           FROM public.incidents_signoff g JOIN kept k ON k.id = g.playbook_id
                          WHERE g.organisation_id = j.organisation_id AND g.cacao_id = r.cacao_id AND g.ended_at IS NULL
                          ORDER BY NOT k.void DESC, g.valid_until >= today DESC, g.playbook_id = i.playbook_id DESC,
                                   g.signed_at DESC
                          LIMIT 1) s ON true
    ON CONFLICT (incident_id, organisation_id) DO NOTHING;
    RETURN NULL;
END $$;
"""
NO_FREEZING = f"""
CREATE OR REPLACE FUNCTION sec.signatures_frozen() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
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
"""


class Migration(migrations.Migration):
    dependencies = [("incidents", "0031_exercise_mends")]
    operations = [
        migrations.AddField("playbook", "kept_in", models.BigIntegerField(null=True, editable=False)),
        migrations.AlterField(
            "signedatopening",
            "word",
            models.TextField(
                choices=[
                    ("signed", "Signed this version"),
                    ("other", "Signed another version"),
                    ("lapsed", "Its signature had expired"),
                    ("void", "Its version was not to be run any more"),
                    ("none", "Had not signed"),
                ]
            ),
        ),
        migrations.RunSQL(KEEPING, NO_KEEPING),
        migrations.RunSQL(CALLING + CHOOSING + SIGNING + FREEZING, NO_FREEZING + NO_SIGNING + NO_CHOOSING + NO_CALLING),
    ]
