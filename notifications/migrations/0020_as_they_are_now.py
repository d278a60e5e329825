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
# Whoever led before and leads again has the old row of each step: it is taken up again, with a clock of its own.
PASSING = f"""
CREATE FUNCTION sec.pass_lead_tasks(incident uuid, was uuid, becomes uuid) RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    INSERT INTO public.incidents_task AS t (id, incident_id, organisation_id, step_id, position, title, containing, status,
        ready, acknowledge_by, finish_by, reason, version, changed_at, previous_status, previous_reason)
    SELECT gen_random_uuid(), o.incident_id, becomes, o.step_id, o.position, o.title, o.containing, 'waiting', o.ready,
           CASE WHEN o.ready THEN clock_timestamp() + make_interval(mins => s.acknowledge_minutes) END,
           CASE WHEN o.ready THEN clock_timestamp() + make_interval(mins => coalesce(i.tasks_due_minutes, s.finish_minutes)) END,
           '', 1, clock_timestamp(), '', ''
      FROM public.incidents_task o JOIN public.incidents_step s ON s.id = o.step_id AND s.audience = 'lead'
      JOIN public.incidents_incident i ON i.id = o.incident_id
     WHERE o.incident_id = incident AND o.organisation_id = was
       AND o.status IN ('waiting', 'acknowledged', 'in_progress', 'blocked')
    ON CONFLICT (incident_id, organisation_id, step_id) DO UPDATE SET status = 'waiting', ready = excluded.ready,
        acknowledge_by = excluded.acknowledge_by, finish_by = excluded.finish_by, reason = '', changed_by_id = NULL
     WHERE t.status = 'cancelled';
    UPDATE public.incidents_task t SET status = 'cancelled', changed_by_id = sec.who()
      FROM public.incidents_step s, public.incidents_task theirs
     WHERE t.incident_id = incident AND t.organisation_id = was AND s.id = t.step_id
       AND s.audience = 'lead' AND t.status IN ('waiting', 'acknowledged', 'in_progress', 'blocked')
       AND theirs.incident_id = t.incident_id AND theirs.step_id = t.step_id
       AND theirs.organisation_id = becomes AND theirs.status = 'waiting';
END $$;
"""
# An answer holds its task and then wants its participant: so does whoever moves the lead, whose participants come next.
HELD = """PERFORM 1 FROM public.incidents_task k
      JOIN public.incidents_step of_lead ON of_lead.id = k.step_id AND of_lead.audience = 'lead'
      JOIN public.incidents_incident open_one ON open_one.id = k.incident_id AND open_one.status <> 'closed'
     WHERE k.organisation_id = @whose@ ORDER BY k.id FOR UPDATE OF k;
"""
ISOLATE_BEFORE = marks.function(marks.ISOLATING.replace("CREATE OR REPLACE", "CREATE"), "isolate")
ISOLATE = marks.without(
    ISOLATE_BEFORE,
    (
        """    IF which IN (3, 4) THEN
        FOR each IN SELECT x.id""",
        f"""    IF which IN (3, 4) THEN
        -- Whoever accepts the lead holds the incident first, and then these.
        PERFORM 1 FROM public.incidents_incident x WHERE org = ANY (x.participants) AND x.status <> 'closed'
          ORDER BY x.id FOR NO KEY UPDATE;
        {HELD.replace("@whose@", "org")}        FOR each IN SELECT x.id""",
    ),
    (
        """'The lead is cut off.' END);
            END IF;
        END LOOP;
""",
        """'The lead is cut off.' END);
                UPDATE public.incidents_handover h SET lapsed_at = clock_timestamp() WHERE h.incident_id = each.id
                   AND h.accepted_at IS NULL AND h.declined_at IS NULL AND h.lapsed_at IS NULL;
            END IF;
        END LOOP;
        -- Also what it kept from a time when it led.
        FOR each IN SELECT DISTINCT x.id, x.lead_id FROM public.incidents_incident x
                      JOIN public.incidents_task k ON k.incident_id = x.id AND k.organisation_id = org
                       AND k.status IN ('waiting', 'acknowledged', 'in_progress', 'blocked')
                      JOIN public.incidents_step s ON s.id = k.step_id AND s.audience = 'lead'
                     WHERE x.status <> 'closed' AND x.lead_id <> org LOOP
            PERFORM sec.pass_lead_tasks(each.id, org, each.lead_id);
        END LOOP;
""",
    ),
)

# When the lead is cut off, it is the person of another organisation who decided on it whose act calls its steps off:
# in a function of the database, never by a statement of theirs.
MOVES = import_module("incidents.migrations.0003_triggers").MOVES
BY_STATEMENT = "current_user IN ('portal_app', 'portal_worker')"
MOVES_BEFORE = marks.function(MOVES, "task_moves")
CALLED_OFF = marks.without(
    MOVES_BEFORE,
    ("        IF me <> i.lead_id THEN\n", f"        IF me <> i.lead_id AND {BY_STATEMENT} THEN\n"),
    ("    ELSIF me <> OLD.organisation_id THEN\n", f"    ELSIF me <> OLD.organisation_id AND {BY_STATEMENT} THEN\n"),
    (
        "            ELSE ARRAY[]::text[] END)) THEN\n",
        (
            f"            WHEN 'cancelled' THEN CASE WHEN {BY_STATEMENT} THEN ARRAY[]::text[] ELSE ARRAY['waiting'] END\n"
            "            ELSE ARRAY[]::text[] END)) THEN\n"
        ),
    ),
)

# Ladders came after this question. An answer by telephone counts, a night that is waited for is no silence, and what
# nobody has to acknowledge by a time is silent a quarter of an hour after the first was called.
SILENT = f"""
-- Whether somebody of the lead has answered: signed in, by message, by telephone, or by passing it on to a colleague.
CREATE FUNCTION sec.lead_has_answered(incident uuid) RETURNS boolean LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT p.acknowledged_at IS NOT NULL OR coalesce(newest.state IN ('answered', 'stopped'), false)
           OR newest.passed_by_id IS NOT NULL
      FROM public.incidents_incident i
      JOIN public.incidents_participant p ON p.incident_id = i.id AND p.organisation_id = i.lead_id
      LEFT JOIN LATERAL (SELECT s.state, s.passed_by_id FROM public.notifications_ladderstep s
                          WHERE s.incident_id = i.id AND s.organisation_id = i.lead_id AND s.state <> 'left_out'
                          ORDER BY s.nth DESC LIMIT 1) newest ON true
     WHERE i.id = incident
$$;
-- Whether nobody has for a quarter of an hour: a whole rung of its ladder has passed in vain, or found nobody to call.
CREATE FUNCTION sec.lead_is_silent(incident uuid) RETURNS boolean LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT NOT sec.lead_has_answered(i.id)
       AND (EXISTS (SELECT 1 FROM public.notifications_ladderstep s WHERE s.incident_id = i.id
                       AND s.organisation_id = i.lead_id AND s.state = 'passed')
            OR NOT EXISTS (SELECT 1 FROM public.notifications_ladderstep s WHERE s.incident_id = i.id
                              AND s.organisation_id = i.lead_id AND s.state = 'waiting'))
       AND coalesce((SELECT min(t.acknowledge_by) FROM public.incidents_task t
                      WHERE t.incident_id = i.id AND t.organisation_id = i.lead_id),
                    (SELECT min(s.begun_at) FROM public.notifications_ladderstep s
                      WHERE s.incident_id = i.id AND s.organisation_id = i.lead_id))
           < clock_timestamp() - interval '15 minutes'
      FROM public.incidents_incident i WHERE i.id = incident
$$;
REVOKE ALL ON FUNCTION sec.lead_has_answered(uuid), sec.lead_is_silent(uuid) FROM PUBLIC;
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
        "sec.lead_has_answered(h.incident_id)",
    ),
    (
        "    PERFORM sec.hand_over_lead(h.incident_id",
        f"    {HELD.replace('@whose@', 'h.from_organisation_id')}    PERFORM sec.hand_over_lead(h.incident_id",
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
DROP FUNCTION sec.lead_is_silent(uuid), sec.lead_has_answered(uuid), sec.pass_lead_tasks(uuid, uuid, uuid);
"""


class Migration(migrations.Migration):
    dependencies = [("notifications", "0019_said_alone"), ("incidents", "0018_heads_up")]
    operations = [migrations.RunSQL(MENDED, migrations.RunSQL.noop), migrations.RunSQL(FORWARD, BACKWARD)]
