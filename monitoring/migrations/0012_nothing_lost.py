"""Joining two spellings of an account takes nothing from it that nobody has been told of; and the operator's file of
feeds is his own: of an address everybody may know the host, as a path may hold a key, and no other name of a supplier."""

from importlib import import_module

from django.db import migrations

TAKING = import_module("monitoring.migrations.0004_access").TAKING
REST = import_module("monitoring.migrations.0008_findings_rest")
DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
APP = "portal_app"
FEED = "monitoring_advisoryfeed"
OF_A_FEED = "id, slug, name, kind, every_minutes, is_active, checked_at, good_at, failing_since, trouble"

LEARNS = REST.function(TAKING, "learn_aliases")
LOSES_NOTHING = REST.with_parts(
    LEARNS,
    (
        "        -- Only what both sides",
        """        -- Whoever tells of this spelling meanwhile holds its rows: waited for here, what they tell is seen below.
        PERFORM 1 FROM public.monitoring_sight o
         WHERE o.account = a.alias AND o.home_id = a.home_id AND o.reporter_id = me AND o.noted_at IS NOT NULL
         ORDER BY o.organisation_id, o.place, o.kind FOR UPDATE;
        -- Only what both sides""",
    ),
    (
        "        IF FOUND THEN\n            DELETE",
        """        IF FOUND THEN
            -- What was seen while somebody was cut off goes on under the name that stays: judged, or waiting to be.
            WITH pair AS MATERIALIZED (
                SELECT o.id AS was, t.id AS now FROM public.monitoring_sight o
                  JOIN public.monitoring_sight t ON t.account = a.account AND t.reporter_id = me AND t.home_id = o.home_id
                   AND t.organisation_id = o.organisation_id AND t.place = o.place AND t.kind = o.kind
                 WHERE o.account = a.alias AND o.home_id = a.home_id AND o.reporter_id = me AND o.noted_at IS NOT NULL
            ), gone AS (
                DELETE FROM public.monitoring_passage p USING pair x WHERE p.sight_id = x.was
                RETURNING x.now, p.at, p.since, p.reporter_id, p.learned, p.noted_at
            )
            INSERT INTO public.monitoring_passage AS k (id, sight_id, at, since, reporter_id, learned, noted_at)
            SELECT gen_random_uuid(), g.now, g.at, g.since, g.reporter_id, g.learned, g.noted_at
              FROM gone g ORDER BY g.now, g.since
            -- As in sec.take_passages: one of each cut; what only a source that learns has told is told anew.
            ON CONFLICT (sight_id, since) DO UPDATE SET learned = false, noted_at = excluded.noted_at
             WHERE k.learned AND NOT excluded.learned;
            -- All of a finding's sights in one go: of rows joined to it an UPDATE uses one alone.
            WITH pair AS MATERIALIZED (
                SELECT o.id AS was, t.id AS now, o.home_id, o.organisation_id FROM public.monitoring_sight o
                  JOIN public.monitoring_sight t ON t.account = a.account AND t.reporter_id = me AND t.home_id = o.home_id
                   AND t.organisation_id = o.organisation_id AND t.place = o.place AND t.kind = o.kind
                 WHERE o.account = a.alias AND o.home_id = a.home_id AND o.reporter_id = me AND o.noted_at IS NOT NULL
            )
            UPDATE public.monitoring_finding f SET sight_ids = ARRAY(
                SELECT coalesce(x.now, u.id) FROM unnest(f.sight_ids) WITH ORDINALITY AS u (id, nth)
                  LEFT JOIN pair x ON x.was = u.id ORDER BY u.nth)
             WHERE f.organisation_id IN (SELECT x.organisation_id FROM pair x UNION SELECT a.home_id) AND f.account = a.alias
               AND f.sight_ids && ARRAY(SELECT x.was FROM pair x);
            DELETE""",
    ),
)
FEEDS = f"""
-- Whom each feed asks; the address itself is the operator's.
CREATE FUNCTION sec.feed_hosts() RETURNS TABLE (feed_id uuid, host text) LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT f.id, split_part(f.url, '/', 3) FROM public.{FEED} f WHERE (SELECT sec.me()) IS NOT NULL
$$;
REVOKE ALL ON FUNCTION sec.feed_hosts() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.feed_hosts() TO {APP};
REVOKE SELECT ON {FEED} FROM {APP};
GRANT SELECT ({OF_A_FEED}) ON {FEED} TO {APP};
DROP POLICY {APP}_select ON monitoring_advisoryalias;
REVOKE ALL ON monitoring_advisoryalias FROM {APP};
"""
FEEDS_BEFORE = f"""
GRANT SELECT ON monitoring_advisoryalias TO {APP};
CREATE POLICY {APP}_select ON monitoring_advisoryalias FOR SELECT TO {APP} USING ((SELECT sec.me()) IS NOT NULL);
REVOKE SELECT ({OF_A_FEED}) ON {FEED} FROM {APP};
GRANT SELECT ON {FEED} TO {APP};
DROP FUNCTION sec.feed_hosts();
"""


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0011_known_again")]
    operations = [migrations.RunSQL(LOSES_NOTHING, LEARNS), migrations.RunSQL(FEEDS, FEEDS_BEFORE)]
