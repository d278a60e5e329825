"""Exercises: words on a schedule, putting one aside for something real, and a score for each organisation itself."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

from portal.tenancy.policies import ME, Allow, protect

DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
LED = (
    "EXISTS (SELECT 1 FROM incidents_incident i WHERE i.id = incidents_inject.incident_id"
    f" AND i.lead_id = {ME} AND {ME} = ANY (i.participants))"
)
EVENT = """INSERT INTO public.ledger_event (id, kind, at, actor_kind, incident_id, incident_reference, subject_id, audience,
                                     data)"""

RUNNING = f"""
-- The lead writes down what everybody hears after so many minutes, for an exercise of its own that runs.
CREATE FUNCTION sec.plan_inject(incident uuid, nth integer, words text) RETURNS uuid LANGUAGE plpgsql {DEFINER} AS $$
DECLARE i public.incidents_incident; made uuid := gen_random_uuid(); BEGIN
    SELECT * INTO i FROM public.incidents_incident x WHERE x.id = incident AND x.lead_id = sec.me();
    IF i.id IS NULL OR sec.role() NOT IN ('administrator', 'incident_manager') THEN
        RAISE EXCEPTION 'an incident manager of the lead plans this' USING ERRCODE = '42501';
    END IF;
    IF NOT i.exercise OR i.status = 'closed' THEN
        RAISE EXCEPTION 'only in an exercise that runs' USING ERRCODE = '23514';
    END IF;
    IF nth IS NULL OR nth NOT BETWEEN 0 AND 1440 OR length(btrim(words)) NOT BETWEEN 1 AND 600 THEN
        RAISE EXCEPTION 'between 1 and 600 characters, within a day' USING ERRCODE = '23514';
    END IF;
    IF (SELECT count(*) FROM public.incidents_inject j WHERE j.incident_id = i.id) >= 20 THEN
        RAISE EXCEPTION 'at most twenty' USING ERRCODE = '23514';
    END IF;
    INSERT INTO public.incidents_inject (id, incident_id, minute, text, due_at)
    VALUES (made, i.id, nth, btrim(words), i.opened_at + make_interval(mins => nth));
    RETURN made;
END $$;
-- Put those that are due on every participant's page, each once; how many. The word comes first.
CREATE FUNCTION sec.send_injects() RETURNS integer LANGUAGE sql {DEFINER} AS $$
    WITH due AS (
        UPDATE public.incidents_inject j SET sent_at = clock_timestamp() FROM public.incidents_incident i
         WHERE i.id = j.incident_id AND j.sent_at IS NULL AND j.due_at <= clock_timestamp()
           AND i.exercise AND i.status <> 'closed' AND i.suspended_at IS NULL
        RETURNING j.id, j.text, i.id AS incident, i.reference, i.lead_id, i.participants, j.minute, i.next_update_at
    ), wrote AS (
        INSERT INTO public.incidents_update (id, incident_id, author_organisation_id, author_name, text, at)
        SELECT d.id, d.incident, d.lead_id, 'Exercise', 'EXERCISE. ' || d.text,
               clock_timestamp() + d.minute * interval '1 microsecond' FROM due d RETURNING 1
    ), said AS (
        {EVENT}
        SELECT gen_random_uuid(), 'update.sent', clock_timestamp(), 'system', d.incident, d.reference, d.id, d.participants,
               jsonb_build_object('text', 'EXERCISE. ' || d.text, 'next_update_at', d.next_update_at)
          FROM due d ORDER BY d.minute
        RETURNING 1
    )
    SELECT count(*)::integer FROM said
$$;
-- Anybody who answers for a participant puts an exercise aside at once: no passkey, and nobody is named, because who has
-- something real is nobody else's to know.
CREATE FUNCTION sec.suspend_exercise(incident uuid) RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
DECLARE i public.incidents_incident; BEGIN
    SELECT * INTO i FROM public.incidents_incident x WHERE x.id = incident AND sec.mine() = ANY (x.participants)
       FOR NO KEY UPDATE;  -- also whoever is limited to its own tasks: it may well have something real
    IF i.id IS NULL OR coalesce(sec.role(), '') NOT IN ('administrator', 'incident_manager', 'responder', 'approver') THEN
        RAISE EXCEPTION 'a person of a participant puts it aside' USING ERRCODE = '42501';
    END IF;
    IF NOT i.exercise OR i.status = 'closed' THEN
        RAISE EXCEPTION 'only an exercise that runs is put aside' USING ERRCODE = '23514';
    END IF;
    IF i.suspended_at IS NOT NULL THEN
        RETURN;
    END IF;
    UPDATE public.incidents_incident x SET suspended_at = clock_timestamp() WHERE x.id = i.id;
    {EVENT}
    VALUES (gen_random_uuid(), 'exercise.suspended', clock_timestamp(), 'system', i.id, i.reference, i.id, i.participants,
            jsonb_build_object('suspended', true));
END $$;
-- The lead goes on with it: every time that has not passed is as far away as it was.
CREATE FUNCTION sec.resume_exercise(incident uuid) RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
DECLARE i public.incidents_incident; lay interval; BEGIN
    SELECT * INTO i FROM public.incidents_incident x WHERE x.id = incident AND x.lead_id = sec.me() FOR NO KEY UPDATE;
    IF i.id IS NULL OR sec.role() NOT IN ('administrator', 'incident_manager') THEN
        RAISE EXCEPTION 'an incident manager of the lead goes on with it' USING ERRCODE = '42501';
    END IF;
    IF i.status = 'closed' OR i.suspended_at IS NULL THEN
        RAISE EXCEPTION 'it is not put aside' USING ERRCODE = '23514';
    END IF;
    lay := clock_timestamp() - i.suspended_at;
    UPDATE public.incidents_task t SET acknowledge_by = t.acknowledge_by + lay, finish_by = t.finish_by + lay
     WHERE t.incident_id = i.id AND t.status IN ('waiting', 'acknowledged', 'in_progress', 'blocked')
       AND t.finish_by IS NOT NULL;
    UPDATE public.incidents_inject j SET due_at = j.due_at + lay WHERE j.incident_id = i.id AND j.sent_at IS NULL;
    UPDATE public.incidents_duty d SET due_at = d.due_at + lay WHERE d.incident_id = i.id AND d.settled_at IS NULL;
    UPDATE public.incidents_runstep s SET due_at = s.due_at + lay
     WHERE s.incident_id = i.id AND s.ended_at IS NULL AND s.due_at IS NOT NULL;
    UPDATE public.incidents_incident x SET suspended_at = NULL, next_update_at = x.next_update_at + lay WHERE x.id = i.id;
    UPDATE public.incidents_run r SET due_at = clock_timestamp() WHERE r.incident_id = i.id;  -- what was answered meanwhile
    {EVENT}
    VALUES (gen_random_uuid(), 'exercise.resumed', clock_timestamp(), 'system', i.id, i.reference, i.id, i.participants,
            jsonb_build_object('suspended', false));
END $$;
"""
SCORING = f"""
CREATE FUNCTION sec.exercise_scored() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    INSERT INTO public.incidents_score (id, incident_id, organisation_id, closed_at, delivered_seconds, seen_seconds,
        acknowledged_seconds, contained_seconds, steps, done, declined)
    SELECT gen_random_uuid(), NEW.id, p.organisation_id, coalesce(NEW.closed_at, clock_timestamp()),
           abs(extract(epoch FROM coalesce(p.delivered_at, p.told_at) - p.joined_at)),
           abs(extract(epoch FROM p.seen_at - p.joined_at)),
           abs(extract(epoch FROM p.acknowledged_at - p.joined_at)),
           abs(extract(epoch FROM min(e.at) - p.joined_at)),
           count(t.id), count(t.id) FILTER (WHERE t.status IN ('done', 'verified')),
           count(t.id) FILTER (WHERE t.status = 'declined')
      FROM public.incidents_participant p
      LEFT JOIN public.incidents_task t ON t.incident_id = p.incident_id AND t.organisation_id = p.organisation_id
      LEFT JOIN (SELECT l.subject_id, min(l.at) AS at FROM public.ledger_event l
                  WHERE l.incident_id = NEW.id AND l.kind = 'standing.changed' AND l.data ->> 'word' = 'contained'
                  GROUP BY l.subject_id) e ON e.subject_id = p.organisation_id
     WHERE p.incident_id = NEW.id GROUP BY p.id
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER exercise_scored AFTER UPDATE OF status ON incidents_incident FOR EACH ROW
    WHEN (NEW.exercise AND NEW.status = 'closed' AND OLD.status <> 'closed') EXECUTE FUNCTION sec.exercise_scored();
-- The middle of all who took part, to each of them, in half minutes: of fewer than six, or to the second, it would tell of
-- one. Whoever had no step has no share of steps.
CREATE FUNCTION sec.exercise_medians(incident uuid) RETURNS TABLE (organisations bigint, delivered float8, seen float8,
    acknowledged float8, contained float8, done float8, declined float8) LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT count(*),
           CASE WHEN count(s.delivered_seconds) > 5
                THEN 30 * round(percentile_cont(0.5) WITHIN GROUP (ORDER BY s.delivered_seconds) / 30) END,
           CASE WHEN count(s.seen_seconds) > 5
                THEN 30 * round(percentile_cont(0.5) WITHIN GROUP (ORDER BY s.seen_seconds) / 30) END,
           CASE WHEN count(s.acknowledged_seconds) > 5
                THEN 30 * round(percentile_cont(0.5) WITHIN GROUP (ORDER BY s.acknowledged_seconds) / 30) END,
           CASE WHEN count(s.contained_seconds) > 5
                THEN 30 * round(percentile_cont(0.5) WITHIN GROUP (ORDER BY s.contained_seconds) / 30) END,
           CASE WHEN count(*) FILTER (WHERE s.steps > 0) > 5 THEN round((percentile_cont(0.5)
                WITHIN GROUP (ORDER BY s.done::float8 / s.steps) FILTER (WHERE s.steps > 0))::numeric, 1) END,
           CASE WHEN count(*) FILTER (WHERE s.steps > 0) > 5
                THEN percentile_cont(0.5) WITHIN GROUP (ORDER BY s.declined) FILTER (WHERE s.steps > 0) END
      FROM public.incidents_score s JOIN public.incidents_incident i ON i.id = s.incident_id
     WHERE i.id = incident AND sec.me() = ANY (i.participants)
$$;
CREATE POLICY exercises_by_functions ON ledger_event AS RESTRICTIVE FOR INSERT TO portal_app, portal_worker
    WITH CHECK (split_part(kind, '.', 1) <> 'exercise');
REVOKE ALL ON FUNCTION sec.plan_inject(uuid, integer, text), sec.send_injects(), sec.suspend_exercise(uuid),
    sec.resume_exercise(uuid), sec.exercise_scored(), sec.exercise_medians(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.plan_inject(uuid, integer, text), sec.suspend_exercise(uuid), sec.resume_exercise(uuid),
    sec.exercise_medians(uuid) TO portal_app;
GRANT EXECUTE ON FUNCTION sec.send_injects() TO portal_worker;
"""
BACKWARD = """
DROP POLICY exercises_by_functions ON ledger_event;
DROP TRIGGER exercise_scored ON incidents_incident;
DROP FUNCTION sec.exercise_medians(uuid), sec.exercise_scored(), sec.resume_exercise(uuid), sec.suspend_exercise(uuid),
    sec.send_injects(), sec.plan_inject(uuid, integer, text);
"""


def incident(related_name: str, *, indexed: bool) -> models.Field:
    return models.ForeignKey(
        db_index=indexed,
        on_delete=django.db.models.deletion.CASCADE,
        related_name=related_name,
        to="incidents.incident",
    )


class Migration(migrations.Migration):
    dependencies = [("incidents", "0027_drafts_security")]
    operations = [
        migrations.AddField("incident", "suspended_at", models.DateTimeField(blank=True, null=True)),
        migrations.CreateModel(
            name="Inject",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("minute", models.PositiveSmallIntegerField()),
                ("text", models.TextField()),
                ("due_at", models.DateTimeField()),
                ("sent_at", models.DateTimeField(null=True)),
                ("incident", incident("injects", indexed=True)),
            ],
            options={
                "ordering": ["minute", "id"],
                "indexes": [
                    models.Index(condition=models.Q(("sent_at__isnull", True)), fields=["due_at"], name="inject_due")
                ],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("minute__range", (0, 1440))), name="inject_minute")
                ],
            },
        ),
        migrations.CreateModel(
            name="Score",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("closed_at", models.DateTimeField()),
                ("delivered_seconds", models.PositiveIntegerField(null=True)),
                ("seen_seconds", models.PositiveIntegerField(null=True)),
                ("acknowledged_seconds", models.PositiveIntegerField(null=True)),
                ("contained_seconds", models.PositiveIntegerField(null=True)),
                ("steps", models.PositiveSmallIntegerField()),
                ("done", models.PositiveSmallIntegerField()),
                ("declined", models.PositiveSmallIntegerField()),
                ("incident", incident("scores", indexed=False)),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partners.organisation"
                    ),
                ),
            ],
            options={
                "ordering": ["-closed_at"],
                "constraints": [models.UniqueConstraint(fields=("incident", "organisation"), name="score_once")],
            },
        ),
        migrations.RunSQL(RUNNING + SCORING, BACKWARD),
        protect("incidents_inject", Allow("portal_app", "select", LED)),
        protect("incidents_score", Allow("portal_app", "select", f"organisation_id = {ME}")),
    ]
