"""Planned work is told of in the quiet form: over the same deliveries, by one message, when people are on duty by day.

The database holds the quiet: whoever writes such a message, or puts it back after a failure, cannot make it due at night.
"""

from django.db import migrations, models

DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
MESSAGES = {
    "opened": "Incident opened",
    "suspected": "Incident suspected",
    "stood_down": "Stood down",
    "lead_offered": "Asked to take the lead",
    "break_glass": "Break-glass account used",
    "break_glass_drill": "Drill: break-glass account used",
    "their_break_glass": "Break-glass account of a partner used",
    "their_break_glass_drill": "Drill: break-glass account of a partner used",
    "emergency_access": "Somebody was let in by emergency enrolment",
    "access_changed": "The organisation's access has changed",
    "contact_test": "Test of a contact",
    "planned": "Planned work announced",
    "planned_changed": "Planned work: something has changed",
}

# What 0006 says of these two functions, and what holds from now on.
TOLD_OF = """
CREATE OR REPLACE FUNCTION sec.told_of(kind text, data jsonb) RETURNS text LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE kind WHEN 'tasks.assigned' THEN 'named' WHEN 'incident.widened' THEN 'everybody'
                     WHEN 'incident.moved' THEN CASE WHEN data ->> 'was' = 'suspected' THEN 'everybody' END
                     WHEN 'incident.closed' THEN 'everybody' WHEN 'delivery.dead' THEN 'named'
                     WHEN 'break_glass.used' THEN 'everybody' WHEN 'break_glass.drilled' THEN 'everybody'
                     WHEN 'emergency_access.given' THEN 'named' WHEN 'lead.offered' THEN 'named'
                     WHEN 'organisation.isolated' THEN 'named' WHEN 'organisation.reconnected' THEN 'named'
                     WHEN 'incident.edited' THEN CASE WHEN data -> 'fields' ? 'severity' THEN 'everybody' END
                     WHEN 'register.test_wanted' THEN 'named'@kinds@ END
$$;
"""
KINDS = """
                     WHEN 'planned.announced' THEN 'named' WHEN 'planned.moved' THEN 'named'
                     WHEN 'planned.extended' THEN 'named' WHEN 'planned.finished' THEN 'named'
                     WHEN 'planned.cancelled' THEN 'named'"""
PLANNING = f"""
CREATE OR REPLACE FUNCTION sec.planning_wanted() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    INSERT INTO public.notifications_planning (id, event_id, organisation_id, incident_id, kind, subject_id)
    SELECT gen_random_uuid(), e.id, n.organisation_id, e.incident_id, e.kind, e.subject_id
      FROM added n JOIN public.ledger_event e ON e.id = n.event_id
     WHERE (e.incident_id IS NOT NULL OR e.kind = 'delivery.dead' OR e.kind LIKE 'break_glass.%'
            OR e.kind LIKE 'emergency_access.%'@planned@
            OR e.kind IN ('organisation.isolated', 'organisation.reconnected', 'register.test_wanted'))
       AND CASE sec.told_of(e.kind, e.data) WHEN 'everybody' THEN true
           WHEN 'named' THEN EXISTS (SELECT 1 FROM public.partners_organisation o
                                      WHERE o.id = n.organisation_id AND o.slug = e.data ->> 'organisation')
           ELSE false END
    ON CONFLICT (event_id, organisation_id) DO NOTHING;
    RETURN NULL;
END $$;
"""
ALSO = " OR e.kind LIKE 'planned.%'"

QUIET = f"""
-- The first instant from `at` on at which an organisation may be disturbed with what is not urgent: by day (from 8 to 18
-- on weekdays, local time) and with somebody on duty; without a rota, while an office is open (from 9 to 17). When nobody
-- is on duty by day within a week, office hours.
CREATE FUNCTION sec.quiet_from(org uuid, at timestamptz) RETURNS timestamptz LANGUAGE plpgsql STABLE {DEFINER} AS $$
DECLARE tried timestamptz := at; local timestamp; office timestamptz; rota boolean; BEGIN
    rota := EXISTS (SELECT 1 FROM public.partners_dutyshift s WHERE s.organisation_id = org);
    LOOP
        local := tried AT TIME ZONE 'Europe/London';
        IF extract(isodow FROM local) < 6 THEN
            IF office IS NULL AND local::time >= '09:00' AND local::time < '17:00' THEN
                office := tried;
            END IF;
            IF rota AND local::time >= '08:00' AND local::time < '18:00'
               AND EXISTS (SELECT 1 FROM sec.on_duty(org, tried) d WHERE d.person_id IS NOT NULL) THEN
                RETURN tried;
            END IF;
        END IF;
        IF office IS NOT NULL AND (NOT rota OR tried > at + interval '7 days') THEN
            RETURN office;
        END IF;
        tried := date_trunc('hour', tried) + interval '15 minutes' * (1 + floor(extract(minute FROM tried) / 15));
    END LOOP;
END $$;
-- What was due by day and is claimed at night, after an outage, goes back until the next day: no attempt was made. It runs
-- after `delivery_moves`, which has let the claim itself pass; from every state that is claimed a row may go back.
CREATE FUNCTION sec.kept_quiet() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
DECLARE at timestamptz := clock_timestamp(); quiet timestamptz; BEGIN
    IF NEW.state = 'claimed' THEN
        quiet := sec.quiet_from(NEW.organisation_id, at);
        IF quiet > at THEN
            NEW.state := 'pending';
            NEW.due_at := quiet;
            NEW.attempts := CASE TG_OP WHEN 'UPDATE' THEN OLD.attempts ELSE 0 END;
            NEW.claimed_by := '';
            NEW.claimed_until := NULL;
        END IF;
        RETURN NEW;
    END IF;
    NEW.due_at := sec.quiet_from(NEW.organisation_id, greatest(NEW.due_at, at));
    RETURN NEW;
END $$;
CREATE TRIGGER kept_quiet BEFORE INSERT OR UPDATE OF state, due_at ON notifications_delivery FOR EACH ROW
    WHEN (NEW.state IN ('pending', 'claimed') AND NEW.message IN ('planned', 'planned_changed')) EXECUTE FUNCTION sec.kept_quiet();

-- The events of one piece of work, without a walk through the whole ledger.
CREATE INDEX ledger_event_planned ON public.ledger_event (subject_id) WHERE kind IN ('planned.announced', 'planned.moved',
    'planned.extended', 'planned.finished', 'planned.cancelled');
-- How far the messages about a piece of planned work have come, for whoever announced it: one word for an organisation,
-- no way, no name. Only the newest thing that is told counts; `unneeded`: it was over before anything went out.
CREATE FUNCTION sec.planned_told(work uuid) RETURNS TABLE (organisation_id uuid, word text)
LANGUAGE sql STABLE {DEFINER} AS $$
    WITH newest AS (
        SELECT DISTINCT ON (s.organisation_id) s.organisation_id, w.reference, e.id, e.kind
          FROM public.incidents_plannedwork w JOIN public.incidents_plannedside s ON s.work_id = w.id
          LEFT JOIN public.ledger_event e ON e.subject_id = w.id AND e.data ->> 'organisation' = s.slug
                AND e.kind IN ('planned.announced', 'planned.moved', 'planned.extended', 'planned.finished',
                               'planned.cancelled')
         WHERE w.id = work AND w.announced_by_id = sec.me()
         ORDER BY s.organisation_id, e.at DESC NULLS LAST
    ), sent AS (
        SELECT n.organisation_id, n.kind,
               coalesce(bool_or(d.state IN ('accepted', 'delivered', 'answered')) FILTER (WHERE d.event_id = n.id), false) AS told,
               coalesce(bool_or(d.state IN ('pending', 'claimed')) FILTER (WHERE d.event_id = n.id), false) AS waits,
               coalesce(bool_or(d.state IN ('dead', 'skipped')) FILTER (WHERE d.event_id = n.id), false) AS failed,
               coalesce(bool_or(d.state IN ('accepted', 'delivered', 'answered')), false) AS ever_told,
               coalesce(bool_or(d.state IN ('dead', 'skipped')), false) AS ever_failed,
               (SELECT p.state FROM public.notifications_planning p
                 WHERE p.event_id = n.id AND p.organisation_id = n.organisation_id) AS planning
          FROM newest n LEFT JOIN public.notifications_delivery d ON d.organisation_id = n.organisation_id
               AND d.incident_id IS NULL AND d.incident_reference = n.reference
               AND d.message IN ('planned', 'planned_changed')
         GROUP BY n.organisation_id, n.id, n.kind
    )
    SELECT x.organisation_id,
           CASE WHEN x.told THEN 'told' WHEN x.waits THEN 'waiting'
                WHEN x.failed OR x.planning = 'failed' THEN 'failed'
                WHEN x.planning = 'done' AND x.kind IN ('planned.finished', 'planned.cancelled')
                     AND NOT x.ever_told AND NOT x.ever_failed THEN 'unneeded'
                WHEN x.planning = 'done' THEN 'failed' ELSE 'waiting' END
      FROM sent x
$$;
REVOKE ALL ON FUNCTION sec.quiet_from(uuid, timestamptz), sec.kept_quiet(), sec.planned_told(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.quiet_from(uuid, timestamptz) TO portal_worker;
GRANT EXECUTE ON FUNCTION sec.planned_told(uuid) TO portal_app;
"""
BACKWARD = """
DROP INDEX ledger_event_planned;
DROP TRIGGER kept_quiet ON notifications_delivery;
DROP FUNCTION sec.planned_told(uuid), sec.kept_quiet(), sec.quiet_from(uuid, timestamptz);
"""


class Migration(migrations.Migration):
    dependencies = [("notifications", "0006_contact_tests"), ("incidents", "0014_planned_work")]
    operations = [
        migrations.AlterField("delivery", "message", models.TextField(choices=list(MESSAGES.items()))),
        migrations.RemoveConstraint("delivery", "delivery_message"),
        migrations.AddConstraint(
            "delivery",
            models.CheckConstraint(condition=models.Q(message__in=list(MESSAGES)), name="delivery_message"),
        ),
        migrations.RunSQL(
            TOLD_OF.replace("@kinds@", KINDS) + PLANNING.replace("@planned@", ALSO) + QUIET,
            BACKWARD + PLANNING.replace("@planned@", "") + TOLD_OF.replace("@kinds@", ""),
        ),
    ]
