"""What a tool sent as an alert is kept as it came for a while; a change whose account was nobody's gets its home when its
log is sent again; and that a source learns is read by nobody but whom it is for."""

import json
import logging
from importlib import import_module
from typing import Any

from django.db import migrations, models

from monitoring.incoming import Named, reported_by
from monitoring.models import AlertRule
from monitoring.rules import LONGEST
from monitoring.tools import TOOLS

TAKING = import_module("monitoring.migrations.0004_access").TAKING
REST = import_module("monitoring.migrations.0008_findings_rest")
DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
log = logging.getLogger(__name__)
APP, WORKER = "portal_app", "portal_worker"

BODIES = f"""
-- Empties what tools sent longer ago than is said, of the organisation that the job has entered. One that waits for a
-- person keeps what that person needs, for 90 days at most. How many it emptied: the oldest first, 5,000 at most, as a
-- statement has its time; none when there are no more.
CREATE FUNCTION sec.drop_alert_bodies(kept_days integer) RETURNS bigint LANGUAGE plpgsql {DEFINER} AS $$
DECLARE me uuid := sec.me(); gone bigint; BEGIN
    IF kept_days IS NULL OR kept_days NOT BETWEEN 1 AND 90 THEN
        RAISE EXCEPTION 'a body is kept for 1 to 90 days' USING ERRCODE = '23514';
    END IF;
    UPDATE public.monitoring_alert a SET body = '{{}}', body_dropped_at = clock_timestamp()
     WHERE a.body_dropped_at IS NULL AND a.id IN (
        SELECT d.id FROM public.monitoring_alert d
         WHERE d.organisation_id = me AND d.body_dropped_at IS NULL AND d.received_at
               < clock_timestamp() - make_interval(days => CASE WHEN d.outcome = 'queued' THEN 90 ELSE kept_days END)
         ORDER BY d.received_at LIMIT 5000);
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END $$;
REVOKE ALL ON FUNCTION sec.drop_alert_bodies(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.drop_alert_bodies(integer) TO {WORKER};
"""
TOLD = {
    "monitoring_sight": "id, kind, account, shown, account_kind, home_id, organisation_id, place, system_id, resource,"
    " first_at, last_at, days, source_id, reporter_id, permission_id, noted_at",
    "monitoring_accesschange": "id, action, outcome, account, shown, target, home_id, organisation_id, place, system_id,"
    " at, source_id, reporter_id, noted_at",
}
LEARNED = f"""
-- Which of these sights of one's own a source only learned, as far as one may know: the other side's learning is its own.
CREATE FUNCTION sec.learned_sights(sights uuid[]) RETURNS SETOF uuid LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT s.id FROM (SELECT sec.me() AS me) m JOIN public.monitoring_sight s ON s.id = ANY (sights)
     WHERE s.learned AND m.me IN (s.home_id, s.organisation_id)
       AND (s.reporter_id = m.me OR s.reporter_id NOT IN (s.home_id, s.organisation_id))
$$;
REVOKE ALL ON FUNCTION sec.learned_sights(uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.learned_sights(uuid[]) TO {APP};
""" + "".join(
    f"REVOKE SELECT ON {table} FROM {APP}; GRANT SELECT ({columns}) ON {table} TO {APP};\n"
    for table, columns in TOLD.items()
)
BACKWARD = (
    "".join(
        f"REVOKE SELECT ({columns}) ON {table} FROM {APP}; GRANT SELECT ON {table} TO {APP};\n"
        for table, columns in TOLD.items()
    )
    + "DROP FUNCTION sec.learned_sights(uuid[]), sec.drop_alert_bodies(integer);"
)
TAKES = REST.function(TAKING, "take_changes")
# Whoever told of a change tells whose its account is, once that is known; the account's own side then hears of it.
TAKES_HOMES = REST.with_parts(
    TAKES,
    (
        "    INSERT INTO public.monitoring_accesschange",
        """    WITH known AS (
        SELECT t.id, r.home FROM unnest(actions, outcomes, accounts, targets, homes, whose, places, ats)
            AS r (action, outcome, account, target, home, org, place, at)
          JOIN public.monitoring_accesschange t ON t.organisation_id = r.org AND t.place = r.place AND t.action = r.action
           AND t.outcome = r.outcome AND t.account = r.account AND t.target = r.target AND t.at = r.at
         WHERE t.home_id IS NULL AND r.home IS NOT NULL AND t.reporter_id = me ORDER BY t.at, t.id FOR UPDATE OF t
    )
    UPDATE public.monitoring_accesschange t SET home_id = k.home,
           -- What a source of whoever runs the system only learns is told to nobody.
           noted_at = CASE WHEN me NOT IN (k.home, t.organisation_id)
                            AND (t.learned OR s.learning_until > clock_timestamp()) THEN t.noted_at END
      FROM known k WHERE t.id = k.id;
    INSERT INTO public.monitoring_accesschange""",
    ),
)
_BEGINS = REST.JUDGING.index("CREATE OR REPLACE FUNCTION sec.judge_access(")
JUDGES = REST.JUDGING[_BEGINS : REST.JUDGING.index("$$;", _BEGINS) + 3]
# A change that is looked at again, because its account has become somebody's, is nothing new for whoever has it already,
# unless it is known now that somebody was cut off then.
JUDGES_ONCE = REST.with_parts(
    JUDGES,
    (
        "              FROM changes c WHERE c.rule IS NOT NULL OR c.isolated\n",
        """              FROM changes c
             WHERE (c.rule IS NOT NULL OR c.isolated)
               AND NOT EXISTS (SELECT 1 FROM public.monitoring_finding y WHERE y.organisation_id = c.org
                                  AND y.account = c.account AND y.side = c.side AND c.id = ANY (y.change_ids)
                                  AND (NOT c.isolated OR 'during-isolation' = ANY (y.rules)))
""",
    ),
)
UNKNOWN = """
SELECT a.id, a.tool, a.body::text, r.name, r.mapping::text, r.severities::text
  FROM monitoring_alert a LEFT JOIN monitoring_alertrule r ON r.id = a.rule_id
 WHERE a.body_dropped_at IS NULL AND a.severity IS NULL AND a.severity_said = ''
   AND (%(after)s::uuid IS NULL OR a.id > %(after)s::uuid) ORDER BY a.id LIMIT %(at_once)s
"""
KNOWN = """
UPDATE monitoring_alert a SET severity = r.severity, severity_said = r.said
  FROM unnest(%s::uuid[], %s::smallint[], %s::text[]) AS r (id, severity, said) WHERE a.id = r.id
"""


def keep_severities(cursor: Any, at_once: int = 200) -> None:
    """Write the severity of alerts that came before it stood beside their bodies, as intake reads it: it outlives them.

    Only here, while the bodies are still there and it is the owner who reads: the job that drops them may not.
    """
    after = None
    while True:
        cursor.execute(UNKNOWN, {"after": after, "at_once": at_once})
        rows = cursor.fetchall()
        if not rows:
            return
        after = rows[-1][0]
        read = [(pk, *_severity(*row)) for pk, *row in rows]
        cursor.execute(KNOWN, list(map(list, zip(*read, strict=True))))


def _severity(slug: str, body: str, name: str | None, mapping: str, severities: str) -> tuple[int | None, str]:
    tool, alert = TOOLS.get(slug, TOOLS["generic"]), json.loads(body)
    rule = (
        None if name is None else AlertRule(name=name, mapping=json.loads(mapping), severities=json.loads(severities))
    )
    try:
        reading = tool.read(alert)
        return reported_by(alert, reading, rule, tool, Named({}, {})).severity, reading.severity[:LONGEST]
    except Exception:
        log.exception("an alert of %s cannot be read any more: its severity is not kept", slug)  # it stops no upgrade
        return None, ""


def write_severities(apps: object, schema_editor: Any) -> None:
    with schema_editor.connection.cursor() as cursor:
        keep_severities(cursor)


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0013_taken_faster")]
    operations = [
        migrations.AddField("alert", "body_dropped_at", models.DateTimeField(null=True)),
        migrations.AddField("alert", "severity", models.PositiveSmallIntegerField(null=True)),
        migrations.AddField("alert", "severity_said", models.TextField(blank=True, db_default="", default="")),
        migrations.AddIndex(
            "alert",
            models.Index(
                condition=models.Q(("body_dropped_at", None)), fields=["organisation", "received_at"], name="alert_body"
            ),
        ),
        migrations.RunSQL(BODIES + LEARNED, BACKWARD),
        migrations.RunSQL(TAKES_HOMES, TAKES),
        migrations.RunSQL(JUDGES_ONCE, JUDGES),
        migrations.RunPython(write_severities, migrations.RunPython.noop),
    ]
