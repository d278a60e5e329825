"""What the judge of first sights lacked: access later on a day on which somebody was cut off, a limit of findings an
hour beyond which they stand in one list, suppressions of the very places that were shown, and a word in the ledger
whenever somebody says whose a name is or lets a source learn.

The judge is linear in what an account did: whatever weighs in a sight is read once for an account, not once a sight.
"""

import uuid
from importlib import import_module

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

from portal.tenancy.policies import protect

DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
APP, WORKER = "portal_app", "portal_worker"
NAMES, TAKING = (getattr(import_module("monitoring.migrations.0004_access"), name) for name in ("NAMES", "TAKING"))
FINDINGS = import_module("monitoring.migrations.0005_findings")


def function(text: str, name: str) -> str:
    """One function of a former migration, to be put in place of what stands there now."""
    begins = text.index(f"CREATE FUNCTION sec.{name}(")
    return text[begins : text.index("$$;", begins) + 3].replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION", 1)


def with_parts(text: str, *parts: tuple[str, str]) -> str:
    """The text with each part in another form; a part that is not there is a mistake of this file."""
    for was, now in parts:
        assert was in text, was
        text = text.replace(was, now)
    return text


CUTS = f"""
-- Every time for which somebody was limited or cut off in the portal, or a link was cut at both of its ends; over or not.
-- A link that was cut is crossed by whoever stands on its source alone (`behind`) and comes to its target (`system_id`).
-- `told`: who may know of it.
CREATE FUNCTION sec.cuts() RETURNS TABLE (organisation_id uuid, system_id uuid, behind uuid[], started_at timestamptz,
    ended_at timestamptz, told uuid[]) LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT i.organisation_id, NULL::uuid, '{{}}'::uuid[], i.started_at, coalesce(i.lifted_at, 'infinity'),
           i.audience || i.organisation_id
      FROM public.partners_isolation i WHERE i.step >= 3
    UNION ALL
    SELECT NULL, d.target_id, ARRAY(SELECT x FROM unnest(o.at_source) x EXCEPT SELECT x FROM unnest(o.at_target) x),
           r.started_at, r.ended_at, o.at_source || o.at_target
      FROM (
        SELECT n.id, greatest(n.cut_source_at, n.cut_target_at) AS started_at, 'infinity'::timestamptz AS ended_at
          FROM public.partners_dependency n WHERE n.cut_source_at IS NOT NULL AND n.cut_target_at IS NOT NULL
        UNION ALL
        -- Rounds that are over: from when both ends had said so until they were connected again.
        SELECT m.dependency_id, greatest(min(m.at) FILTER (WHERE m.what = 'cut' AND m.at_end = 'source'),
                                         min(m.at) FILTER (WHERE m.what = 'cut' AND m.at_end = 'target')),
               max(m.at) FILTER (WHERE m.what = 'reconnected')
          FROM (SELECT e.dependency_id, e.at, e.at_end, e.what, count(*) FILTER (WHERE e.what = 'reconnected')
                       OVER (PARTITION BY e.dependency_id ORDER BY e.at ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS round
                  FROM public.partners_edgemove e) m
         GROUP BY m.dependency_id, m.round
        HAVING bool_or(m.what = 'reconnected') AND bool_or(m.what = 'cut' AND m.at_end = 'source')
           AND bool_or(m.what = 'cut' AND m.at_end = 'target')) r
      JOIN public.partners_dependency d ON d.id = r.id
     CROSS JOIN LATERAL (SELECT sec.on_system(d.source_id) AS at_source, sec.on_system(d.target_id) AS at_target) o
$$;
-- The moments that split a day for whoever takes records: cuts that it may know of (`started_at` is theirs alone), and
-- when permissions that it may read were ended.
CREATE FUNCTION sec.access_moments() RETURNS TABLE (started_at timestamptz, ended_at timestamptz)
LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT c.started_at, nullif(c.ended_at, 'infinity') FROM sec.cuts() c WHERE sec.me() = ANY (c.told)
    UNION
    SELECT NULL, p.ended_at FROM sec.access_permissions() p WHERE p.ended_at IS NOT NULL
$$;
-- Notes which of these successes, all of them sights by now, were while somebody was cut off as far as one of the two
-- may know: of each sight, day and cut the first. Answers nothing: how many it were would say who is cut off. What only a
-- source that learns has told is noted anew when one tells it that does not learn, since then somebody has to hear of it.
CREATE FUNCTION sec.take_passages(of_source uuid, accounts text[], homes uuid[], whose uuid[], places text[], ats timestamptz[])
RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
DECLARE me uuid := sec.me(); s public.monitoring_source; run uuid[] := sec.systems_i_run(); learns boolean; BEGIN
    SELECT * INTO s FROM public.monitoring_source x WHERE x.id = of_source AND x.organisation_id = me;
    IF s.id IS NULL THEN
        RAISE EXCEPTION 'no source of yours' USING ERRCODE = '42501';
    END IF;
    learns := coalesce(s.learning_until > clock_timestamp(), false);
    WITH cut AS MATERIALIZED (SELECT * FROM sec.cuts())
    INSERT INTO public.monitoring_passage AS k (id, sight_id, at, since, reporter_id, learned)
    SELECT gen_random_uuid(), p.sight, p.at, p.since, me, learns
      FROM (SELECT DISTINCT ON (t.id, x.since) t.id AS sight, r.at, x.since
              FROM unnest(accounts, homes, whose, places, ats) AS r (account, home, org, place, at)
              JOIN public.monitoring_sight t ON t.account = r.account AND t.organisation_id = r.org AND t.place = r.place
               AND t.home_id = r.home AND t.kind = 'success'
             CROSS JOIN LATERAL (
                SELECT greatest(max(c.started_at), date_trunc('day', r.at, 'UTC')) AS since FROM cut c
                 WHERE c.started_at <= r.at AND r.at < c.ended_at AND ARRAY[r.home, r.org] && c.told
                   AND (c.organisation_id IN (r.home, r.org) OR c.system_id = t.system_id AND r.home = ANY (c.behind))
                HAVING count(*) > 0) x
             WHERE (me IN (r.home, r.org) OR t.system_id = ANY (run) AND r.org = ANY (sec.on_system(t.system_id)))
               AND r.at BETWEEN '2000-01-01' AND clock_timestamp() + interval '15 minutes'
             ORDER BY t.id, x.since, r.at) p
     WHERE NOT EXISTS (SELECT 1 FROM public.monitoring_passage h
                        WHERE h.sight_id = p.sight AND h.since = p.since AND (learns OR NOT h.learned))
    ON CONFLICT (sight_id, since) DO UPDATE SET learned = false, noted_at = NULL WHERE k.learned AND NOT excluded.learned;
END $$;
"""
CUT_FROM = """EXISTS (SELECT 1 FROM cut u WHERE x.org = ANY (u.told) AND u.started_at <= {at} AND {at} < u.ended_at
                       AND (u.organisation_id IN ({s}.home_id, {s}.organisation_id)
                            OR u.system_id = {s}.system_id AND {s}.home_id = ANY (u.behind)))"""

JUDGING = f"""
-- How many findings of one organisation with one other side stand alone within an hour; further ones go into one list.
CREATE FUNCTION sec.findings_an_hour() RETURNS integer LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT 50
$$;
CREATE OR REPLACE FUNCTION sec.finding_happened(f public.monitoring_finding, what text) RETURNS void LANGUAGE sql {DEFINER} AS $$
    INSERT INTO public.ledger_event (id, kind, at, actor_organisation_id, actor_kind, incident_reference, subject_id,
                                     audience, data)
    SELECT gen_random_uuid(), CASE WHEN what = 'rule' THEN 'access.rule' ELSE 'access.first_sight' END,
           clock_timestamp(), f.organisation_id, 'system', '', f.id, ARRAY[f.organisation_id],
           jsonb_build_object('finding', f.id, 'side', f.side, 'account', f.shown, 'account_kind', f.account_kind,
               'home', (SELECT o.slug FROM public.partners_organisation o WHERE o.id = f.home_id),
               'organisations', ARRAY(SELECT o.slug FROM public.partners_organisation o
                                       WHERE o.id = ANY (f.organisations) ORDER BY o.slug),
               'places', f.places, 'rules', f.rules, 'weight', f.weight, 'sights', f.sights, 'changes', f.changes,
               'folded', f.folded, 'first_at', f.first_at, 'last_at', f.last_at)
$$;
-- A list holds no more than its page shows.
CREATE FUNCTION sec.findings_a_list() RETURNS integer LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT 500
$$;
-- How much a finding says; it grows with everything that joins it. Whoever decides has seen it at this.
CREATE FUNCTION sec.finding_stand(f public.monitoring_finding) RETURNS text LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS $$
    SELECT concat_ws('.', f.folded, f.sights + f.changes, cardinality(f.rules))
$$;
-- The list that takes in one more of what is found of one organisation and side with one other side (`home` and `others`)
-- beyond the limit, made when there is none of this hour that waits and has room. `sec.count_list` counts it anew.
CREATE FUNCTION sec.list_of_findings(org uuid, of_side text, home uuid, others uuid[]) RETURNS uuid LANGUAGE plpgsql {DEFINER} AS $$
DECLARE found uuid; BEGIN
    UPDATE public.monitoring_finding y SET folded = y.folded + 1 WHERE y.id = (
        SELECT l.id FROM public.monitoring_finding l
         WHERE l.organisation_id = org AND l.side = of_side AND l.account = '' AND l.home_id = home AND l.organisations = others
           AND l.folded BETWEEN 1 AND sec.findings_a_list() - 1 AND l.state = 'waiting'
           AND l.made_at > clock_timestamp() - interval '1 hour' ORDER BY l.made_at DESC LIMIT 1 FOR UPDATE) RETURNING y.id INTO found;
    IF found IS NULL THEN
        INSERT INTO public.monitoring_finding (id, organisation_id, side, account, shown, account_kind, home_id, places,
            organisations, systems, rules, reasons, weight, sight_ids, change_ids, sights, changes, first_at, last_at, made_at,
            state, because, decided_by_name, folded)
        VALUES (gen_random_uuid(), org, of_side, '', '', 'unknown', home, '{{}}', others, '{{}}', '{{}}', '{{}}', 0, '{{}}', '{{}}',
            0, 0, clock_timestamp(), clock_timestamp(), clock_timestamp(), 'waiting', '', '', 1) RETURNING id INTO found;
    END IF;
    RETURN found;
END $$;
-- Counts what came into a list, and says so when it is new, or a rule is. What waits alone again has been told by itself.
CREATE FUNCTION sec.count_list(list uuid) RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
DECLARE f public.monitoring_finding; before text[]; BEGIN
    SELECT y.rules INTO before FROM public.monitoring_finding y WHERE y.id = list FOR UPDATE;
    UPDATE public.monitoring_finding y SET folded = n.folded, weight = n.weight, sights = n.sights, changes = n.changes,
           first_at = n.first_at, last_at = n.last_at,
           places = ARRAY(SELECT DISTINCT p FROM public.monitoring_finding c, unnest(c.places) p
                           WHERE c.folded_into_id = list ORDER BY p LIMIT 500),
           systems = ARRAY(SELECT DISTINCT p FROM public.monitoring_finding c, unnest(c.systems) p
                            WHERE c.folded_into_id = list ORDER BY p),
           rules = ARRAY(SELECT DISTINCT p FROM public.monitoring_finding c, unnest(c.rules) p
                          WHERE c.folded_into_id = list AND c.state <> 'waiting' ORDER BY p),
           reasons = ARRAY(SELECT DISTINCT p FROM public.monitoring_finding c, unnest(c.reasons) p
                            WHERE c.folded_into_id = list AND c.state <> 'waiting' ORDER BY p)
      FROM (SELECT count(*) AS folded, coalesce(max(c.weight) FILTER (WHERE c.state <> 'waiting'), 0) AS weight,
                   sum(c.sights) AS sights, sum(c.changes) AS changes, min(c.first_at) AS first_at,
                   max(c.last_at) AS last_at
              FROM public.monitoring_finding c WHERE c.folded_into_id = list) n
     WHERE y.id = list RETURNING y.* INTO f;
    IF f.state = 'waiting' AND NOT f.rules <@ before THEN
        PERFORM sec.finding_happened(f, CASE WHEN f.rules <@ ARRAY['first-sight', 'failed-attempt'] THEN 'sight' ELSE 'rule' END);
    END IF;
END $$;
-- Makes findings of at most so many sights, changes and passages that nobody has looked at. One at a time: whoever comes
-- meanwhile has nothing to do. How many it took; what was taken is marked in the same transaction.
CREATE OR REPLACE FUNCTION sec.judge_access(at_most integer) RETURNS integer LANGUAGE plpgsql {DEFINER} AS $$
DECLARE due uuid[]; moved uuid[]; passed uuid[]; g record; f public.monitoring_finding; before text[]; were_at uuid[];
    kept_by uuid; list uuid; lists uuid[] := '{{}}'; BEGIN
    IF NOT pg_try_advisory_xact_lock(760551) THEN
        RETURN 0;
    END IF;
    due := ARRAY(SELECT s.id FROM public.monitoring_sight s WHERE s.noted_at IS NULL ORDER BY s.first_at, s.id
                  LIMIT at_most FOR UPDATE);
    moved := ARRAY(SELECT c.id FROM public.monitoring_accesschange c WHERE c.noted_at IS NULL ORDER BY c.at, c.id
                    LIMIT at_most FOR UPDATE);
    -- A passage that a taker holds is for the next time: takers lock them in another order.
    passed := ARRAY(SELECT p.id FROM public.monitoring_passage p WHERE p.noted_at IS NULL ORDER BY p.at, p.id
                     LIMIT at_most FOR UPDATE SKIP LOCKED);
    FOR g IN
        WITH cut AS MATERIALIZED (SELECT * FROM sec.cuts()
        ), fresh AS MATERIALIZED (
            SELECT s.* FROM public.monitoring_sight s WHERE s.id = ANY (due) AND s.account_kind NOT IN ('machine', 'anonymous')
        ), of_account AS MATERIALIZED (
            -- All of each account at once: what is asked for each sight is answered by going through it in order.
            SELECT t.id, t.account, t.home_id, t.organisation_id, t.kind, t.first_at, t.days
              FROM (SELECT DISTINCT account, home_id FROM fresh) d
              JOIN public.monitoring_sight t ON t.account = d.account AND t.home_id = d.home_id
        ), at_first AS (
            SELECT o.account, o.home_id, o.organisation_id, min(o.first_at) FILTER (WHERE o.kind <> 'failure') AS succeeded,
                   min(o.first_at) AS here, min(min(o.first_at)) OVER (PARTITION BY o.account, o.home_id) AS anywhere
              FROM of_account o GROUP BY o.account, o.home_id, o.organisation_id
        ), days AS (
            SELECT d.account, d.home_id, d.organisation_id, d.day, lag(d.day) OVER (
                       PARTITION BY d.account, d.home_id, d.organisation_id ORDER BY d.day) AS here,
                   max(d.day) OVER (PARTITION BY d.account, d.home_id ORDER BY d.day
                       RANGE BETWEEN UNBOUNDED PRECEDING AND interval '1 day' PRECEDING) AS anywhere
              FROM (SELECT DISTINCT o.account, o.home_id, o.organisation_id, x.day
                      FROM of_account o, unnest(o.days) AS x (day)) d
        ), hits AS (
            SELECT o.account, o.home_id, o.first_at, lag(o.first_at) OVER w AS before, lead(o.first_at) OVER w AS after
              FROM of_account o WHERE o.kind <> 'failure'
            WINDOW w AS (PARTITION BY o.account, o.home_id, o.organisation_id ORDER BY o.first_at)
        ), steps AS (
            -- An organisation counts from an hour before until an hour after it was reached; times that touch are one.
            SELECT h.account, h.home_id, h.first_at - interval '1 hour' AS at, 0 AS nth, 1 AS step, NULL::uuid AS sight
              FROM hits h WHERE h.before IS NULL OR h.first_at - h.before > interval '2 hours'
            UNION ALL
            SELECT h.account, h.home_id, h.first_at + interval '1 hour', 2, -1, NULL
              FROM hits h WHERE h.after IS NULL OR h.after - h.first_at > interval '2 hours'
            UNION ALL
            SELECT s.account, s.home_id, s.first_at, 1, 0, s.id FROM fresh s
        ), reached AS (
            SELECT t.sight, sum(t.step) OVER (PARTITION BY t.account, t.home_id ORDER BY t.at, t.nth
                                              ROWS UNBOUNDED PRECEDING) AS organisations FROM steps t
        ), seen AS (
            SELECT s.*, x.org, x.side, coalesce(a.succeeded < s.first_at, false) AS known,
                   CASE x.side WHEN 'home' THEN a.anywhere ELSE a.here END < s.first_at - interval '60 days'
                   AND coalesce(CASE x.side WHEN 'home' THEN d.anywhere ELSE d.here END
                                < ((s.first_at - interval '60 days') AT TIME ZONE 'UTC')::date, true) AS dormant,
                   x.side = 'home' AND r.organisations >= 3 AS many,
                   s.kind <> 'failure' AND {CUT_FROM.format(at="s.first_at", s="s")} AS isolated
              FROM fresh s
              JOIN reached r ON r.sight = s.id
              JOIN at_first a ON a.account = s.account AND a.home_id = s.home_id AND a.organisation_id = s.organisation_id
              LEFT JOIN days d ON d.account = s.account AND d.home_id = s.home_id AND d.organisation_id = s.organisation_id
               AND d.day = (s.first_at AT TIME ZONE 'UTC')::date
             CROSS JOIN LATERAL (VALUES (s.home_id, 'home'), (s.organisation_id, 'place')) AS x (org, side)
             WHERE NOT (s.learned AND x.org = s.reporter_id)
        ), again AS (
            -- What was looked at long ago, or is covered, or began before the cut, and is seen although one is cut off.
            SELECT s.*, x.org, x.side, p.at
              FROM public.monitoring_passage p JOIN public.monitoring_sight s ON s.id = p.sight_id
             CROSS JOIN LATERAL (VALUES (s.home_id, 'home'), (s.organisation_id, 'place')) AS x (org, side)
             WHERE p.id = ANY (passed) AND s.account_kind NOT IN ('machine', 'anonymous')
               AND NOT (p.learned AND x.org = p.reporter_id) AND {CUT_FROM.format(at="p.at", s="s")}
        ), changed AS (
            SELECT c.*, CASE
                       WHEN c.outcome <> 'success' THEN NULL
                       WHEN c.home_id IS NULL AND c.system_id IS NULL THEN NULL
                       WHEN c.action = 'backup-deleted' AND c.home_id IS DISTINCT FROM c.organisation_id THEN 'backup-deleted'
                       WHEN c.action IN ('group-changed', 'role-changed', 'trust-changed', 'policy-changed')
                            AND c.home_id IS DISTINCT FROM c.organisation_id THEN 'rights-changed'
                       WHEN c.system_id IS NOT NULL
                            AND c.action IN ('account-created', 'account-enabled', 'group-changed', 'role-changed')
                           THEN 'account-made' END AS rule
              FROM public.monitoring_accesschange c WHERE c.id = ANY (moved)
        ), changes AS (
            SELECT c.*, x.org, x.side, c.outcome = 'success'
                       AND (c.rule IS NOT NULL OR c.home_id IS NOT NULL AND c.home_id <> c.organisation_id)
                       AND {CUT_FROM.format(at="c.at", s="c")} AS isolated
              FROM changed c
              CROSS JOIN LATERAL (VALUES (c.organisation_id, 'place'), (nullif(c.home_id, c.organisation_id), 'home'))
                AS x (org, side)
             WHERE x.org IS NOT NULL AND NOT (c.learned AND x.org = c.reporter_id)
        ), items AS (
            SELECT s.org, s.side, s.account, s.shown, s.account_kind, s.home_id, s.organisation_id, s.place, s.system_id,
                   s.first_at AS at, s.id AS sight, NULL::uuid AS change,
                   concat_ws(',', CASE s.kind WHEN 'success' THEN 'first-sight' WHEN 'failure' THEN 'failed-attempt'
                                              WHEN 'admin' THEN 'first-admin' ELSE 'lapsed-permission' END,
                             CASE WHEN s.many THEN 'many-organisations' END,
                             CASE WHEN s.isolated THEN 'during-isolation' END) AS rules,
                   concat_ws(',', CASE s.kind WHEN 'failure' THEN 'failed' WHEN 'admin' THEN 'admin' WHEN 'lapsed' THEN 'lapsed'
                                              ELSE CASE WHEN s.known THEN 'new-place' ELSE 'new-organisation' END END,
                             CASE WHEN s.account_kind = 'service' THEN 'service' END,
                             CASE WHEN s.dormant AND s.kind <> 'failure' THEN 'dormant' END,
                             CASE WHEN s.many THEN 'many' END,
                             CASE WHEN s.isolated THEN 'isolated' END) AS reasons
              FROM seen s
            UNION ALL
            SELECT s.org, s.side, s.account, s.shown, s.account_kind, s.home_id, s.organisation_id, s.place, s.system_id,
                   s.at, s.id, NULL, 'during-isolation', 'isolated' FROM again s
            UNION ALL
            SELECT c.org, c.side, c.account, c.shown, 'unknown', c.home_id, c.organisation_id, c.place, c.system_id, c.at,
                   NULL, c.id, concat_ws(',', c.rule, CASE WHEN c.isolated THEN 'during-isolation' END),
                   concat_ws(',', c.rule, CASE WHEN c.isolated THEN 'isolated' END)
              FROM changes c WHERE c.rule IS NOT NULL OR c.isolated
        ), marked AS (
            SELECT i.*, CASE WHEN i.at - lag(i.at) OVER w > interval '1 hour' THEN 1 ELSE 0 END AS jump FROM items i
            WINDOW w AS (PARTITION BY i.org, i.side, i.account, i.home_id ORDER BY i.at)
        ), bursts AS (
            SELECT m.*, sum(m.jump) OVER (PARTITION BY m.org, m.side, m.account, m.home_id ORDER BY m.at
                                          ROWS UNBOUNDED PRECEDING) AS burst FROM marked m
        ), once AS (
            SELECT b.*, row_number() OVER (PARTITION BY b.org, b.side, b.burst, b.sight ORDER BY b.at) AS nth FROM bursts b
        )
        SELECT b.org, b.side, b.account, b.home_id, max(b.shown) AS shown,
               coalesce(max(b.account_kind) FILTER (WHERE b.account_kind <> 'unknown'), 'unknown') AS account_kind,
               array_agg(DISTINCT b.place) AS places, array_agg(DISTINCT b.organisation_id) AS organisations,
               coalesce(array_agg(DISTINCT b.system_id) FILTER (WHERE b.system_id IS NOT NULL), '{{}}') AS systems,
               ARRAY(SELECT DISTINCT r FROM unnest(string_to_array(string_agg(b.rules, ','), ',')) r ORDER BY r) AS rules,
               ARRAY(SELECT DISTINCT r FROM unnest(string_to_array(string_agg(b.reasons, ','), ',')) r ORDER BY r) AS reasons,
               coalesce(array_agg(b.sight ORDER BY b.at) FILTER (WHERE b.sight IS NOT NULL AND b.nth = 1), '{{}}') AS sight_ids,
               coalesce(array_agg(b.change ORDER BY b.at) FILTER (WHERE b.change IS NOT NULL), '{{}}') AS change_ids,
               min(b.at) AS first_at, max(b.at) AS last_at
          FROM once b GROUP BY b.org, b.side, b.account, b.home_id, b.burst ORDER BY min(b.at)
    LOOP
        -- What happens while somebody is cut off is never kept back.
        SELECT p.id INTO kept_by FROM public.monitoring_suppression p
         WHERE p.organisation_id = g.org AND p.agreed_at IS NOT NULL AND p.ended_at IS NULL AND p.until >= current_date
           AND p.account IN (lower(g.account), lower(g.shown)) AND (p.other_id = g.home_id OR ARRAY[p.other_id] @> g.organisations)
           AND g.places <@ p.places AND (g.rules <@ ARRAY[p.rule]
                OR p.rule = '' AND NOT g.rules && ARRAY['lapsed-permission', 'rights-changed', 'backup-deleted'])
           AND NOT 'during-isolation' = ANY (g.rules)
         ORDER BY p.agreed_at LIMIT 1;
        SELECT * INTO f FROM public.monitoring_finding y
         WHERE y.organisation_id = g.org AND y.side = g.side AND y.account = g.account AND y.home_id IS NOT DISTINCT FROM g.home_id
           AND y.folded = 0
           AND y.state = ANY (CASE WHEN kept_by IS NULL THEN ARRAY['waiting', 'folded'] ELSE ARRAY['suppressed'] END)
           AND y.first_at <= g.last_at + interval '1 hour' AND y.last_at >= g.first_at - interval '1 hour'
         ORDER BY y.last_at DESC LIMIT 1 FOR UPDATE;
        IF f.id IS NOT NULL THEN
            before := f.rules;
            were_at := f.organisations;
            g.sight_ids := ARRAY(SELECT u.id FROM unnest(g.sight_ids) WITH ORDINALITY AS u (id, nth)
                                  WHERE u.id NOT IN (SELECT k FROM unnest(f.sight_ids) k) ORDER BY u.nth);
            UPDATE public.monitoring_finding y SET
                places = ARRAY(SELECT DISTINCT p FROM unnest(y.places || g.places) p ORDER BY p),
                organisations = ARRAY(SELECT DISTINCT p FROM unnest(y.organisations || g.organisations) p ORDER BY p),
                systems = ARRAY(SELECT DISTINCT p FROM unnest(y.systems || g.systems) p ORDER BY p),
                rules = ARRAY(SELECT DISTINCT p FROM unnest(y.rules || g.rules) p ORDER BY p),
                reasons = ARRAY(SELECT DISTINCT p FROM unnest(y.reasons || g.reasons) p ORDER BY p),
                weight = sec.finding_weight(y.reasons || g.reasons),
                sight_ids = (y.sight_ids || g.sight_ids)[1:500], change_ids = (y.change_ids || g.change_ids)[1:500],
                sights = y.sights + cardinality(g.sight_ids), changes = y.changes + cardinality(g.change_ids),
                first_at = least(y.first_at, g.first_at), last_at = greatest(y.last_at, g.last_at)
             WHERE y.id = f.id RETURNING * INTO f;
            IF f.state = 'folded' THEN
                lists := lists || f.folded_into_id;
                -- More than it was folded for: it waits alone again.
                IF NOT f.rules <@ before OR NOT f.organisations <@ were_at THEN
                    UPDATE public.monitoring_finding y SET state = 'waiting' WHERE y.id = f.id RETURNING * INTO f;
                    PERFORM sec.finding_happened(f, CASE WHEN f.rules <@ before THEN 'sight' ELSE 'rule' END);
                END IF;
            ELSIF f.state = 'waiting' AND NOT f.rules <@ before THEN
                PERFORM sec.finding_happened(f, 'rule');
            END IF;
        ELSE
            -- Each other side by itself, else one could bury what another does; and nothing of a heavier rule is folded.
            list := NULL;
            IF kept_by IS NULL AND g.rules <@ ARRAY['first-sight', 'failed-attempt'] AND (
                    SELECT count(*) FROM public.monitoring_finding y
                     WHERE y.organisation_id = g.org AND y.side = g.side AND y.home_id = g.home_id
                       AND y.organisations = g.organisations AND y.made_at > clock_timestamp() - interval '1 hour'
                       AND y.folded_into_id IS NULL AND y.suppression_id IS NULL AND y.folded = 0) >= sec.findings_an_hour() THEN
                list := sec.list_of_findings(g.org, g.side, g.home_id, g.organisations);
            END IF;
            INSERT INTO public.monitoring_finding (id, organisation_id, side, account, shown, account_kind, home_id, places,
                organisations, systems, rules, reasons, weight, sight_ids, change_ids, sights, changes, first_at, last_at,
                made_at, state, because, decided_by_name, suppression_id, folded, folded_into_id)
            VALUES (gen_random_uuid(), g.org, g.side, g.account, g.shown, g.account_kind, g.home_id, g.places, g.organisations,
                g.systems, g.rules, g.reasons, sec.finding_weight(g.reasons), g.sight_ids[1:500], g.change_ids[1:500],
                cardinality(g.sight_ids), cardinality(g.change_ids), g.first_at, g.last_at, clock_timestamp(),
                CASE WHEN kept_by IS NOT NULL THEN 'suppressed' WHEN list IS NOT NULL THEN 'folded' ELSE 'waiting' END,
                '', '', kept_by, 0, list) RETURNING * INTO f;
            IF list IS NOT NULL THEN
                lists := lists || list;
            ELSIF kept_by IS NULL THEN
                PERFORM sec.finding_happened(f, CASE WHEN f.rules <@ ARRAY['first-sight', 'failed-attempt'] THEN 'sight' ELSE 'rule' END);
            END IF;
        END IF;
    END LOOP;
    PERFORM sec.count_list(l) FROM (SELECT DISTINCT l FROM unnest(lists) l) each;
    UPDATE public.monitoring_sight s SET noted_at = clock_timestamp() WHERE s.id = ANY (due);
    UPDATE public.monitoring_accesschange c SET noted_at = clock_timestamp() WHERE c.id = ANY (moved);
    UPDATE public.monitoring_passage p SET noted_at = clock_timestamp() WHERE p.id = ANY (passed);
    RETURN cardinality(due) + cardinality(moved) + cardinality(passed);
END $$;
CREATE OR REPLACE FUNCTION sec.access_waiting() RETURNS double precision LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT CASE WHEN EXISTS (SELECT 1 FROM public.monitoring_sight s WHERE s.noted_at IS NULL)
                  OR EXISTS (SELECT 1 FROM public.monitoring_accesschange c WHERE c.noted_at IS NULL)
                  OR EXISTS (SELECT 1 FROM public.monitoring_passage p WHERE p.noted_at IS NULL) THEN 0::float8 END
$$;
"""
SWEEPING = with_parts(
    function(FINDINGS.JUDGING, "sweep_findings"),
    # What goes on alone may outlive the list that it once stood in.
    (
        "    DELETE FROM public.monitoring_finding f",
        """    UPDATE public.monitoring_finding f SET folded_into_id = NULL FROM public.monitoring_finding l
     WHERE l.id = f.folded_into_id AND l.last_at < clock_timestamp() - make_interval(days => kept_days) AND f.last_at > l.last_at;
    DELETE FROM public.monitoring_finding f""",
    ),
    (
        "    DELETE FROM public.monitoring_suppression p",
        """    DELETE FROM public.monitoring_passage p WHERE p.at < clock_timestamp() - make_interval(days => kept_days)
       AND p.noted_at IS NOT NULL;
    DELETE FROM public.monitoring_suppression p""",
    ),
)
# Deciding on a list decides on all that nobody has decided on by itself, and not while the judge fills it: the judge locks
# what stands in a list before the list. What came since it was shown is not decided unseen.
SETTLING = with_parts(
    function(FINDINGS.DECIDING, "settle_finding"),
    ("why text, of_incident uuid) RETURNS boolean", "why text, of_incident uuid, shown text) RETURNS text"),
    (
        "; BEGIN\n",
        """; BEGIN
    IF EXISTS (SELECT 1 FROM public.monitoring_finding x WHERE x.id = finding AND x.organisation_id = me AND x.folded > 0) THEN
        PERFORM pg_advisory_xact_lock(760551);
    END IF;
""",
    ),
    ("    IF f.state <> 'waiting' THEN\n", "    IF f.state NOT IN ('waiting', 'folded') THEN\n"),
    (
        "        RETURN false;\n    END IF;\n",
        """        RETURN 'before';
    END IF;
    IF shown <> sec.finding_stand(f) THEN
        RETURN 'more';
    END IF;
""",
    ),
    ("     WHERE x.id = f.id;\n", "     WHERE x.id = f.id OR x.folded_into_id = f.id AND x.state = 'folded';\n"),
    ("    RETURN true;\n", "    RETURN 'done';\n"),
)
ASKING = f"""
-- Asks the other side of a finding of one's own to agree that such ones, at the very places that it shows, are not shown,
-- for at most 90 days. Nothing of a third organisation is in what it asks, and no place that the asker has not seen.
CREATE FUNCTION sec.ask_suppression(finding uuid, of_rule text, why text, last_day date, seen text[]) RETURNS uuid LANGUAGE plpgsql {DEFINER} AS $$
DECLARE me uuid := sec.me(); f public.monitoring_finding; other uuid; p public.monitoring_suppression; BEGIN
    IF NOT sec.fresh() OR NOT sec.may_approve() THEN
        RAISE EXCEPTION 'this needs a role that may approve, and a passkey used just now' USING ERRCODE = '42501';
    END IF;
    SELECT * INTO f FROM public.monitoring_finding x WHERE x.id = finding AND x.organisation_id = me;
    other := CASE WHEN f.side = 'place' THEN f.home_id WHEN cardinality(f.organisations) = 1 THEN f.organisations[1] END;
    IF other IS NULL OR other = me OR f.folded > 0 OR cardinality(f.places) NOT BETWEEN 1 AND 20 THEN
        RAISE EXCEPTION 'a finding of yours of one account, at one organisation and twenty places at most' USING ERRCODE = '42501';
    END IF;
    IF seen IS NULL OR NOT (seen @> f.places AND seen <@ f.places) THEN
        RAISE EXCEPTION 'it shows other places by now' USING ERRCODE = '55000';
    END IF;
    IF btrim(coalesce(why, '')) = '' OR last_day IS NULL OR last_day NOT BETWEEN current_date AND current_date + 90 THEN
        RAISE EXCEPTION 'a reason, and a last day within 90 days' USING ERRCODE = '23514';
    END IF;
    INSERT INTO public.monitoring_suppression (id, organisation_id, other_id, account, places, rule, reason, until, asked_at,
        asked_by_name, agreed_by_name, ended_by_name)
    VALUES (gen_random_uuid(), me, other, lower(f.shown), f.places, coalesce(of_rule, ''), btrim(why), last_day,
        clock_timestamp(), sec.my_name(), '', '') RETURNING * INTO p;
    PERFORM sec.suppression_happened(p, 'asked');
    RETURN p.id;
END $$;
"""

SAYING = f"""
-- What somebody made of the portal's picture of logs: whose a name is, and that a source only learns. For those whom
-- the name is about, and the source's own organisation.
CREATE FUNCTION sec.picture_changed(what text, about uuid, told uuid[], said jsonb) RETURNS void LANGUAGE sql {DEFINER} AS $$
    INSERT INTO public.ledger_event (id, kind, at, actor_organisation_id, actor_kind, actor_person_id, incident_reference,
                                     subject_id, audience, data)
    SELECT gen_random_uuid(), CASE what WHEN 'claimed' THEN 'access.name_claimed' WHEN 'released' THEN 'access.name_released'
                                        WHEN 'learns' THEN 'access.learning_started' ELSE 'access.learning_ended' END,
           clock_timestamp(), t.org_id,
           CASE WHEN t.kind = 'job' THEN 'system' WHEN t.person_id IS NULL THEN 'key' ELSE 'person' END, t.person_id, '', about,
           ARRAY(SELECT DISTINCT x FROM unnest(told) x), said
      FROM sec.ticket() t
$$;
CREATE FUNCTION sec.name_changed(i public.monitoring_identifier, what text) RETURNS void LANGUAGE sql {DEFINER} AS $$
    SELECT sec.picture_changed(what, i.id, ARRAY[i.organisation_id, i.said_for_id], jsonb_build_object('name', i.value,
        'name_kind', i.kind, 'organisation', (SELECT o.slug FROM public.partners_organisation o WHERE o.id = i.organisation_id)))
$$;
CREATE OR REPLACE FUNCTION sec.drop_name(identifier uuid) RETURNS boolean LANGUAGE plpgsql {DEFINER} AS $$
DECLARE gone public.monitoring_identifier; BEGIN
    DELETE FROM public.monitoring_identifier i WHERE i.id = identifier AND sec.me() IN (i.organisation_id, i.said_for_id)
       AND sec.may_keep_register() RETURNING * INTO gone;
    IF gone.id IS NULL THEN
        RETURN false;
    END IF;
    PERFORM sec.name_changed(gone, 'released');
    RETURN true;
END $$;
"""
CLAIMING = with_parts(
    function(NAMES, "claim_name"),
    (
        "        END IF;\n    END IF;\n    DELETE",
        """        END IF;
    ELSE
        PERFORM sec.name_changed(i, 'claimed') FROM public.monitoring_identifier i WHERE i.id = made;
    END IF;
    DELETE""",
    ),
)
LEARNING = with_parts(
    function(TAKING, "let_learn"),
    ("$$\nBEGIN\n", "$$\nDECLARE was public.monitoring_source; BEGIN\n"),
    (
        "    UPDATE public.monitoring_source s SET learning_until = until WHERE s.id = source AND s.organisation_id = sec.me();\n    RETURN FOUND;\n",
        """    SELECT * INTO was FROM public.monitoring_source s WHERE s.id = source AND s.organisation_id = sec.me() FOR UPDATE;
    IF was.id IS NULL THEN
        RETURN false;
    END IF;
    UPDATE public.monitoring_source s SET learning_until = until WHERE s.id = was.id;
    IF until > clock_timestamp() THEN
        PERFORM sec.picture_changed('learns', was.id, ARRAY[was.organisation_id],
                                    jsonb_build_object('source', was.name, 'until', until));
    ELSIF was.learning_until > clock_timestamp() THEN
        PERFORM sec.picture_changed('ended', was.id, ARRAY[was.organisation_id], jsonb_build_object('source', was.name));
    END IF;
    RETURN true;
""",
    ),
)
NOBODY = (
    "sec.cuts(), sec.findings_an_hour(), sec.findings_a_list(), sec.finding_stand(public.monitoring_finding),"
    " sec.list_of_findings(uuid, text, uuid, uuid[]), sec.count_list(uuid),"
    " sec.picture_changed(text, uuid, uuid[], jsonb), sec.name_changed(public.monitoring_identifier, text)"
)
BY_BOTH = "sec.access_moments(), sec.take_passages(uuid, text[], uuid[], uuid[], text[], timestamptz[])"
ASK, ASKED_BEFORE = (
    "sec.ask_suppression(uuid, text, text, date, text[])",
    "sec.ask_suppression(uuid, text, text, text, text, date)",
)
SETTLE, SETTLED_BEFORE = (
    "sec.settle_finding(uuid, text, text, uuid, text)",
    "sec.settle_finding(uuid, text, text, uuid)",
)
WAS_CUT_OFF = "sec.was_cut_off(uuid, uuid, uuid, timestamptz, uuid)"
FORWARD = f"""
DROP FUNCTION {WAS_CUT_OFF}, {ASKED_BEFORE}, {SETTLED_BEFORE};
{CUTS}{JUDGING}{SWEEPING}{SETTLING}{ASKING}{SAYING}{CLAIMING}{LEARNING}
REVOKE ALL ON FUNCTION {NOBODY}, {BY_BOTH}, {ASK}, {SETTLE} FROM PUBLIC;
GRANT EXECUTE ON FUNCTION {BY_BOTH}, {ASK}, {SETTLE} TO {APP};
GRANT EXECUTE ON FUNCTION {BY_BOTH} TO {WORKER};
"""
_JUDGED, _DECIDED = FINDINGS.JUDGING, FINDINGS.DECIDING
BACKWARD = f"""
{function(NAMES, "claim_name")}{function(NAMES, "drop_name")}{function(TAKING, "let_learn")}
{function(_DECIDED, "settle_finding")}{function(_DECIDED, "ask_suppression")}
{function(_JUDGED, "was_cut_off")}{function(_JUDGED, "finding_happened")}{function(_JUDGED, "judge_access")}
{function(_JUDGED, "access_waiting")}{function(_JUDGED, "sweep_findings")}
DROP FUNCTION {NOBODY}, {BY_BOTH}, {ASK}, {SETTLE};
REVOKE ALL ON FUNCTION {WAS_CUT_OFF}, {ASKED_BEFORE}, {SETTLED_BEFORE} FROM PUBLIC;
GRANT EXECUTE ON FUNCTION {ASKED_BEFORE}, {SETTLED_BEFORE} TO {APP};
"""
# What was agreed for every place says no longer what it keeps back: it is asked for anew.
PLACES = """
UPDATE monitoring_suppression SET places = CASE WHEN place = '' THEN '{}' ELSE ARRAY[place] END,
       ended_at = CASE WHEN place = '' THEN coalesce(ended_at, clock_timestamp()) ELSE ended_at END
"""
PLACE = "UPDATE monitoring_suppression SET place = coalesce(places[1], '')"
WEAK = {"db_constraint": False, "db_index": False, "related_name": "+"}


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0007_tool_alerts")]
    operations = [
        migrations.CreateModel(
            name="Passage",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("since", models.DateTimeField()),
                ("learned", models.BooleanField(default=False)),
                ("noted_at", models.DateTimeField(null=True)),
                (
                    "reporter",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="partners.organisation", **WEAK),
                ),
                (
                    "sight",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="monitoring.sight", **WEAK),
                ),
            ],
            options={
                "ordering": ["at"],
                "constraints": [models.UniqueConstraint(fields=("sight", "since"), name="passage_once")],
                "indexes": [
                    models.Index(condition=models.Q(("noted_at__isnull", True)), fields=["at"], name="passage_unnoted")
                ],
            },
        ),
        protect("monitoring_passage"),
        migrations.AddField(
            model_name="suppression",
            name="places",
            field=django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list, size=None),
        ),
        migrations.RunSQL(PLACES, PLACE),
        migrations.RemoveField(model_name="suppression", name="place"),
        migrations.RemoveField(model_name="suppression", name="kept_back"),
        migrations.AddField(
            model_name="finding", name="folded", field=models.PositiveIntegerField(default=0, db_default=0)
        ),
        migrations.AddField(
            model_name="finding",
            name="folded_into",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="within",
                to="monitoring.finding",
            ),
        ),
        migrations.AlterField(
            model_name="finding",
            name="state",
            field=models.TextField(
                choices=[
                    ("waiting", "Waits for a person"),
                    ("folded", "Waits in a list"),
                    ("opened", "Opened an incident"),
                    ("joined", "Joined an incident"),
                    ("expected", "Expected: a permission is proposed"),
                    ("dismissed", "Dismissed"),
                    ("suppressed", "Not shown, as was agreed"),
                ],
                default="waiting",
            ),
        ),
        migrations.RemoveConstraint(model_name="finding", name="access_finding_state"),
        migrations.AddConstraint(
            model_name="finding",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "state__in",
                        ["waiting", "folded", "opened", "joined", "expected", "dismissed", "suppressed"],
                    )
                ),
                name="access_finding_state",
            ),
        ),
        migrations.RemoveIndex(model_name="finding", name="finding_account"),
        migrations.AddIndex(
            model_name="finding",
            index=models.Index(fields=["organisation", "account", "last_at"], name="finding_account"),
        ),
        migrations.AddIndex(
            model_name="finding",
            index=models.Index(
                condition=models.Q(("folded_into__isnull", True)),
                fields=["organisation", "made_at"],
                name="finding_made",
            ),
        ),
        migrations.AddIndex(
            model_name="finding",
            index=models.Index(
                condition=models.Q(("folded_into__isnull", False)), fields=["folded_into"], name="finding_within"
            ),
        ),
        migrations.AddIndex(
            model_name="finding",
            index=models.Index(
                condition=models.Q(("suppression__isnull", False)), fields=["suppression"], name="finding_kept_back"
            ),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
