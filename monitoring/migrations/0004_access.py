"""What access events are attributed by, which of them crossed a boundary first, and what of a source was taken.

Functions alone write these tables: a record is taken from its own organisation's sources, and a sight is written only
by whoever the account or the place belongs to, or runs the system.
"""

import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

from portal.tenancy.policies import ME, Allow, protect

DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
APP = "portal_app"

NAMES = f"""
-- Whose each name is; what the register of organisations says comes before what somebody claimed. A machine's or an
-- application's owner is told to whoever is it, or has to do with its system.
CREATE FUNCTION sec.whose(kinds text[], names text[]) RETURNS TABLE (nth integer, organisation_id uuid, system_id uuid)
LANGUAGE sql STABLE {DEFINER} AS $$
    WITH mine AS MATERIALIZED (SELECT sec.me() AS me, sec.my_systems() AS systems),
    asked AS MATERIALIZED (SELECT a.nth::integer AS nth, a.kind, a.name
                             FROM mine, unnest(kinds, names) WITH ORDINALITY AS a (kind, name, nth)
                            WHERE mine.me IS NOT NULL)
    SELECT x.nth, x.org, x.system FROM (
        SELECT a.nth, o.id AS org, NULL::uuid AS system, 1 AS rank
          FROM asked a JOIN public.partners_organisation o ON o.slug = a.name
         WHERE a.kind IN ('organisation', 'domain', 'realm', 'netbios')
        UNION ALL
        SELECT a.nth, o.id, NULL, 1 FROM asked a JOIN public.partners_organisation o ON a.name = ANY (o.mail_domains)
         WHERE a.kind IN ('domain', 'realm', 'host')
        UNION ALL
        SELECT a.nth, i.organisation_id, CASE WHEN i.system_id = ANY (m.systems) THEN i.system_id END, 2
          FROM mine m, asked a JOIN public.monitoring_identifier i ON i.kind = a.kind AND i.value = a.name
         WHERE i.kind NOT IN ('host', 'app') OR i.organisation_id = m.me OR i.system_id = ANY (m.systems)
        UNION ALL
        SELECT a.nth, NULL, s.id, 1 FROM mine m, asked a JOIN public.partners_sharedsystem s ON s.slug = a.name
         WHERE a.kind = 'system' AND s.id = ANY (m.systems)) x
     ORDER BY x.nth, x.rank
$$;
-- Whether a name is another organisation's already, or stands below one that is: no claim takes it away.
CREATE FUNCTION sec.name_of_another(name_kind text, name text, whose uuid) RETURNS boolean LANGUAGE sql STABLE {DEFINER} AS $$
    WITH RECURSIVE up (part) AS (
        SELECT name
        UNION ALL
        SELECT substr(u.part, strpos(u.part, '.') + 1) FROM up u WHERE strpos(u.part, '.') > 0
    )
    SELECT EXISTS (SELECT 1 FROM up u JOIN public.partners_organisation o ON u.part = ANY (o.mail_domains) OR u.part = o.slug
                    WHERE o.id <> whose AND name_kind IN ('domain', 'realm', 'netbios', 'host'))
        OR EXISTS (SELECT 1 FROM up u JOIN public.monitoring_identifier i ON i.value = u.part
                    WHERE i.organisation_id <> whose AND i.kind IN ('domain', 'realm', 'netbios')
                      AND name_kind IN ('domain', 'realm', 'netbios', 'host') AND u.part <> name)
$$;
-- Organisations, and the systems that one has to do with: what a taker of records knows of both.
CREATE FUNCTION sec.access_register() RETURNS TABLE (is_system boolean, id uuid, slug text, owner_id uuid)
LANGUAGE sql STABLE {DEFINER} AS $$
    WITH mine AS MATERIALIZED (SELECT sec.me() AS me, sec.my_systems() AS systems)
    SELECT false, o.id, o.slug, NULL::uuid FROM mine m, public.partners_organisation o WHERE m.me IS NOT NULL
    UNION ALL
    SELECT true, s.id, s.slug, s.owner_id FROM mine m, public.partners_sharedsystem s WHERE s.id = ANY (m.systems)
$$;
-- Permissions that both sides approved, of which one is a side or whose systems one runs.
CREATE FUNCTION sec.access_permissions() RETURNS TABLE (id uuid, grantor_id uuid, grantee_id uuid, accounts text[],
    systems uuid[], starts_on date, expires_on date, ended_at timestamptz) LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT i.id, i.grantor_id, i.grantee_id, v.accounts, v.system_ids, v.starts_on, v.expires_on,
           i.ended_at
      FROM public.partners_integration i
      JOIN public.partners_integrationversion v ON v.integration_id = i.id AND v.number = i.permitted
     WHERE sec.me() IN (i.grantor_id, i.grantee_id) OR v.system_ids && sec.systems_i_run()
     ORDER BY i.id
$$;
-- A name is claimed for oneself, or, of a machine on a system that one runs, for an organisation that stands on it.
CREATE FUNCTION sec.claim_name(name_kind text, name text, whose uuid, of_system uuid) RETURNS uuid LANGUAGE plpgsql {DEFINER} AS $$
DECLARE made uuid; me uuid := sec.me(); BEGIN
    IF me IS NULL OR NOT sec.may_keep_register() OR length(btrim(name)) NOT BETWEEN 1 AND 512 THEN
        RAISE EXCEPTION 'names are for whoever keeps the register' USING ERRCODE = '42501';
    END IF;
    IF sec.name_of_another(name_kind, lower(btrim(name)), whose)
       AND NOT coalesce(of_system = ANY (sec.systems_i_run()), false) THEN
        RAISE EXCEPTION 'this name is taken: ask whoever administers it' USING ERRCODE = '23505';
    END IF;
    IF (SELECT count(*) FROM public.monitoring_identifier i WHERE i.said_for_id = me) >= 20000 THEN
        RAISE EXCEPTION 'an organisation claims at most 20,000 names' USING ERRCODE = '54000';
    END IF;
    IF (of_system IS NOT NULL AND NOT of_system = ANY (sec.my_systems())) OR (whose <> me AND NOT (
        name_kind IN ('host', 'app') AND of_system = ANY (sec.systems_i_run()) AND EXISTS (
            SELECT 1 FROM public.partners_participation p WHERE p.system_id = of_system AND p.organisation_id = whose))) THEN
        RAISE EXCEPTION 'a name of your own, or of a machine on a system that you run' USING ERRCODE = '42501';
    END IF;
    INSERT INTO public.monitoring_identifier (id, organisation_id, kind, value, system_id, said_for_id, at)
    VALUES (gen_random_uuid(), whose, name_kind, lower(btrim(name)), of_system, me, clock_timestamp())
    ON CONFLICT (kind, value) DO NOTHING RETURNING id INTO made;
    IF made IS NULL THEN
        SELECT i.id INTO made FROM public.monitoring_identifier i WHERE i.kind = name_kind AND i.value = lower(btrim(name))
           AND i.organisation_id = whose AND i.system_id IS NOT DISTINCT FROM of_system;
        IF made IS NULL THEN
            RAISE EXCEPTION 'this name is taken: ask whoever administers it' USING ERRCODE = '23505';
        END IF;
    END IF;
    DELETE FROM public.monitoring_unattributed u
     WHERE u.organisation_id = me AND u.kind = name_kind AND u.value = lower(btrim(name));
    RETURN made;
END $$;
CREATE FUNCTION sec.drop_name(identifier uuid) RETURNS boolean LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    DELETE FROM public.monitoring_identifier i WHERE i.id = identifier AND sec.me() IN (i.organisation_id, i.said_for_id)
       AND sec.may_keep_register();
    RETURN FOUND;
END $$;
"""

TAKING = f"""
CREATE FUNCTION sec.source_named(called text, of_format text) RETURNS uuid LANGUAGE plpgsql {DEFINER} AS $$
DECLARE found uuid; me uuid := sec.me(); BEGIN
    SELECT s.id INTO found FROM public.monitoring_source s WHERE s.organisation_id = me AND s.name = called;
    IF found IS NULL THEN
        IF me IS NULL OR length(called) NOT BETWEEN 1 AND 100 THEN
            RAISE EXCEPTION 'a source has a name of at most 100 letters' USING ERRCODE = '23514';
        END IF;
        PERFORM pg_advisory_xact_lock(hashtextextended('sources ' || me, 0));
        IF (SELECT count(*) FROM public.monitoring_source s WHERE s.organisation_id = me) >= 200 THEN
            RAISE EXCEPTION 'an organisation has at most 200 sources' USING ERRCODE = '54000';
        END IF;
        INSERT INTO public.monitoring_source (id, organisation_id, name, format, made_at)
        VALUES (gen_random_uuid(), me, called, of_format, clock_timestamp())
        ON CONFLICT (organisation_id, name) DO UPDATE SET name = excluded.name RETURNING id INTO found;
    END IF;
    RETURN found;
END $$;
-- Until when its first sights are only learned; null: not at all.
CREATE FUNCTION sec.let_learn(source uuid, until timestamptz) RETURNS boolean LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    IF until > clock_timestamp() + interval '92 days' THEN
        RAISE EXCEPTION 'a source learns for at most 92 days' USING ERRCODE = '23514';
    END IF;
    IF NOT sec.may_keep_register() THEN
        RAISE EXCEPTION 'learning is for whoever keeps the register' USING ERRCODE = '42501';
    END IF;
    UPDATE public.monitoring_source s SET learning_until = until WHERE s.id = source AND s.organisation_id = sec.me();
    RETURN FOUND;
END $$;
-- Which of these blocks are new. Whoever delivers the same one at the same time waits here for the other's commit.
CREATE FUNCTION sec.begin_blocks(source uuid, digests bytea[]) RETURNS SETOF bytea LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM public.monitoring_source s WHERE s.id = source AND s.organisation_id = sec.me()) THEN
        RAISE EXCEPTION 'no source of yours' USING ERRCODE = '42501';
    END IF;
    RETURN QUERY INSERT INTO public.monitoring_block (source_id, sha256, taken_at)
        SELECT source, d, clock_timestamp() FROM (SELECT DISTINCT d FROM unnest(digests) d ORDER BY d) x
        ON CONFLICT DO NOTHING RETURNING sha256;
END $$;
-- Writes what crossed, each row of one account, place and day. Of one key there is one sight, with its earliest time and its
-- days. How many first successes no permission covers, and how many rows stood there already, by their first time.
CREATE FUNCTION sec.take_sights(of_source uuid, kinds text[], accounts text[], names text[], account_kinds text[], homes uuid[],
    whose uuid[], places text[], systems uuid[], resources text[], firsts timestamptz[], permissions uuid[])
RETURNS TABLE (fresh bigint, stood bigint) LANGUAGE plpgsql {DEFINER} AS $$
DECLARE me uuid := sec.me(); s public.monitoring_source; seen uuid[] := sec.my_systems(); learns boolean; permitted uuid[];
    stands uuid[]; stand_at uuid[]; stand_slugs text[]; BEGIN
    SELECT * INTO s FROM public.monitoring_source x WHERE x.id = of_source AND x.organisation_id = me;
    IF s.id IS NULL THEN
        RAISE EXCEPTION 'no source of yours' USING ERRCODE = '42501';
    END IF;
    learns := coalesce(s.learning_until > clock_timestamp(), false);
    -- Those that both sides approved, between the two and for that day; whether the account is meant has been looked at.
    permitted := ARRAY(
        SELECT DISTINCT i.id FROM unnest(homes, whose, firsts, permissions, kinds) AS r (home, org, at, permission, kind)
          JOIN public.partners_integration i ON i.id = r.permission AND i.grantee_id = r.home AND i.grantor_id = r.org
          JOIN public.partners_integrationversion v ON v.integration_id = i.id AND v.number = i.permitted
         WHERE r.kind = 'lapsed' OR (r.at AT TIME ZONE 'UTC')::date BETWEEN v.starts_on AND v.expires_on);
    SELECT array_agg(p.system_id), array_agg(p.organisation_id), array_agg(y.slug) INTO stands, stand_at, stand_slugs
      FROM public.partners_participation p JOIN public.partners_sharedsystem y ON y.id = p.system_id
     WHERE p.system_id = ANY (sec.systems_i_run()) AND p.denied_at IS NULL;
    WITH told AS MATERIALIZED (
        SELECT r.kind, r.account, r.home, r.org, r.place, min(r.name) AS name, min(r.account_kind) AS account_kind,
               (array_agg(CASE WHEN r.system = ANY (seen) THEN r.system END))[1] AS system, (array_agg(r.resource ORDER BY r.first_at))[1] AS resource,
               min(r.first_at) AS first_at, max(r.first_at) AS last_at, (array_agg(CASE WHEN r.permission = ANY (permitted) THEN r.permission END ORDER BY r.first_at))[1] AS permission,
               array_agg(DISTINCT (r.first_at AT TIME ZONE 'UTC')::date) AS days
          FROM unnest(kinds, accounts, names, account_kinds, homes, whose, places, systems, resources, firsts, permissions)
            AS r (kind, account, name, account_kind, home, org, place, system, resource, first_at, permission)
         WHERE r.home <> r.org AND (r.home = me OR r.org = me OR EXISTS (
                   -- Whoever runs a system tells of those who stand on it, at that system.
                   SELECT 1 FROM unnest(stands, stand_at, stand_slugs) AS p (system, org, slug)
                    WHERE p.system = r.system AND p.org = r.org AND p.slug = r.place))
           AND r.first_at BETWEEN '2000-01-01' AND clock_timestamp() + interval '15 minutes'
           AND r.account_kind IN ('person', 'service', 'unknown') AND r.account <> '' AND r.place <> ''
           AND octet_length(r.account) + octet_length(r.place) <= 2400 AND greatest(length(r.name), length(r.resource)) <= 1100
         GROUP BY r.kind, r.account, r.home, r.org, r.place
    ), before AS MATERIALIZED (
        SELECT count(*) AS n FROM told r JOIN public.monitoring_sight t ON t.account = r.account AND t.organisation_id = r.org
           AND t.place = r.place AND t.home_id = r.home AND t.kind = r.kind AND t.first_at = r.first_at
         WHERE r.kind IN ('success', 'failure')
    ), written AS (
        INSERT INTO public.monitoring_sight AS t (id, kind, account, shown, account_kind, home_id, organisation_id, place,
            system_id, resource, first_at, last_at, days, source_id, reporter_id, permission_id, learned, noted_at)
        SELECT gen_random_uuid(), r.kind, r.account, r.name, r.account_kind, r.home, r.org, r.place, r.system, r.resource,
               r.first_at, r.last_at, r.days, s.id, me, r.permission, learns,
               -- One side's learning is not the other's: only of whoever runs the system it is everybody's.
               CASE WHEN (learns AND me NOT IN (r.home, r.org) AND r.kind <> 'lapsed') OR (r.permission IS NOT NULL AND r.kind <> 'lapsed')
                    THEN clock_timestamp() END
          FROM told r ORDER BY r.account, r.org, r.place, r.home, r.kind
        ON CONFLICT (account, organisation_id, place, home_id, kind) DO UPDATE SET
            first_at = least(t.first_at, excluded.first_at), last_at = greatest(t.last_at, excluded.last_at),
            days = ARRAY(SELECT DISTINCT d FROM unnest(t.days || excluded.days) d ORDER BY d),
            -- What a permission covered and covers no more is a first sight after all, unless its lapse is told.
            permission_id = CASE WHEN t.kind <> 'lapsed' AND excluded.permission_id IS NULL THEN NULL ELSE t.permission_id END,
            noted_at = CASE WHEN t.kind <> 'lapsed' AND t.permission_id IS NOT NULL AND excluded.permission_id IS NULL
                             AND NOT learns AND NOT EXISTS (SELECT 1 FROM told l WHERE l.kind = 'lapsed' AND l.account = t.account
                                 AND l.home = t.home_id AND l.org = t.organisation_id AND l.place = t.place)
                            THEN NULL ELSE t.noted_at END
            WHERE NOT excluded.days <@ t.days OR excluded.first_at < t.first_at
               OR t.kind <> 'lapsed' AND t.permission_id IS NOT NULL AND excluded.permission_id IS NULL
        RETURNING (xmax = 0) AS is_new, t.kind, t.permission_id)
    SELECT count(*) FILTER (WHERE w.is_new AND w.kind = 'success' AND w.permission_id IS NULL), (SELECT b.n FROM before b)
      INTO fresh, stood FROM written w;
    IF learns AND fresh > 0 THEN
        UPDATE public.monitoring_source x SET would_alert = x.would_alert + fresh WHERE x.id = s.id;
    END IF;
    RETURN NEXT;
END $$;
CREATE FUNCTION sec.take_changes(of_source uuid, actions text[], outcomes text[], accounts text[], names text[], targets text[],
    homes uuid[], whose uuid[], places text[], systems uuid[], ats timestamptz[]) RETURNS bigint LANGUAGE plpgsql {DEFINER} AS $$
DECLARE me uuid := sec.me(); s public.monitoring_source; run uuid[] := sec.systems_i_run(); n bigint; BEGIN
    SELECT * INTO s FROM public.monitoring_source x WHERE x.id = of_source AND x.organisation_id = me;
    IF s.id IS NULL THEN
        RAISE EXCEPTION 'no source of yours' USING ERRCODE = '42501';
    END IF;
    INSERT INTO public.monitoring_accesschange (id, action, outcome, account, shown, target, home_id, organisation_id, place,
        system_id, at, source_id, reporter_id, learned, noted_at)
    SELECT gen_random_uuid(), r.action, r.outcome, r.account, r.name, r.target, r.home, r.org, r.place, r.system, r.at, s.id, me,
           coalesce(s.learning_until > clock_timestamp(), false),
           CASE WHEN s.learning_until > clock_timestamp() AND me NOT IN (r.home, r.org) THEN clock_timestamp() END
      FROM unnest(actions, outcomes, accounts, names, targets, homes, whose, places, systems, ats)
        AS r (action, outcome, account, name, target, home, org, place, system, at)
     WHERE (r.home = me OR r.org = me OR (r.system = ANY (run) AND r.org = ANY (sec.on_system(r.system))))
       AND r.at BETWEEN '2000-01-01' AND clock_timestamp() + interval '15 minutes' AND r.account <> '' AND r.place <> ''
       AND octet_length(r.account) + octet_length(r.target) + octet_length(r.place) <= 2400 AND length(r.name) <= 1100
     ORDER BY r.org, r.place, r.action, r.account, r.target, r.at
    ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS n = ROW_COUNT;
    RETURN n;
END $$;
-- Spellings of one account, as one's own records proved them. What one has told of the other spelling becomes its.
CREATE FUNCTION sec.learn_aliases(homes uuid[], others text[], names text[]) RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
DECLARE me uuid := sec.me(); a record; BEGIN
    IF me IS NULL THEN
        RAISE EXCEPTION 'no organisation' USING ERRCODE = '42501';
    END IF;
    FOR a IN
        INSERT INTO public.monitoring_accountalias AS t (organisation_id, home_id, alias, account)
        SELECT DISTINCT ON (r.home, r.other) me, r.home, r.other, r.account
          FROM unnest(homes, others, names) AS r (home, other, account)
         WHERE r.other <> r.account AND r.other <> '' ORDER BY r.home, r.other
        ON CONFLICT DO NOTHING RETURNING t.home_id, t.alias, t.account
    LOOP
        -- Only what both sides have been told of already: an account that waits for its finding keeps its name.
        UPDATE public.monitoring_sight t SET first_at = least(t.first_at, o.first_at), last_at = greatest(t.last_at, o.last_at),
               days = ARRAY(SELECT DISTINCT d FROM unnest(t.days || o.days) d ORDER BY d)
          FROM public.monitoring_sight o
         WHERE o.account = a.alias AND o.home_id = a.home_id AND o.reporter_id = me AND o.noted_at IS NOT NULL
           AND t.account = a.account AND t.reporter_id = me AND t.home_id = o.home_id AND t.organisation_id = o.organisation_id AND t.place = o.place AND t.kind = o.kind;
        IF FOUND THEN
            DELETE FROM public.monitoring_sight o WHERE o.account = a.alias AND o.home_id = a.home_id AND o.reporter_id = me
               AND o.noted_at IS NOT NULL
               AND EXISTS (SELECT 1 FROM public.monitoring_sight t WHERE t.account = a.account AND t.home_id = o.home_id
                   AND t.reporter_id = me
                   AND t.organisation_id = o.organisation_id AND t.place = o.place AND t.kind = o.kind);
        END IF;
        UPDATE public.monitoring_sight o SET account = a.account
         WHERE o.account = a.alias AND o.home_id = a.home_id AND o.reporter_id = me AND o.noted_at IS NOT NULL
           AND NOT EXISTS (SELECT 1 FROM public.monitoring_sight t WHERE t.account = a.account AND t.home_id = o.home_id
               AND t.organisation_id = o.organisation_id AND t.place = o.place AND t.kind = o.kind);
    END LOOP;
END $$;
CREATE FUNCTION sec.has_aliases() RETURNS boolean LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT EXISTS (SELECT 1 FROM public.monitoring_accountalias a WHERE a.organisation_id = sec.me())
$$;
CREATE FUNCTION sec.aliases_of(homes uuid[], others text[]) RETURNS TABLE (home_id uuid, alias text, account text)
LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT a.home_id, a.alias, a.account FROM (SELECT sec.me() AS me) m, unnest(homes, others) AS r (home, other)
      JOIN public.monitoring_accountalias a ON a.home_id = r.home AND a.alias = r.other WHERE a.organisation_id = m.me
$$;
-- What a source has told altogether, last of all: the row is everybody's who takes from it.
CREATE FUNCTION sec.count_source(of_source uuid, good bigint, again bigint, bad bigint, earliest timestamptz, latest timestamptz,
    fault text, because text, systems uuid[], sign_ins bigint[], privileged bigint[], firsts timestamptz[], lasts timestamptz[],
    last_privileged timestamptz[], sides text[], kinds text[], names text[], examples text[], counts bigint[],
    name_firsts timestamptz[], name_lasts timestamptz[]) RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
DECLARE me uuid := sec.me(); BEGIN
    IF NOT EXISTS (SELECT 1 FROM public.monitoring_source s WHERE s.id = of_source AND s.organisation_id = me) THEN
        RAISE EXCEPTION 'no source of yours' USING ERRCODE = '42501';
    END IF;
    INSERT INTO public.monitoring_coverage AS t (id, source_id, system_id, sign_ins, privileged, first_at, last_at, last_privileged_at)
    SELECT gen_random_uuid(), of_source, r.system, r.sign_ins, r.privileged, r.first_at, r.last_at, r.last_privileged
      FROM unnest(systems, sign_ins, privileged, firsts, lasts, last_privileged)
        AS r (system, sign_ins, privileged, first_at, last_at, last_privileged)
     WHERE r.system = ANY (sec.my_systems()) AND r.first_at >= '2000-01-01'
       AND r.last_at <= clock_timestamp() + interval '15 minutes'
       AND coalesce(r.last_privileged, r.last_at) <= clock_timestamp() + interval '15 minutes' ORDER BY r.system
    ON CONFLICT (source_id, system_id) DO UPDATE SET sign_ins = t.sign_ins + excluded.sign_ins,
        privileged = t.privileged + excluded.privileged, first_at = least(t.first_at, excluded.first_at),
        last_at = greatest(t.last_at, excluded.last_at),
        last_privileged_at = greatest(t.last_privileged_at, excluded.last_privileged_at);
    INSERT INTO public.monitoring_unattributed AS t (id, organisation_id, side, kind, value, example, times, first_at, last_at,
        source_id)
    SELECT gen_random_uuid(), me, r.side, r.kind, r.name, r.example, r.times, r.first_at, r.last_at, of_source
      FROM unnest(sides, kinds, names, examples, counts, name_firsts, name_lasts)
        AS r (side, kind, name, example, times, first_at, last_at)
     WHERE isfinite(r.first_at) AND isfinite(r.last_at) AND octet_length(r.name) <= 2000 AND length(r.example) <= 1100
       AND ((SELECT count(*) FROM public.monitoring_unattributed u WHERE u.organisation_id = me) < 10000
            OR EXISTS (SELECT 1 FROM public.monitoring_unattributed u WHERE u.organisation_id = me AND u.side = r.side
                          AND u.kind = r.kind AND u.value = r.name))
     ORDER BY r.side, r.kind, r.name
    ON CONFLICT (organisation_id, side, kind, value) DO UPDATE SET times = t.times + excluded.times,
        first_at = least(t.first_at, excluded.first_at), last_at = greatest(t.last_at, excluded.last_at);
    UPDATE public.monitoring_source s SET accepted = s.accepted + good, duplicates = s.duplicates + again,
        rejected = s.rejected + bad, first_at = least(s.first_at, earliest), last_at = greatest(s.last_at, latest),
        received_at = clock_timestamp(), clock = CASE WHEN fault <> '' THEN fault ELSE s.clock END,
        refused_because = CASE WHEN because <> '' THEN because ELSE s.refused_because END
     WHERE s.id = of_source;
END $$;
"""

INTAKES = f"""
-- Hands the rest of a body to a worker, which finds it in the store under `kept`.
CREATE FUNCTION sec.hand_over_intake(of_source uuid, called text, of_format text, kept text, bytes bigint, at_offset bigint,
    at_line bigint, totals bigint[], refused jsonb) RETURNS uuid LANGUAGE plpgsql {DEFINER} AS $$
DECLARE made uuid := gen_random_uuid(); me uuid := sec.me(); BEGIN
    IF NOT EXISTS (SELECT 1 FROM public.monitoring_source s WHERE s.id = of_source AND s.organisation_id = me)
       OR kept !~ '^[0-9a-f]{{64}}$' OR EXISTS (SELECT 1 FROM public.files_storedfile f WHERE f.storage_name = kept)
       OR EXISTS (SELECT 1 FROM public.monitoring_intake i WHERE i.file = kept) THEN
        RAISE EXCEPTION 'no source of yours, or a file that is kept for somebody' USING ERRCODE = '42501';
    END IF;
    IF (SELECT count(*) FROM public.monitoring_intake i WHERE i.organisation_id = me AND i.finished_at IS NULL) >= 20 THEN
        RAISE EXCEPTION 'twenty bodies of yours wait already' USING ERRCODE = '54000';
    END IF;
    INSERT INTO public.monitoring_intake (id, organisation_id, source_id, name, format, file, size, began_at, reached, line,
        accepted, duplicates, rejected, first_sights, rejections, failed, due_at, claimed_by, attempts)
    VALUES (made, me, of_source, called, of_format, kept, bytes, clock_timestamp(), at_offset, at_line,
        totals[1], totals[2], totals[3], totals[4], refused, '', clock_timestamp(), '', 0);
    RETURN made;
END $$;
-- A claim as a worker holds it, with how far it came.
CREATE FUNCTION sec.intake_of(intake uuid) RETURNS TABLE (id uuid, source_id uuid, name text, format text, file text,
    reached bigint, line bigint, totals bigint[], rejections jsonb) LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT i.id, i.source_id, i.name, i.format, i.file, i.reached, i.line,
           ARRAY[i.accepted, i.duplicates, i.rejected, i.first_sights], i.rejections
      FROM public.monitoring_intake i WHERE i.id = intake
$$;
-- A file that a worker takes for an organisation: one that was begun and not finished goes on where it stood.
CREATE FUNCTION sec.open_intake(of_slug text, of_source text, called text, of_format text, bytes bigint, worker text)
RETURNS TABLE (id uuid, source_id uuid, name text, format text, file text, reached bigint, line bigint, totals bigint[],
    rejections jsonb) LANGUAGE plpgsql {DEFINER} AS $$
DECLARE found uuid; org uuid; from_source uuid; BEGIN
    SELECT o.id INTO org FROM public.partners_organisation o WHERE o.slug = of_slug;
    IF org IS NULL OR coalesce(worker, '') = '' THEN
        RETURN;
    END IF;
    IF EXISTS (SELECT 1 FROM sec.org_state x WHERE x.org_id = org AND x.isolated_at IS NOT NULL) THEN
        RAISE EXCEPTION 'this organisation is cut off: nothing is taken for it' USING ERRCODE = '42501';
    END IF;
    PERFORM sec.enter(org);
    from_source := sec.source_named(of_source, of_format);
    PERFORM pg_advisory_xact_lock(hashtextextended('intake ' || from_source || called, 0));
    UPDATE public.monitoring_intake i SET claimed_by = worker, claimed_until = clock_timestamp() + interval '2 minutes',
           attempts = i.attempts + 1
     WHERE i.id = (SELECT x.id FROM public.monitoring_intake x WHERE x.source_id = from_source AND x.name = called
                      AND x.size = bytes AND x.finished_at IS NULL AND x.file = ''
                      AND (x.claimed_until IS NULL OR x.claimed_until < clock_timestamp() OR x.claimed_by = worker)
                    ORDER BY x.began_at DESC LIMIT 1)
    RETURNING i.id INTO found;
    IF found IS NULL THEN
        INSERT INTO public.monitoring_intake (id, organisation_id, source_id, name, format, file, size, began_at, reached, line,
            accepted, duplicates, rejected, first_sights, rejections, failed, claimed_by, claimed_until, attempts)
        VALUES (gen_random_uuid(), org, from_source, called, of_format, '', bytes, clock_timestamp(), 0, 0, 0, 0, 0, 0, '[]', '',
            worker, clock_timestamp() + interval '2 minutes', 1) RETURNING monitoring_intake.id INTO found;
    END IF;
    RETURN QUERY SELECT * FROM sec.intake_of(found);
END $$;
CREATE FUNCTION sec.claim_intakes(worker text, at_most integer) RETURNS TABLE (id uuid, source_id uuid, name text, format text,
    file text, reached bigint, line bigint, totals bigint[], rejections jsonb) LANGUAGE sql {DEFINER} AS $$
    UPDATE public.monitoring_intake i SET finished_at = clock_timestamp(), due_at = NULL, claimed_by = '', claimed_until = NULL,
           failed = 'It could not be taken to its end: send the rest again, in another form.'
     WHERE worker <> '' AND i.due_at IS NOT NULL AND i.attempts >= 5 AND i.claimed_until < clock_timestamp();
    WITH taken AS (
        UPDATE public.monitoring_intake i SET claimed_by = worker, claimed_until = clock_timestamp() + interval '2 minutes',
               attempts = i.attempts + 1
         WHERE worker <> '' AND i.id IN (SELECT d.id FROM public.monitoring_intake d
             WHERE d.due_at <= clock_timestamp() AND d.attempts < 5
               AND NOT EXISTS (SELECT 1 FROM sec.org_state x WHERE x.org_id = d.organisation_id AND x.isolated_at IS NOT NULL)
               AND (d.claimed_until IS NULL OR d.claimed_until < clock_timestamp())
             ORDER BY d.due_at LIMIT at_most FOR UPDATE SKIP LOCKED) RETURNING i.id)
    SELECT o.* FROM taken t, sec.intake_of(t.id) o
$$;
CREATE FUNCTION sec.enter_intake(intake uuid, worker text) RETURNS text LANGUAGE plpgsql {DEFINER} AS $$
DECLARE org uuid; BEGIN
    UPDATE public.monitoring_intake i SET claimed_until = clock_timestamp() + interval '2 minutes'
     WHERE i.id = intake AND i.claimed_by = worker AND worker <> '' AND i.finished_at IS NULL
       AND NOT EXISTS (SELECT 1 FROM sec.org_state x WHERE x.org_id = i.organisation_id AND x.isolated_at IS NOT NULL)
    RETURNING i.organisation_id INTO org;
    IF org IS NULL THEN
        RAISE EXCEPTION 'no claim on this intake' USING ERRCODE = '42501';
    END IF;
    RETURN sec.enter(org);
END $$;
-- How far it came, in the transaction of the blocks.
CREATE FUNCTION sec.intake_reached(intake uuid, worker text, at_offset bigint, at_line bigint, totals bigint[], refused jsonb)
RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    UPDATE public.monitoring_intake i SET reached = at_offset, line = at_line, accepted = totals[1], duplicates = totals[2],
           rejected = totals[3], first_sights = totals[4], rejections = refused, attempts = 0
     WHERE i.id = intake AND i.claimed_by = worker AND worker <> '' AND i.finished_at IS NULL;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no claim on this intake' USING ERRCODE = '42501';
    END IF;
END $$;
CREATE FUNCTION sec.end_intake(intake uuid, worker text, because text) RETURNS void LANGUAGE sql {DEFINER} AS $$
    UPDATE public.monitoring_intake i SET finished_at = clock_timestamp(), failed = because, due_at = NULL, claimed_by = '',
           claimed_until = NULL
     WHERE i.id = intake AND i.claimed_by = worker AND worker <> '' AND i.finished_at IS NULL
$$;
-- A file that waits for a worker is kept until it is taken.
CREATE OR REPLACE FUNCTION sec.files_not_kept(names text[]) RETURNS SETOF text LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT n FROM unnest(names) n
     WHERE NOT EXISTS (SELECT 1 FROM public.files_storedfile f WHERE f.storage_name = n AND f.state = 'kept')
       AND NOT EXISTS (SELECT 1 FROM public.monitoring_intake i WHERE i.file = n AND i.finished_at IS NULL)
$$;
-- Nothing is kept longer than is said; `days` of what was seen, a month of blocks and of what was taken.
CREATE FUNCTION sec.sweep_access(kept_days integer) RETURNS bigint LANGUAGE plpgsql {DEFINER} AS $$
DECLARE n bigint; gone bigint := 0; BEGIN
    IF kept_days < 30 THEN
        RAISE EXCEPTION 'at least 30 days are kept' USING ERRCODE = '23514';
    END IF;
    DELETE FROM public.monitoring_block b WHERE b.taken_at < clock_timestamp() - interval '31 days';
    DELETE FROM public.monitoring_intake i WHERE i.finished_at < clock_timestamp() - interval '31 days';
    -- A sight goes when nothing was seen for so long: the next time is a first one again.
    DELETE FROM public.monitoring_sight t WHERE t.last_at < clock_timestamp() - make_interval(days => kept_days)
       AND t.noted_at IS NOT NULL;
    GET DIAGNOSTICS n = ROW_COUNT; gone := gone + n;
    UPDATE public.monitoring_sight t SET days = ARRAY(SELECT d FROM unnest(t.days) d WHERE d >= current_date - kept_days ORDER BY d)
     WHERE t.days[1] < current_date - kept_days;
    DELETE FROM public.monitoring_accesschange c WHERE c.at < clock_timestamp() - make_interval(days => kept_days)
       AND c.noted_at IS NOT NULL;
    DELETE FROM public.monitoring_unattributed u WHERE u.last_at < clock_timestamp() - make_interval(days => kept_days);
    RETURN gone;
END $$;
"""

READING = f"""
-- What crosses on systems that one runs: counts of accounts between organisations, and no account.
CREATE FUNCTION sec.crossings_i_run(from_day date, to_day date) RETURNS TABLE (home_id uuid, organisation_id uuid, place text,
    day date, successes bigint, failures bigint) LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT t.home_id, t.organisation_id, t.place, d.day, count(*) FILTER (WHERE t.kind = 'success'),
           count(*) FILTER (WHERE t.kind = 'failure')
      FROM public.monitoring_sight t, unnest(t.days) AS d (day)
     WHERE t.system_id = ANY (sec.systems_i_run()) AND sec.me() NOT IN (t.home_id, t.organisation_id)
       AND d.day BETWEEN from_day AND to_day AND t.last_at >= from_day
     GROUP BY t.home_id, t.organisation_id, t.place, d.day
$$;
-- Of each system of one's own: when logs told of it last; whose they are is for oneself and whoever runs it.
CREATE FUNCTION sec.log_coverage() RETURNS TABLE (system_id uuid, organisation_id uuid, first_at timestamptz, last_at timestamptz,
    last_privileged_at timestamptz) LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT c.system_id, CASE WHEN s.organisation_id = m.me OR c.system_id = ANY (m.run) THEN s.organisation_id END,
           min(c.first_at), max(c.last_at), max(c.last_privileged_at)
      FROM (SELECT sec.me() AS me, sec.my_systems() AS systems, sec.systems_i_run() AS run) m,
           public.monitoring_coverage c JOIN public.monitoring_source s ON s.id = c.source_id
     WHERE c.system_id = ANY (m.systems) GROUP BY 1, 2
$$;
"""
BY_APP = (
    "sec.claim_name(text, text, uuid, uuid), sec.drop_name(uuid), sec.let_learn(uuid, timestamptz),"
    " sec.hand_over_intake(uuid, text, text, text, bigint, bigint, bigint, bigint[], jsonb),"
    " sec.crossings_i_run(date, date), sec.log_coverage()"
)
BY_BOTH = (
    "sec.whose(text[], text[]), sec.has_aliases(), sec.access_register(), sec.access_permissions(),"
    " sec.source_named(text, text), sec.begin_blocks(uuid, bytea[]),"
    " sec.take_sights(uuid, text[], text[], text[], text[], uuid[], uuid[], text[], uuid[], text[], timestamptz[], uuid[]),"
    " sec.take_changes(uuid, text[], text[], text[], text[], text[], uuid[], uuid[], text[], uuid[], timestamptz[]),"
    " sec.learn_aliases(uuid[], text[], text[]), sec.aliases_of(uuid[], text[]),"
    " sec.count_source(uuid, bigint, bigint, bigint, timestamptz, timestamptz, text, text, uuid[], bigint[], bigint[],"
    " timestamptz[], timestamptz[], timestamptz[], text[], text[], text[], text[], bigint[], timestamptz[], timestamptz[])"
)
BY_WORKER = (
    "sec.open_intake(text, text, text, text, bigint, text), sec.claim_intakes(text, integer),"
    " sec.enter_intake(uuid, text), sec.intake_reached(uuid, text, bigint, bigint, bigint[], jsonb),"
    " sec.end_intake(uuid, text, text), sec.sweep_access(integer)"
)
GRANTS = f"""
REVOKE ALL ON FUNCTION {BY_APP}, {BY_BOTH}, {BY_WORKER}, sec.intake_of(uuid), sec.name_of_another(text, text, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION {BY_APP}, {BY_BOTH} TO portal_app;
GRANT EXECUTE ON FUNCTION {BY_BOTH}, {BY_WORKER} TO portal_worker;
"""
NOT_KEPT_BEFORE = f"""
CREATE OR REPLACE FUNCTION sec.files_not_kept(names text[]) RETURNS SETOF text LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT n FROM unnest(names) n
     WHERE NOT EXISTS (SELECT 1 FROM public.files_storedfile f WHERE f.storage_name = n AND f.state = 'kept')
$$;
"""
BACKWARD = (
    NOT_KEPT_BEFORE
    + f"DROP FUNCTION {BY_APP}, {BY_BOTH}, {BY_WORKER}, sec.intake_of(uuid), sec.name_of_another(text, text, uuid);"
)
OWN = f"organisation_id = {ME}"
EITHER = f"{ME} IN (home_id, organisation_id)"
I_RUN_IT = "system_id = ANY ((SELECT sec.systems_i_run())::uuid[])"


class Migration(migrations.Migration):
    dependencies = [
        ("monitoring", "0003_health"),
        ("incidents", "0049_resumed"),
        ("notifications", "0040_unseen"),
        ("partners", "0022_duty_catalogue"),
        ("files", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Source",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("name", models.TextField()),
                ("format", models.TextField()),
                ("made_at", models.DateTimeField()),
                ("learning_until", models.DateTimeField(blank=True, null=True)),
                ("accepted", models.BigIntegerField(db_default=0, default=0)),
                ("duplicates", models.BigIntegerField(db_default=0, default=0)),
                ("rejected", models.BigIntegerField(db_default=0, default=0)),
                ("would_alert", models.BigIntegerField(db_default=0, default=0)),
                ("first_at", models.DateTimeField(blank=True, null=True)),
                ("last_at", models.DateTimeField(blank=True, null=True)),
                ("received_at", models.DateTimeField(blank=True, null=True)),
                ("clock", models.TextField(blank=True, db_default="", default="")),
                ("refused_because", models.TextField(blank=True, db_default="", default="")),
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
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="Sight",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("kind", models.TextField()),
                ("account", models.TextField()),
                ("shown", models.TextField()),
                ("account_kind", models.TextField()),
                ("place", models.TextField()),
                ("resource", models.TextField()),
                ("first_at", models.DateTimeField()),
                ("last_at", models.DateTimeField()),
                ("days", django.contrib.postgres.fields.ArrayField(base_field=models.DateField(), size=None)),
                ("learned", models.BooleanField(default=False)),
                ("noted_at", models.DateTimeField(null=True)),
                (
                    "home",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="partners.organisation",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="partners.organisation",
                    ),
                ),
                (
                    "permission",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="partners.integration",
                    ),
                ),
                (
                    "reporter",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="partners.organisation",
                    ),
                ),
                (
                    "system",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="partners.sharedsystem",
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="monitoring.source",
                    ),
                ),
            ],
            options={
                "ordering": ["-first_at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="Intake",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("name", models.TextField()),
                ("format", models.TextField()),
                ("file", models.TextField(blank=True, default="")),
                ("size", models.BigIntegerField(default=0)),
                ("began_at", models.DateTimeField()),
                ("reached", models.BigIntegerField(default=0)),
                ("line", models.BigIntegerField(default=0)),
                ("accepted", models.BigIntegerField(default=0)),
                ("duplicates", models.BigIntegerField(default=0)),
                ("rejected", models.BigIntegerField(default=0)),
                ("first_sights", models.BigIntegerField(default=0)),
                ("rejections", models.JSONField(default=list)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("failed", models.TextField(blank=True, default="")),
                ("due_at", models.DateTimeField(blank=True, null=True)),
                ("claimed_by", models.TextField(blank=True, default="")),
                ("claimed_until", models.DateTimeField(blank=True, null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
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
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="monitoring.source"
                    ),
                ),
            ],
            options={
                "ordering": ["-began_at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="Coverage",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("sign_ins", models.BigIntegerField(default=0)),
                ("privileged", models.BigIntegerField(default=0)),
                ("first_at", models.DateTimeField()),
                ("last_at", models.DateTimeField()),
                ("last_privileged_at", models.DateTimeField(blank=True, null=True)),
                (
                    "system",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partners.sharedsystem"
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="coverage",
                        to="monitoring.source",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Block",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("sha256", models.BinaryField()),
                ("taken_at", models.DateTimeField()),
                (
                    "source",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="monitoring.source",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="AccessChange",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("action", models.TextField()),
                ("outcome", models.TextField()),
                ("account", models.TextField()),
                ("shown", models.TextField()),
                ("target", models.TextField(blank=True)),
                ("place", models.TextField()),
                ("at", models.DateTimeField()),
                ("learned", models.BooleanField(default=False)),
                ("noted_at", models.DateTimeField(null=True)),
                (
                    "home",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="partners.organisation",
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
                    "reporter",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="partners.organisation",
                    ),
                ),
                (
                    "system",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="partners.sharedsystem",
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="monitoring.source",
                    ),
                ),
            ],
            options={
                "ordering": ["-at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="Unattributed",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("side", models.TextField()),
                ("kind", models.TextField()),
                ("value", models.TextField()),
                ("example", models.TextField()),
                ("times", models.BigIntegerField()),
                ("first_at", models.DateTimeField()),
                ("last_at", models.DateTimeField()),
                ("set_aside_at", models.DateTimeField(blank=True, null=True)),
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
                    "source",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="monitoring.source",
                    ),
                ),
            ],
            options={
                "ordering": ["-times", "value"],
            },
        ),
        migrations.CreateModel(
            name="AccountAlias",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("alias", models.TextField()),
                ("account", models.TextField()),
                (
                    "home",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="partners.organisation",
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
                "constraints": [models.UniqueConstraint(fields=("organisation", "home", "alias"), name="alias_once")],
            },
        ),
        migrations.CreateModel(
            name="Identifier",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("kind", models.TextField()),
                ("value", models.TextField()),
                ("at", models.DateTimeField()),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partners.organisation"
                    ),
                ),
                (
                    "said_for",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="partners.organisation",
                    ),
                ),
                (
                    "system",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="partners.sharedsystem",
                    ),
                ),
            ],
            options={
                "ordering": ["kind", "value"],
                "constraints": [
                    models.UniqueConstraint(fields=("kind", "value"), name="identifier_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "kind__in",
                                [
                                    "tenant",
                                    "cloud-account",
                                    "sid",
                                    "issuer",
                                    "realm",
                                    "domain",
                                    "netbios",
                                    "host",
                                    "app",
                                ],
                            )
                        ),
                        name="identifier_kind",
                    ),
                    models.CheckConstraint(condition=models.Q(("value", ""), _negated=True), name="identifier_value"),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="source",
            constraint=models.UniqueConstraint(fields=("organisation", "name"), name="source_once"),
        ),
        migrations.AddIndex(
            model_name="sight",
            index=models.Index(
                condition=models.Q(("noted_at__isnull", True)), fields=["first_at"], name="sight_unnoted"
            ),
        ),
        migrations.AddConstraint(
            model_name="sight",
            constraint=models.UniqueConstraint(
                fields=("account", "organisation", "place", "home", "kind"), name="sight_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="sight",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["success", "failure", "admin", "lapsed"])), name="sight_kind"
            ),
        ),
        migrations.AddConstraint(
            model_name="sight",
            constraint=models.CheckConstraint(
                condition=models.Q(("home", models.F("organisation")), _negated=True), name="sight_crosses"
            ),
        ),
        migrations.AddIndex(
            model_name="intake",
            index=models.Index(fields=["organisation", "-began_at", "-id"], name="intake_newest"),
        ),
        migrations.AddIndex(
            model_name="intake",
            index=models.Index(condition=models.Q(("due_at__isnull", False)), fields=["due_at"], name="intake_due"),
        ),
        migrations.AddConstraint(
            model_name="coverage",
            constraint=models.UniqueConstraint(fields=("source", "system"), name="coverage_once"),
        ),
        migrations.AddConstraint(
            model_name="block",
            constraint=models.UniqueConstraint(fields=("source", "sha256"), name="block_once"),
        ),
        migrations.AddIndex(
            model_name="accesschange",
            index=models.Index(condition=models.Q(("noted_at__isnull", True)), fields=["at"], name="change_unnoted"),
        ),
        migrations.AddConstraint(
            model_name="accesschange",
            constraint=models.UniqueConstraint(
                fields=("organisation", "place", "action", "outcome", "account", "target", "at"),
                name="access_change_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="unattributed",
            constraint=models.UniqueConstraint(
                fields=("organisation", "side", "kind", "value"), name="unattributed_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="unattributed",
            constraint=models.CheckConstraint(
                condition=models.Q(("side__in", ["home", "place"])), name="unattributed_side"
            ),
        ),
        migrations.RunSQL(NAMES + TAKING + INTAKES + READING + GRANTS, BACKWARD),
        protect("monitoring_identifier", Allow(APP, "select", f"{ME} IN (organisation_id, said_for_id) OR {I_RUN_IT}")),
        protect("monitoring_source", Allow(APP, "select", OWN)),
        protect(
            "monitoring_coverage",
            Allow(
                APP, "select", "EXISTS (SELECT 1 FROM monitoring_source s WHERE s.id = monitoring_coverage.source_id)"
            ),
        ),
        protect("monitoring_block"),
        protect("monitoring_intake", Allow(APP, "select", OWN)),
        protect("monitoring_sight", Allow(APP, "select", EITHER)),
        protect("monitoring_accesschange", Allow(APP, "select", EITHER)),
        protect("monitoring_accountalias", Allow(APP, "select", OWN)),
        protect(
            "monitoring_unattributed", Allow(APP, "select", OWN), Allow(APP, "update", OWN, columns=("set_aside_at",))
        ),
    ]
