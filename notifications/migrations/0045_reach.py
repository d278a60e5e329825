"""Canaries of channels and webhooks, services that take nothing more today, and what is over before it was sent.

A way out may be used up until its service's next day. What every page says of the ways out tells that too, and names
webhooks when nothing watches them, whether or not anybody has a tool. A worker asks, of what it has claimed, what has nothing to
tell any more: in the statement before sending, so that a message which waited says what is so.
"""

from importlib import import_module

from django.db import migrations, models

marks = import_module("notifications.migrations.0011_mail_distrust")
changed = import_module("notifications.migrations.0043_advisory_words").changed
OUT_BEFORE = import_module("notifications.migrations.0025_leads_now").OUT
DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
RIGHTS = """
REVOKE ALL ON FUNCTION sec.ways_out() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.ways_out() TO portal_app, portal_auth;
"""
RECENT = "now() - interval '10 minutes'"
OUT = f"""
GRANT SELECT (used_up_until), UPDATE (used_up_until) ON notifications_wayout TO portal_worker;
DROP FUNCTION sec.ways_out();
-- What every page and the probes say of the ways out: seconds only, no host. One council's channel is no way out of the
-- portal's; that of a canary is. After a service's midnight its canary has three minutes again.
CREATE FUNCTION sec.ways_out() RETURNS TABLE (transport text, canary_seconds double precision,
    open_seconds double precision, used_up_seconds double precision) LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT w.transport,
           CASE WHEN w.canary_tried_at > {RECENT} OR w.canary_tried_at > w.used_up_until - interval '25 hours' THEN
                extract(epoch FROM now() - greatest(coalesce(w.canary_accepted_at, w.begun_at),
                    CASE WHEN w.used_up_until <= now() THEN w.used_up_until END))::double precision END,
           CASE WHEN w.probe_at > {RECENT} THEN extract(epoch FROM now() - w.opened_at)::double precision END,
           CASE WHEN w.used_up_until > now() THEN extract(epoch FROM w.used_up_until - now())::double precision END
      FROM public.notifications_wayout w
     WHERE (w.canary_tried_at > {RECENT} OR NOT w.transport = ANY ('{{teams,slack,push}}'))
       AND (w.canary_tried_at > {RECENT} OR w.opened_at IS NOT NULL OR w.used_up_until > {RECENT})
    UNION ALL
    SELECT 'webhook', NULL, NULL, NULL
     WHERE NOT EXISTS (SELECT 1 FROM public.notifications_wayout w WHERE w.transport = 'webhook'
                          AND w.canary_tried_at > {RECENT})
$$;
{RIGHTS}
"""
OUT_AGAIN = f"""
DROP FUNCTION sec.ways_out();
{OUT_BEFORE.replace("CREATE OR REPLACE", "CREATE")}
{RIGHTS}
REVOKE SELECT (used_up_until), UPDATE (used_up_until) ON notifications_wayout FROM portal_worker;
"""
SHUT = "w.opened_at IS NOT NULL)"
LATE = ("sec.enter_late(uuid)", SHUT, "w.opened_at IS NOT NULL OR w.used_up_until > now())")

# What each kind tells of, and when it is over. Kinds that are not here tell of what has happened and stays so.
ITS_OWN = "WHERE x.id = e.subject_id"
OVER = f"""
-- A later event of the same work says what there is to say.
CREATE FUNCTION sec.planned_went_on(e public.ledger_event, org uuid) RETURNS boolean LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT EXISTS (SELECT 1 FROM public.ledger_event n WHERE n.subject_id = e.subject_id AND n.at > e.at
                      AND org = ANY (n.audience) AND n.kind IN ('planned.announced', 'planned.moved', 'planned.extended',
                                                                'planned.finished', 'planned.cancelled'))
$$;
CREATE FUNCTION sec.over_meanwhile(worker text) RETURNS SETOF uuid LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT d.id FROM public.notifications_delivery d
      LEFT JOIN public.incidents_incident i ON i.id = d.incident_id
      LEFT JOIN public.ledger_event e ON e.id = d.event_id AND d.message <> ALL ('{{opened,suspected,stood_down}}')
     WHERE d.state = 'claimed' AND d.claimed_by = worker
       -- Claimed before by somebody who never came back: it may have gone out, and is taken for sent (stand-down too).
       AND NOT (d.message = ANY ('{{opened,suspected}}') AND d.attempts > 1 AND d.error = '')
       -- Another one was held back because of this one, so it speaks for both.
       AND NOT (i.status <> 'closed' AND EXISTS (SELECT 1 FROM public.notifications_delivery o
                 WHERE o.incident_id = d.incident_id AND o.organisation_id = d.organisation_id
                   AND coalesce(o.person_id, o.contact_point_id) = coalesce(d.person_id, d.contact_point_id)
                   AND o.state = 'skipped' AND o.error LIKE 'They had a message within ten minutes%'
                   AND o.created_at BETWEEN d.created_at AND d.created_at + interval '10 minutes'))
       AND (
           i.status = 'closed' AND d.message <> ALL ('{{stood_down,duty_due}}')
        OR CASE d.message
           WHEN 'suspected' THEN i.status <> 'suspected'
           WHEN 'opened' THEN d.next_way = 'taken' AND d.person_id IS NOT NULL
                AND EXISTS (SELECT 1 FROM public.incidents_participant p WHERE p.incident_id = d.incident_id
                               AND p.organisation_id = d.organisation_id AND p.acknowledged_at IS NOT NULL)
                AND EXISTS (SELECT 1 FROM public.notifications_delivery o WHERE o.incident_id = d.incident_id
                               AND o.organisation_id = d.organisation_id AND o.person_id = d.person_id
                               AND o.message = d.message AND NOT o.way = ANY ('{{teams,slack,push}}')
                               AND o.state IN ('accepted', 'delivered', 'answered'))
           WHEN 'lead_offered' THEN EXISTS (SELECT 1 FROM public.incidents_handover x {ITS_OWN}
                AND (x.accepted_at IS NOT NULL OR x.declined_at IS NOT NULL OR x.lapsed_at IS NOT NULL
                     OR x.expires_at < clock_timestamp()))
           WHEN 'leads_now' THEN i.lead_id <> d.organisation_id
           WHEN 'update_asked' THEN EXISTS (SELECT 1 FROM public.incidents_updaterequest x {ITS_OWN}
                AND x.answered_at IS NOT NULL)
           WHEN 'update_due' THEN EXISTS (SELECT 1 FROM public.incidents_updatereminder x {ITS_OWN}
                AND (x.lead_id <> i.lead_id OR x.promised_at IS DISTINCT FROM i.next_update_at))
           WHEN 'steps_ready' THEN e.data ? 'tasks' AND NOT EXISTS (SELECT 1 FROM public.incidents_task x
                WHERE x.id::text IN (SELECT jsonb_array_elements_text(e.data -> 'tasks'))
                  AND x.organisation_id = d.organisation_id AND x.ready
                  -- Taken up long before it could begin: whoever was told decided that nobody is at it.
                  AND (x.status = 'waiting' OR x.status IN ('acknowledged', 'in_progress') AND x.changed_at <= e.at))
           WHEN 'decision_asked' THEN i.lead_id <> d.organisation_id
                OR EXISTS (SELECT 1 FROM public.incidents_decision x {ITS_OWN}
                              AND (x.chosen IS NOT NULL OR x.withdrawn_at IS NOT NULL))
           WHEN 'duty_due' THEN CASE e.kind WHEN 'duty.goes_on'  -- speaks of all that run on
                THEN NOT EXISTS (SELECT 1 FROM public.incidents_duty x WHERE x.incident_id = d.incident_id
                                    AND x.organisation_id = d.organisation_id AND x.state = 'running')
                ELSE EXISTS (SELECT 1 FROM public.incidents_duty x {ITS_OWN} AND x.state <> 'running') END
           WHEN 'data_notice' THEN EXISTS (SELECT 1 FROM public.incidents_datanotice x {ITS_OWN}
                AND (x.acknowledged_at IS NOT NULL
                     OR EXISTS (SELECT 1 FROM public.incidents_datanotice n WHERE n.corrects_id = x.id)))
           WHEN 'statement_asked' THEN EXISTS (SELECT 1 FROM public.incidents_statement x {ITS_OWN})
                AND NOT EXISTS (SELECT 1 FROM public.incidents_statementask a
                     JOIN public.incidents_statement x ON x.id = a.statement_id {ITS_OWN} AND x.status = 'asked'
                      AND a.organisation_id = d.organisation_id AND a.newest AND a.answer = '')
           WHEN 'cut_asked' THEN EXISTS (SELECT 1 FROM public.incidents_plannedcut x {ITS_OWN}
                AND (x.status NOT IN ('planned', 'decided')
                     OR NOT EXISTS (SELECT 1 FROM public.incidents_plannedcutside s WHERE s.cut_id = x.id
                           AND s.revision = x.revision AND s.organisation_id = d.organisation_id
                           AND s.asked AND s.answer = '')))
           WHEN 'answered_for' THEN NOT EXISTS (SELECT 1 FROM public.incidents_reportedanswer x
                WHERE x.incident_id = d.incident_id AND x.organisation_id = d.organisation_id AND x.settled = '')
           WHEN 'heads_up' THEN EXISTS (SELECT 1 FROM public.incidents_headsup x {ITS_OWN} AND x.ended_at IS NOT NULL)
           -- Fifty are named at most; of more it is not known whether all are closed.
           WHEN 'advisories' THEN jsonb_array_length(e.data -> 'exposures') < 50 AND NOT EXISTS (SELECT 1 FROM public.monitoring_exposure x
                WHERE x.id::text IN (SELECT jsonb_array_elements_text(e.data -> 'exposures')) AND x.state = 'open')
           WHEN 'contact_test' THEN EXISTS (SELECT 1 FROM public.notifications_contacttestask x
                WHERE x.delivery_id = d.id AND (x.answered_at IS NOT NULL OR x.failed_at IS NOT NULL))
           WHEN 'planned' THEN sec.planned_went_on(e, d.organisation_id)
           WHEN 'planned_changed' THEN sec.planned_went_on(e, d.organisation_id)
           ELSE false END)
$$;
REVOKE ALL ON FUNCTION sec.over_meanwhile(text), sec.planned_went_on(public.ledger_event, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.over_meanwhile(text) TO portal_worker;
"""
NOT_OVER = "DROP FUNCTION sec.over_meanwhile(text); DROP FUNCTION sec.planned_went_on(public.ledger_event, uuid);"


class Migration(migrations.Migration):
    dependencies = [("notifications", "0044_urgent_ways"), ("incidents", "0055_reported_by_workers")]
    operations = [
        migrations.AddField("wayout", "used_up_until", models.DateTimeField(null=True)),
        migrations.RunSQL(OUT + changed(*LATE), changed(LATE[0], LATE[2], LATE[1]) + OUT_AGAIN),
        migrations.RunSQL(OVER, NOT_OVER),
    ]
