"""Findings: what a person has to look at of first sights and the rules beside them, each side its own.

A job makes them of what nobody has looked at yet; an organisation decides on its own alone. Nothing that another may
not see goes into a finding: whatever weighs in it is read with the eyes of the organisation that it is for.
"""

import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

from portal.tenancy.policies import ME, Allow, protect

DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
APP = "portal_app"

JUDGING = f"""
-- What each reason weighs; a finding weighs at most 100. `monitoring.findings.rules` says the same in words.
CREATE FUNCTION sec.finding_weight(reasons text[]) RETURNS smallint LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS $$
    SELECT least(100, coalesce(sum(p.points), 0))::smallint
      FROM (VALUES ('new-organisation', 40), ('new-place', 20), ('failed', 10), ('service', 20), ('admin', 30),
                   ('dormant', 25), ('lapsed', 35), ('many', 40), ('isolated', 60), ('account-made', 40),
                   ('rights-changed', 50), ('backup-deleted', 70)) AS p (code, points)
     WHERE p.code = ANY (reasons)
$$;
-- Whether that was while one of the two was cut off from the portal, or over a link that both ends had cut, as far as
-- `reader` may know of it.
CREATE FUNCTION sec.was_cut_off(home uuid, whose uuid, system uuid, seen timestamptz, reader uuid) RETURNS boolean
LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT EXISTS (SELECT 1 FROM public.partners_isolation i
                    WHERE i.organisation_id IN (home, whose) AND i.step >= 3 AND i.started_at <= seen
                      AND (i.lifted_at IS NULL OR i.lifted_at > seen)
                      AND (reader = i.organisation_id OR reader = ANY (i.audience)))
        OR EXISTS (SELECT 1 FROM public.partners_dependency d
                    WHERE d.target_id = system AND d.cut_source_at <= seen AND d.cut_target_at <= seen
                      AND home = ANY (sec.on_system(d.source_id)) AND NOT home = ANY (sec.on_system(d.target_id))
                      AND reader = ANY (sec.on_system(d.source_id) || sec.on_system(d.target_id)))
$$;
-- The event of a finding, for its organisation alone.
CREATE FUNCTION sec.finding_happened(f public.monitoring_finding, what text) RETURNS void LANGUAGE sql {DEFINER} AS $$
    INSERT INTO public.ledger_event (id, kind, at, actor_organisation_id, actor_kind, incident_reference, subject_id,
                                     audience, data)
    SELECT gen_random_uuid(), CASE WHEN what = 'rule' THEN 'access.rule' ELSE 'access.first_sight' END,
           clock_timestamp(), f.organisation_id, 'system', '', f.id, ARRAY[f.organisation_id],
           jsonb_build_object('finding', f.id, 'side', f.side, 'account', f.shown, 'account_kind', f.account_kind,
               'home', (SELECT o.slug FROM public.partners_organisation o WHERE o.id = f.home_id),
               'organisations', ARRAY(SELECT o.slug FROM public.partners_organisation o
                                       WHERE o.id = ANY (f.organisations) ORDER BY o.slug),
               'places', f.places, 'rules', f.rules, 'weight', f.weight, 'sights', f.sights, 'changes', f.changes,
               'first_at', f.first_at, 'last_at', f.last_at)
$$;
-- Makes findings of at most so many sights and changes that nobody has looked at. One at a time: whoever comes meanwhile
-- has nothing to do. How many it took; what was taken is marked in the same transaction.
CREATE FUNCTION sec.judge_access(at_most integer) RETURNS integer LANGUAGE plpgsql {DEFINER} AS $$
DECLARE due uuid[]; moved uuid[]; cuts boolean; g record; f public.monitoring_finding; before text[]; kept_by uuid; BEGIN
    IF NOT pg_try_advisory_xact_lock(760551) THEN
        RETURN 0;
    END IF;
    due := ARRAY(SELECT s.id FROM public.monitoring_sight s WHERE s.noted_at IS NULL ORDER BY s.first_at, s.id
                  LIMIT at_most FOR UPDATE);
    moved := ARRAY(SELECT c.id FROM public.monitoring_accesschange c WHERE c.noted_at IS NULL ORDER BY c.at, c.id
                    LIMIT at_most FOR UPDATE);
    cuts := EXISTS (SELECT 1 FROM public.partners_isolation i WHERE i.step >= 3 AND i.lifted_at IS NULL)
            OR EXISTS (SELECT 1 FROM public.partners_dependency d WHERE d.cut_source_at IS NOT NULL AND d.cut_target_at IS NOT NULL);
    FOR g IN
        WITH seen AS (
            SELECT s.*, x.org, x.side,
                   EXISTS (SELECT 1 FROM public.monitoring_sight t WHERE t.account = s.account AND t.home_id = s.home_id
                              AND t.organisation_id = s.organisation_id AND t.id <> s.id AND t.kind <> 'failure'
                              AND t.first_at < s.first_at) AS known,
                   EXISTS (SELECT 1 FROM public.monitoring_sight t WHERE t.account = s.account AND t.home_id = s.home_id
                              AND x.org IN (t.home_id, t.organisation_id) AND t.first_at < s.first_at - interval '60 days')
                   AND NOT EXISTS (SELECT 1 FROM public.monitoring_sight t, unnest(t.days) AS day
                            WHERE t.account = s.account AND t.home_id = s.home_id
                              AND x.org IN (t.home_id, t.organisation_id)
                              AND day >= ((s.first_at - interval '60 days') AT TIME ZONE 'UTC')::date
                              AND day < (s.first_at AT TIME ZONE 'UTC')::date) AS dormant,
                   (SELECT count(DISTINCT t.organisation_id) FROM public.monitoring_sight t
                     WHERE t.account = s.account AND t.home_id = s.home_id AND t.kind <> 'failure' AND x.side = 'home'
                       AND t.first_at BETWEEN s.first_at - interval '1 hour' AND s.first_at + interval '1 hour') >= 3 AS many,
                   cuts AND s.kind <> 'failure'
                   AND sec.was_cut_off(s.home_id, s.organisation_id, s.system_id, s.last_at, x.org) AS isolated
              FROM public.monitoring_sight s
              CROSS JOIN LATERAL (VALUES (s.home_id, 'home'), (s.organisation_id, 'place')) AS x (org, side)
             WHERE s.id = ANY (due) AND s.account_kind NOT IN ('machine', 'anonymous') AND NOT (s.learned AND x.org = s.reporter_id)
        ), again AS (
            -- What was looked at long ago, or is covered, and is seen although one of the two is cut off.
            SELECT s.*, x.org, x.side FROM public.monitoring_sight s
              CROSS JOIN LATERAL (VALUES (s.home_id, 'home'), (s.organisation_id, 'place')) AS x (org, side)
             WHERE cuts AND s.noted_at IS NOT NULL AND s.kind <> 'failure' AND s.account_kind NOT IN ('machine', 'anonymous')
               AND s.last_at > clock_timestamp() - interval '31 days'
               AND sec.was_cut_off(s.home_id, s.organisation_id, s.system_id, s.last_at, x.org)
               AND NOT EXISTS (SELECT 1 FROM public.monitoring_finding y WHERE y.organisation_id = x.org
                                  AND y.account = s.account AND 'during-isolation' = ANY (y.rules)
                                  AND s.id = ANY (y.sight_ids) AND y.last_at >= s.last_at)
             ORDER BY s.last_at LIMIT at_most
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
                   s.last_at, s.id, NULL, 'during-isolation', 'isolated' FROM again s
            UNION ALL
            SELECT x.org, x.side, c.account, c.shown, 'unknown', c.home_id, c.organisation_id, c.place, c.system_id, c.at,
                   NULL, c.id, c.rule, c.rule
              FROM changed c
              CROSS JOIN LATERAL (VALUES (c.organisation_id, 'place'), (nullif(c.home_id, c.organisation_id), 'home'))
                AS x (org, side)
             WHERE c.rule IS NOT NULL AND x.org IS NOT NULL AND NOT (c.learned AND x.org = c.reporter_id)
        ), marked AS (
            SELECT i.*, CASE WHEN i.at - lag(i.at) OVER w > interval '1 hour' THEN 1 ELSE 0 END AS jump FROM items i
            WINDOW w AS (PARTITION BY i.org, i.side, i.account, i.home_id ORDER BY i.at)
        ), bursts AS (
            SELECT m.*, sum(m.jump) OVER (PARTITION BY m.org, m.side, m.account, m.home_id ORDER BY m.at
                                          ROWS UNBOUNDED PRECEDING) AS burst FROM marked m
        )
        SELECT b.org, b.side, b.account, b.home_id, max(b.shown) AS shown,
               coalesce(max(b.account_kind) FILTER (WHERE b.account_kind <> 'unknown'), 'unknown') AS account_kind,
               array_agg(DISTINCT b.place) AS places, array_agg(DISTINCT b.organisation_id) AS organisations,
               coalesce(array_agg(DISTINCT b.system_id) FILTER (WHERE b.system_id IS NOT NULL), '{{}}') AS systems,
               ARRAY(SELECT DISTINCT r FROM unnest(string_to_array(string_agg(b.rules, ','), ',')) r ORDER BY r) AS rules,
               ARRAY(SELECT DISTINCT r FROM unnest(string_to_array(string_agg(b.reasons, ','), ',')) r ORDER BY r) AS reasons,
               coalesce(array_agg(b.sight ORDER BY b.at) FILTER (WHERE b.sight IS NOT NULL), '{{}}') AS sight_ids,
               coalesce(array_agg(b.change ORDER BY b.at) FILTER (WHERE b.change IS NOT NULL), '{{}}') AS change_ids,
               min(b.at) AS first_at, max(b.at) AS last_at
          FROM bursts b GROUP BY b.org, b.side, b.account, b.home_id, b.burst ORDER BY min(b.at)
    LOOP
        -- What happens while somebody is cut off is never kept back.
        SELECT p.id INTO kept_by FROM public.monitoring_suppression p
         WHERE p.organisation_id = g.org AND p.agreed_at IS NOT NULL AND p.ended_at IS NULL AND p.until >= current_date
           AND p.account IN (lower(g.account), lower(g.shown)) AND (p.other_id = g.home_id OR ARRAY[p.other_id] @> g.organisations)
           AND (p.place = '' OR g.places <@ ARRAY[p.place]) AND (g.rules <@ ARRAY[p.rule]
                OR p.rule = '' AND NOT g.rules && ARRAY['lapsed-permission', 'rights-changed', 'backup-deleted'])
           AND NOT 'during-isolation' = ANY (g.rules)
         ORDER BY p.agreed_at LIMIT 1;
        SELECT * INTO f FROM public.monitoring_finding y
         WHERE y.organisation_id = g.org AND y.side = g.side AND y.account = g.account AND y.home_id IS NOT DISTINCT FROM g.home_id
           AND y.state = CASE WHEN kept_by IS NULL THEN 'waiting' ELSE 'suppressed' END
           AND y.first_at <= g.last_at + interval '1 hour' AND y.last_at >= g.first_at - interval '1 hour'
         ORDER BY y.last_at DESC LIMIT 1 FOR UPDATE;
        IF f.id IS NOT NULL THEN
            before := f.rules;
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
            IF f.state = 'waiting' AND NOT f.rules <@ before THEN
                PERFORM sec.finding_happened(f, 'rule');
            END IF;
        ELSE
            INSERT INTO public.monitoring_finding (id, organisation_id, side, account, shown, account_kind, home_id, places,
                organisations, systems, rules, reasons, weight, sight_ids, change_ids, sights, changes, first_at, last_at,
                made_at, state, because, decided_by_name, suppression_id)
            VALUES (gen_random_uuid(), g.org, g.side, g.account, g.shown, g.account_kind, g.home_id, g.places, g.organisations,
                g.systems, g.rules, g.reasons, sec.finding_weight(g.reasons), g.sight_ids[1:500], g.change_ids[1:500],
                cardinality(g.sight_ids), cardinality(g.change_ids), g.first_at, g.last_at, clock_timestamp(),
                CASE WHEN kept_by IS NULL THEN 'waiting' ELSE 'suppressed' END, '', '', kept_by) RETURNING * INTO f;
            IF kept_by IS NULL THEN
                PERFORM sec.finding_happened(f, CASE WHEN f.rules <@ ARRAY['first-sight', 'failed-attempt'] THEN 'sight' ELSE 'rule' END);
            ELSE
                UPDATE public.monitoring_suppression p SET kept_back = p.kept_back + 1 WHERE p.id = kept_by;
            END IF;
        END IF;
    END LOOP;
    UPDATE public.monitoring_sight s SET noted_at = clock_timestamp() WHERE s.id = ANY (due);
    UPDATE public.monitoring_accesschange c SET noted_at = clock_timestamp() WHERE c.id = ANY (moved);
    RETURN cardinality(due) + cardinality(moved);
END $$;
-- For the scheduler: 0 when something waits to be judged, else null.
CREATE FUNCTION sec.access_waiting() RETURNS double precision LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT CASE WHEN EXISTS (SELECT 1 FROM public.monitoring_sight s WHERE s.noted_at IS NULL)
                  OR EXISTS (SELECT 1 FROM public.monitoring_accesschange c WHERE c.noted_at IS NULL) THEN 0::float8 END
$$;
-- Nothing is kept longer than is said. What a finding was made of goes by itself (`sec.sweep_access`).
CREATE FUNCTION sec.sweep_findings(kept_days integer) RETURNS bigint LANGUAGE plpgsql {DEFINER} AS $$
DECLARE gone bigint; BEGIN
    IF kept_days < 30 THEN
        RAISE EXCEPTION 'at least 30 days are kept' USING ERRCODE = '23514';
    END IF;
    DELETE FROM public.monitoring_finding f WHERE f.last_at < clock_timestamp() - make_interval(days => kept_days);
    GET DIAGNOSTICS gone = ROW_COUNT;
    DELETE FROM public.monitoring_suppression p WHERE p.until < current_date - kept_days
       AND NOT EXISTS (SELECT 1 FROM public.monitoring_finding f WHERE f.suppression_id = p.id);
    RETURN gone;
END $$;
"""

DECIDING = f"""
-- What an organisation decides of its own finding, once; false: somebody has decided before.
CREATE FUNCTION sec.settle_finding(finding uuid, outcome text, why text, of_incident uuid) RETURNS boolean
LANGUAGE plpgsql {DEFINER} AS $$
DECLARE me uuid := sec.me(); f public.monitoring_finding; i public.incidents_incident; BEGIN
    SELECT * INTO f FROM public.monitoring_finding x WHERE x.id = finding AND x.organisation_id = me FOR UPDATE;
    IF f.id IS NULL OR sec.who() IS NOT NULL
       AND sec.role() NOT IN ('administrator', 'incident_manager', 'responder', 'approver') THEN
        RAISE EXCEPTION 'no finding of yours to decide' USING ERRCODE = '42501';
    END IF;
    IF outcome IS NULL OR outcome NOT IN ('opened', 'joined', 'expected', 'dismissed') THEN
        RAISE EXCEPTION 'opened, joined, expected or dismissed' USING ERRCODE = '23514';
    END IF;
    IF outcome = 'dismissed' AND btrim(coalesce(why, '')) = '' THEN
        RAISE EXCEPTION 'say why it is nothing' USING ERRCODE = '23514';
    END IF;
    IF outcome IN ('opened', 'joined') THEN
        SELECT * INTO i FROM public.incidents_incident x WHERE x.id = of_incident AND me = ANY (x.participants);
        IF i.id IS NULL THEN
            RAISE EXCEPTION 'no incident of yours' USING ERRCODE = '42501';
        END IF;
    END IF;
    IF f.state <> 'waiting' THEN
        RETURN false;
    END IF;
    UPDATE public.monitoring_finding x SET state = outcome, because = btrim(coalesce(why, '')), incident_id = i.id,
           decided_at = clock_timestamp(), decided_by = sec.who(), decided_by_name = coalesce(sec.my_name(), '')
     WHERE x.id = f.id;
    INSERT INTO public.ledger_event (id, kind, at, actor_organisation_id, actor_kind, actor_person_id, incident_reference,
                                     subject_id, audience, data)
    SELECT gen_random_uuid(), 'access.settled', clock_timestamp(), me,
           CASE WHEN t.kind = 'job' THEN 'system' WHEN t.person_id IS NULL THEN 'key' ELSE 'person' END, t.person_id, '', f.id,
           ARRAY[me], jsonb_build_object('finding', f.id, 'state', outcome, 'incident', i.reference)
      FROM sec.ticket() t;
    RETURN true;
END $$;
CREATE FUNCTION sec.suppression_happened(p public.monitoring_suppression, what text) RETURNS void LANGUAGE sql {DEFINER} AS $$
    INSERT INTO public.ledger_event (id, kind, at, actor_organisation_id, actor_kind, actor_person_id, incident_reference,
                                     subject_id, audience, data)
    SELECT gen_random_uuid(), CASE what WHEN 'asked' THEN 'access.suppression_asked' WHEN 'agreed' THEN 'access.suppressed'
                                        ELSE 'access.suppression_ended' END, clock_timestamp(), t.org_id,
           CASE WHEN t.person_id IS NULL THEN 'key' ELSE 'person' END, t.person_id, '', p.id,
           ARRAY[p.organisation_id, p.other_id], jsonb_build_object('suppression', p.id, 'until', p.until)
      FROM sec.ticket() t
$$;
-- Asks the other side of one's own findings of an account to agree that they are not shown, for at most 90 days.
CREATE FUNCTION sec.ask_suppression(other uuid, of_account text, at_place text, of_rule text, why text, last_day date)
RETURNS uuid LANGUAGE plpgsql {DEFINER} AS $$
DECLARE me uuid := sec.me(); p public.monitoring_suppression; BEGIN
    IF NOT sec.fresh() OR NOT sec.may_approve() THEN
        RAISE EXCEPTION 'this needs a role that may approve, and a passkey used just now' USING ERRCODE = '42501';
    END IF;
    IF other IS NULL OR other = me OR NOT EXISTS (
            SELECT 1 FROM public.monitoring_finding f WHERE f.organisation_id = me
               AND lower(btrim(of_account)) IN (lower(f.account), lower(f.shown))
               AND (other = f.home_id OR other = ANY (f.organisations))) THEN
        RAISE EXCEPTION 'the other side of a finding of yours' USING ERRCODE = '42501';
    END IF;
    IF btrim(coalesce(why, '')) = '' OR last_day IS NULL OR last_day NOT BETWEEN current_date AND current_date + 90 THEN
        RAISE EXCEPTION 'a reason, and a last day within 90 days' USING ERRCODE = '23514';
    END IF;
    INSERT INTO public.monitoring_suppression (id, organisation_id, other_id, account, place, rule, reason, until, asked_at,
        asked_by_name, agreed_by_name, ended_by_name, kept_back)
    VALUES (gen_random_uuid(), me, other, lower(btrim(of_account)), coalesce(at_place, ''), coalesce(of_rule, ''), btrim(why),
        last_day, clock_timestamp(), sec.my_name(), '', '', 0) RETURNING * INTO p;
    PERFORM sec.suppression_happened(p, 'asked');
    RETURN p.id;
END $$;
CREATE FUNCTION sec.agree_suppression(suppression uuid) RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
DECLARE p public.monitoring_suppression; BEGIN
    IF NOT sec.fresh() OR NOT sec.may_approve() THEN
        RAISE EXCEPTION 'this needs a role that may approve, and a passkey used just now' USING ERRCODE = '42501';
    END IF;
    UPDATE public.monitoring_suppression x SET agreed_at = clock_timestamp(), agreed_by_name = sec.my_name()
     WHERE x.id = suppression AND x.other_id = sec.me() AND x.agreed_at IS NULL AND x.ended_at IS NULL AND x.until >= current_date
    RETURNING * INTO p;
    IF p.id IS NULL THEN
        RAISE EXCEPTION 'nothing that waits for your side' USING ERRCODE = '23514';
    END IF;
    PERFORM sec.suppression_happened(p, 'agreed');
END $$;
-- Either side, alone and at once: one less is never less safe.
CREATE FUNCTION sec.end_suppression(suppression uuid) RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
DECLARE me uuid := sec.me(); p public.monitoring_suppression; BEGIN
    IF NOT sec.may_approve() THEN
        RAISE EXCEPTION 'this needs a role that may approve' USING ERRCODE = '42501';
    END IF;
    UPDATE public.monitoring_suppression x SET ended_at = clock_timestamp(), ended_by_name = sec.my_name(), ended_for_id = me
     WHERE x.id = suppression AND me IN (x.organisation_id, x.other_id) AND x.ended_at IS NULL RETURNING * INTO p;
    IF p.id IS NULL THEN
        RAISE EXCEPTION 'it has ended, or is none of yours' USING ERRCODE = '23514';
    END IF;
    PERFORM sec.suppression_happened(p, 'ended');
END $$;
CREATE POLICY access_by_functions ON ledger_event AS RESTRICTIVE FOR INSERT TO portal_app, portal_worker
    WITH CHECK (split_part(kind, '.', 1) <> 'access');
"""
NOBODY = (
    "sec.finding_weight(text[]), sec.was_cut_off(uuid, uuid, uuid, timestamptz, uuid),"
    " sec.finding_happened(public.monitoring_finding, text),"
    " sec.suppression_happened(public.monitoring_suppression, text)"
)
BY_APP = (
    "sec.settle_finding(uuid, text, text, uuid), sec.ask_suppression(uuid, text, text, text, text, date),"
    " sec.agree_suppression(uuid), sec.end_suppression(uuid)"
)
BY_WORKER = "sec.judge_access(integer), sec.access_waiting(), sec.sweep_findings(integer)"
GRANTS = f"""
REVOKE ALL ON FUNCTION {NOBODY}, {BY_APP}, {BY_WORKER} FROM PUBLIC;
GRANT EXECUTE ON FUNCTION {BY_APP} TO portal_app;
GRANT EXECUTE ON FUNCTION {BY_WORKER} TO portal_worker;
"""
BACKWARD = f"""
DROP POLICY access_by_functions ON ledger_event;
DROP FUNCTION {NOBODY}, {BY_APP}, {BY_WORKER};
"""
ORGANISATION = {
    "on_delete": django.db.models.deletion.PROTECT,
    "related_name": "+",
    "to": "partners.organisation",
}


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0004_access")]
    operations = [
        migrations.CreateModel(
            name="Suppression",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("account", models.TextField()),
                ("place", models.TextField(blank=True, default="")),
                ("rule", models.TextField(blank=True, default="")),
                ("reason", models.TextField()),
                ("until", models.DateField()),
                ("asked_at", models.DateTimeField()),
                ("asked_by_name", models.TextField()),
                ("agreed_at", models.DateTimeField(null=True)),
                ("agreed_by_name", models.TextField(blank=True, default="")),
                ("ended_at", models.DateTimeField(null=True)),
                ("ended_by_name", models.TextField(blank=True, default="")),
                ("kept_back", models.PositiveIntegerField(default=0)),
                ("ended_for", models.ForeignKey(db_index=False, null=True, **ORGANISATION)),
                ("organisation", models.ForeignKey(**ORGANISATION)),
                ("other", models.ForeignKey(**ORGANISATION)),
            ],
            options={
                "ordering": ["-asked_at", "-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("organisation", models.F("other")), _negated=True),
                        name="suppression_two_organisations",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True), name="suppression_reason"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Finding",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("side", models.TextField()),
                ("account", models.TextField()),
                ("shown", models.TextField()),
                ("account_kind", models.TextField()),
                ("places", django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)),
                ("organisations", django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), size=None)),
                ("systems", django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), size=None)),
                ("rules", django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)),
                ("reasons", django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)),
                ("weight", models.PositiveSmallIntegerField()),
                (
                    "sight_ids",
                    django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), default=list, size=None),
                ),
                (
                    "change_ids",
                    django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), default=list, size=None),
                ),
                ("sights", models.PositiveIntegerField(default=0)),
                ("changes", models.PositiveIntegerField(default=0)),
                ("first_at", models.DateTimeField()),
                ("last_at", models.DateTimeField()),
                ("made_at", models.DateTimeField()),
                (
                    "state",
                    models.TextField(
                        choices=[
                            ("waiting", "Waits for a person"),
                            ("opened", "Opened an incident"),
                            ("joined", "Joined an incident"),
                            ("expected", "Expected: a permission is proposed"),
                            ("dismissed", "Dismissed"),
                            ("suppressed", "Not shown, as was agreed"),
                        ],
                        default="waiting",
                    ),
                ),
                ("because", models.TextField(blank=True, default="")),
                ("decided_at", models.DateTimeField(null=True)),
                ("decided_by", models.UUIDField(null=True)),
                ("decided_by_name", models.TextField(blank=True, default="")),
                ("home", models.ForeignKey(db_index=False, null=True, **ORGANISATION)),
                (
                    "incident",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="incidents.incident",
                    ),
                ),
                ("organisation", models.ForeignKey(db_index=False, **ORGANISATION)),
                (
                    "suppression",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="monitoring.suppression",
                    ),
                ),
            ],
            options={
                "ordering": ["-weight", "-last_at", "-id"],
                "indexes": [
                    models.Index(fields=["organisation", "state", "-weight", "-last_at"], name="finding_triage"),
                    models.Index(fields=["organisation", "account"], name="finding_account"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["waiting", "opened", "joined", "expected", "dismissed", "suppressed"])
                        ),
                        name="access_finding_state",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("side__in", ["home", "place"])), name="access_finding_side"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decided_at", None), ("state", "waiting")),
                            models.Q(("state", "waiting"), _negated=True),
                            _connector="OR",
                        ),
                        name="access_finding_waits",
                    ),
                ],
            },
        ),
        migrations.RunSQL(JUDGING + DECIDING + GRANTS, BACKWARD),
        protect("monitoring_finding", Allow(APP, "select", f"organisation_id = {ME}")),
        protect("monitoring_suppression", Allow(APP, "select", f"{ME} IN (organisation_id, other_id)")),
    ]
