"""The lead goes with all its work, also when it is cut off; and a lead is silent when its ladder is.

An installation from before some functions of former migrations were mended gets them as they stand there now.
"""

from importlib import import_module

from django.db import migrations

marks = import_module("notifications.migrations.0011_mail_distrust")
calls = import_module("notifications.migrations.0015_more_ways")
handing = import_module("incidents.migrations.0008_hand_over_security")
DEFINER = marks.DEFINER

MENDED = "".join(
    marks.function(text, name)
    for text, name in (
        (import_module("partners.migrations.0017_mail_distrust").MARKING, "mark_mail"),
        (import_module("incidents.migrations.0018_heads_up").SENDING, "heads_up_over"),
        (import_module("notifications.migrations.0010_ladder").SENDING, "one_in_ten_minutes"),
        (marks.COUNTING, "ways_in_reach"),
        (calls.WANTING, "numbers_to_ring"),
        (calls.WANTING, "people_to_ring"),
        (calls.WANTING, "write_call"),
        (calls.HOLDING, "settle_call"),
    )
) + (
    "REVOKE ALL ON FUNCTION sec.numbers_to_ring(uuid, uuid, text[]), sec.people_to_ring(uuid, text[]) FROM PUBLIC;"
    "GRANT EXECUTE ON FUNCTION sec.people_to_ring(uuid, text[]) TO portal_worker;"
    "REVOKE ALL ON FUNCTION sec.stop_ladder(uuid, uuid, text), sec.climb_ladder(uuid, uuid, text) FROM portal_app;"
)

# What only the lead does passes on by its two organisations: there is no offer when the lead is cut off.
PASSING_BEFORE = marks.function(handing.OFFERING, "pass_lead_tasks")
PASSING = (
    PASSING_BEFORE.replace("CREATE OR REPLACE", "CREATE")
    .replace("(h public.incidents_handover)", "(incident uuid, was uuid, becomes uuid)")
    .replace("h.incident_id", "incident")
    .replace("h.from_organisation_id", "was")
    .replace("h.to_organisation_id", "becomes")
)
ISOLATE_BEFORE = marks.function(marks.ISOLATING.replace("CREATE OR REPLACE", "CREATE"), "isolate")
ISOLATE = marks.without(
    ISOLATE_BEFORE,
    (
        """'The lead is cut off.' END);
""",
        """'The lead is cut off.' END);
                PERFORM sec.pass_lead_tasks(each.id, org, heir);
                UPDATE public.incidents_handover h SET lapsed_at = clock_timestamp() WHERE h.incident_id = each.id
                   AND h.accepted_at IS NULL AND h.declined_at IS NULL AND h.lapsed_at IS NULL;
""",
    ),
)
# When the lead is cut off, it is the person of another organisation who decided on it whose act calls its steps off:
# in a function of the database, never by a statement of theirs.
MOVES = import_module("incidents.migrations.0003_triggers").MOVES
MOVES_BEFORE = marks.function(MOVES, "task_moves")
CALLED_OFF = marks.without(
    MOVES_BEFORE,
    (
        "        IF me <> i.lead_id THEN\n",
        "        IF me <> i.lead_id AND current_user IN ('portal_app', 'portal_worker') THEN\n",
    ),
)

# Ladders came after this question. An answer by telephone counts, a night that is waited for is no silence, and what
# nobody has to acknowledge by a time is silent a quarter of an hour after the first was called.
SILENT = f"""
-- Whether nobody of the lead has answered for a quarter of an hour: a whole rung of its ladder has passed without an
-- answer, or its ladder found nobody to call.
CREATE FUNCTION sec.lead_is_silent(incident uuid) RETURNS boolean LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT p.acknowledged_at IS NULL AND coalesce(newest.state, '') NOT IN ('answered', 'stopped')
       AND newest.passed_by_id IS NULL AND (newest.state IS DISTINCT FROM 'waiting' OR EXISTS (
            SELECT 1 FROM public.notifications_ladderstep s WHERE s.incident_id = i.id AND s.organisation_id = i.lead_id
               AND s.state = 'passed'))
       AND coalesce((SELECT min(t.acknowledge_by) FROM public.incidents_task t
                      WHERE t.incident_id = i.id AND t.organisation_id = i.lead_id),
                    (SELECT min(s.begun_at) FROM public.notifications_ladderstep s
                      WHERE s.incident_id = i.id AND s.organisation_id = i.lead_id))
           < clock_timestamp() - interval '15 minutes'
      FROM public.incidents_incident i
      JOIN public.incidents_participant p ON p.incident_id = i.id AND p.organisation_id = i.lead_id
      LEFT JOIN LATERAL (SELECT s.state, s.passed_by_id FROM public.notifications_ladderstep s
                          WHERE s.incident_id = i.id AND s.organisation_id = i.lead_id AND s.state <> 'left_out'
                          ORDER BY s.nth DESC LIMIT 1) newest ON true
     WHERE i.id = incident
$$;
REVOKE ALL ON FUNCTION sec.lead_is_silent(uuid) FROM PUBLIC;
"""
SILENT_BEFORE = marks.function(handing.SILENCE, "silent_leads")
SILENT_LEADS = marks.without(
    SILENT_BEFORE,
    (
        """AND p.acknowledged_at IS NULL AND p.seen_at IS NULL
       AND (SELECT min(t.acknowledge_by) FROM public.incidents_task t
             WHERE t.incident_id = i.id AND t.organisation_id = i.lead_id) < clock_timestamp() - interval '15 minutes'
""",
        """AND p.seen_at IS NULL AND sec.lead_is_silent(i.id)
""",
    ),
)
ACCEPT_BEFORE = marks.function(handing.OFFERING, "accept_lead")
ACCEPT = marks.without(
    ACCEPT_BEFORE,
    (
        """EXISTS (SELECT 1 FROM public.incidents_participant p WHERE p.incident_id = h.incident_id
           AND p.organisation_id = h.from_organisation_id AND p.acknowledged_at IS NOT NULL)""",
        "NOT sec.lead_is_silent(h.incident_id)",
    ),
    ("sec.pass_lead_tasks(h)", "sec.pass_lead_tasks(h.incident_id, h.from_organisation_id, h.to_organisation_id)"),
)
FORWARD = f"""
{PASSING}
REVOKE ALL ON FUNCTION sec.pass_lead_tasks(uuid, uuid, uuid) FROM PUBLIC;
{CALLED_OFF}{ISOLATE}{SILENT}{SILENT_LEADS}{ACCEPT}
DROP FUNCTION sec.pass_lead_tasks(public.incidents_handover);
"""
BACKWARD = f"""
{PASSING_BEFORE}
REVOKE ALL ON FUNCTION sec.pass_lead_tasks(public.incidents_handover) FROM PUBLIC;
{MOVES_BEFORE}{ISOLATE_BEFORE}{SILENT_BEFORE}{ACCEPT_BEFORE}
DROP FUNCTION sec.lead_is_silent(uuid), sec.pass_lead_tasks(uuid, uuid, uuid);
"""


class Migration(migrations.Migration):
    dependencies = [("notifications", "0019_said_alone"), ("incidents", "0018_heads_up")]
    operations = [migrations.RunSQL(MENDED, migrations.RunSQL.noop), migrations.RunSQL(FORWARD, BACKWARD)]
