"""What the form to open an incident says of the first messages is what will be written: the same rungs, wishes and kinds.

The rules stand in `notifications.rungs`, `notifications.recipients` and `notifications.planning`; a test opens incidents
and holds both against each other. Nobody may walk the others' registers, so that the counting happens in here.
"""

from importlib import import_module

from django.db import migrations

marks = import_module("notifications.migrations.0011_mail_distrust")
DEFINER = marks.DEFINER
COUNTED_BEFORE = (
    marks.function(marks.COUNTING, "ways_in_reach")
    + marks.function(marks.COUNTING.replace("CREATE OR REPLACE", "CREATE"), "who_would_be_told")
    + marks.function(marks.COUNTING, "how_they_would_be_told")
    + "REVOKE ALL ON FUNCTION sec.ways_in_reach(uuid[], integer, text[]) FROM PUBLIC;"
)

COUNTING = f"""
-- Each way that the first messages of an opening would use (`used`) or pass over as doubted, by organisation; for the two
-- functions below alone. `ways` are the kinds that something sends to. A person is told by their first way; whoever the
-- ladder calls first by one of every kind when it is urgent; the duty desk by all of its own. What is beside comes too.
CREATE FUNCTION sec.first_ways(starts uuid[], how_bad integer, ways text[]) RETURNS TABLE (organisation_id uuid,
    person_id uuid, contact_point_id uuid, way text, is_beside boolean, doubted boolean, used boolean)
LANGUAGE plpgsql STABLE {DEFINER} AS $$
DECLARE walked uuid[]; besides_kinds text[] := ARRAY['teams', 'slack', 'push']; BEGIN
    IF NOT starts <@ sec.my_systems() THEN
        RAISE EXCEPTION 'a start that is not yours' USING ERRCODE = '42501';
    END IF;
    WITH RECURSIVE walk AS (
        SELECT unnest(starts) AS id
        UNION
        SELECT d.target_id FROM walk w JOIN public.partners_dependency d ON d.source_id = w.id
         WHERE NOT (d.cut_source_at IS NOT NULL AND d.cut_target_at IS NOT NULL)
           AND NOT (d.barrier = 'tested' AND d.tested_on IS NOT NULL
                    AND (d.valid_until IS NULL OR d.valid_until >= current_date))
    ) SELECT coalesce(array_agg(w.id), ARRAY[]::uuid[]) INTO walked FROM walk w;
    RETURN QUERY
    WITH reached AS MATERIALIZED (
        SELECT o.id, (SELECT d.person_id FROM sec.on_duty(o.id, clock_timestamp()) d) AS on_duty
          FROM public.partners_organisation o
         WHERE o.id = sec.me()
            OR o.id IN (SELECT p.organisation_id FROM public.partners_participation p WHERE p.system_id = ANY (walked))
            OR o.id IN (SELECT s.provider_id FROM public.partners_sharedsystem s WHERE s.id = ANY (walked))
    ), known AS MATERIALIZED (
        SELECT c.organisation_id AS org, c.person_id AS person, c.id AS point, c.kind, c.kind = ANY (besides_kinds) AS besides,
               NOT (c.trust = 'trusted' AND (c.rides_on_id IS NULL OR c.rides_on_id <> ALL (walked))
                    -- Another's mark for itself is nobody else's to know, not by a count either: here only marks for all.
                    AND (c.kind <> 'email' OR NOT EXISTS (
                         SELECT 1 FROM public.partners_maildistrust m
                          WHERE m.id = sec.mail_mark_on(c.organisation_id, c.address)
                            AND (m.for_all OR c.organisation_id = sec.me())))) AS doubt,
               row_number() OVER (PARTITION BY c.organisation_id ORDER BY
                   coalesce(w.first NOT IN ('', c.kind), false), c."order", c.label, c.id) AS nth
          FROM reached r
          JOIN public.partners_contactpoint c ON c.organisation_id = r.id
          LEFT JOIN public.partners_person p ON p.id = c.person_id
          LEFT JOIN public.partners_reachpreference w ON w.person_id = c.person_id
         WHERE c.is_active AND coalesce(p.is_active, true) AND NOT c.is_private AND c.kind = ANY (ways)
           AND (c.person_id IS NULL OR c.kind <> ALL (besides_kinds) OR c.kind = ANY (coalesce(w.beside, besides_kinds)))
    ), rungs AS (
        SELECT r.id AS org, 0 AS rung, r.on_duty AS person FROM reached r
        UNION ALL
        SELECT r.id, array_position(ARRAY['deputy', 'head_of_it', 'chief_executive'], l.rung), l.person_id
          FROM reached r JOIN public.partners_ladderrung l ON l.organisation_id = r.id
          JOIN public.partners_person p ON p.id = l.person_id AND p.is_active
    ), called AS MATERIALIZED (  -- the first rung on which somebody can be told, or at least rung
        SELECT DISTINCT ON (g.org) g.org, g.rung, g.person FROM rungs g
         WHERE EXISTS (SELECT 1 FROM known k WHERE k.org = g.org AND NOT k.doubt AND NOT k.besides
                          AND (k.person = g.person OR g.rung = 0 AND k.person IS NULL))
            OR EXISTS (SELECT 1 FROM public.partners_contactpoint c JOIN public.partners_person p ON p.id = c.person_id
                        WHERE c.person_id = g.person AND c.organisation_id = g.org AND c.is_active AND p.is_active
                          AND c.trust = 'trusted' AND c.kind IN ('phone', 'sms') AND NOT c.kind = ANY (ways)
                          AND NOT c.is_private AND (c.rides_on_id IS NULL OR c.rides_on_id <> ALL (walked)))
         ORDER BY g.org, g.rung
    ), held AS MATERIALIZED (
        SELECT a.organisation_id AS org, a.person_id AS person, bool_and(coalesce(a.severity < how_bad, false)) AS waits
          FROM public.partners_toldalongside a JOIN reached r ON r.id = a.organisation_id
         GROUP BY a.organisation_id, a.person_id
    ), chosen AS (
        SELECT k.*, c.person IS NOT NULL AND c.person = k.person AS is_called,
               k.person IS NULL OR coalesce(c.person = k.person, false)
               OR (coalesce(how_bad, 1) <= 2 OR c.org IS NULL OR k.person = r.on_duty OR h.person IS NOT NULL)
                  AND (NOT coalesce(h.waits, false) OR coalesce(k.person = r.on_duty, false)) AS is_told,
               row_number() OVER (PARTITION BY k.person, k.besides, k.doubt ORDER BY k.nth) AS in_turn,
               row_number() OVER (PARTITION BY k.person, k.kind, k.doubt ORDER BY k.nth) AS of_kind
          FROM known k JOIN reached r ON r.id = k.org
          LEFT JOIN called c ON c.org = k.org LEFT JOIN held h ON h.org = k.org AND h.person = k.person
    )
    SELECT c.org, c.person, c.point, c.kind, c.besides, c.doubt,
           NOT c.doubt AND (c.person IS NULL OR c.besides OR c.in_turn = 1
                            OR c.is_called AND coalesce(how_bad, 1) <= 3 AND c.of_kind = 1)
      FROM chosen c WHERE c.is_told;
END $$;
REVOKE ALL ON FUNCTION sec.first_ways(uuid[], integer, text[]) FROM PUBLIC;
CREATE OR REPLACE FUNCTION sec.who_would_be_told(starts uuid[], how_bad integer, ways text[])
RETURNS TABLE (organisation_id uuid, told bigint, avoided bigint) LANGUAGE plpgsql STABLE {DEFINER} AS $$
BEGIN
    RETURN QUERY
    SELECT w.organisation_id, count(DISTINCT coalesce(w.person_id, w.contact_point_id)) FILTER (WHERE w.used AND NOT w.is_beside),
           count(*) FILTER (WHERE w.doubted)
      FROM sec.first_ways(starts, how_bad, ways) w GROUP BY w.organisation_id;
END $$;
-- By which kinds of ways each organisation's people would be told: counts alone.
CREATE OR REPLACE FUNCTION sec.how_they_would_be_told(starts uuid[], how_bad integer, ways text[])
RETURNS TABLE (organisation_id uuid, way text, messages bigint) LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT w.organisation_id, w.way, count(*) FROM sec.first_ways(starts, how_bad, ways) w WHERE w.used
     GROUP BY w.organisation_id, w.way ORDER BY w.organisation_id, w.way
$$;
DROP FUNCTION sec.ways_in_reach(uuid[], integer, text[]);
"""
BACKWARD = f"""
{COUNTED_BEFORE.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")}
DROP FUNCTION sec.first_ways(uuid[], integer, text[]);
"""

# Whoever has no webhook is not told on every page that webhooks may be late.
upkeep = import_module("partners.migrations.0015_upkeep")
HAS_TOOLS = """,
           EXISTS (SELECT 1 FROM public.notifications_webhook w WHERE w.organisation_id = m.me AND w.state = 'on')"""
HEAD = upkeep.page_head(", work bigint, has_tools boolean", upkeep.WAITS + HAS_TOOLS)
HEAD_BEFORE = upkeep.page_head(", work bigint", upkeep.WAITS)

MENDED = f"""
-- A channel that had failed has a new address, has answered, or is out of use: nobody has to mend it any more.
CREATE FUNCTION sec.gone_mended() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    UPDATE public.partners_workitem w SET state = 'cleared', settled_at = clock_timestamp()
     WHERE w.organisation_id = NEW.organisation_id AND w.key = 'contact_gone:' || NEW.id AND w.state = 'open';
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION sec.gone_mended() FROM PUBLIC;
CREATE TRIGGER gone_mended AFTER UPDATE OF failed_at, is_active ON partners_contactpoint FOR EACH ROW
    WHEN (OLD.host <> '' AND OLD.failed_at IS NOT NULL AND (NEW.failed_at IS NULL OR NOT NEW.is_active))
    EXECUTE FUNCTION sec.gone_mended();
"""
NOT_MENDED = "DROP TRIGGER gone_mended ON partners_contactpoint; DROP FUNCTION sec.gone_mended();"


class Migration(migrations.Migration):
    dependencies = [("notifications", "0027_still_more_kinds"), ("partners", "0020_ways_in")]
    operations = [
        migrations.RunSQL(COUNTING, BACKWARD),
        migrations.RunSQL(HEAD, HEAD_BEFORE),
        migrations.RunSQL(MENDED, NOT_MENDED),
    ]
