"""An organisation's own clocks come to an end: whoever judges them is told before, and its managers when it is over."""

from importlib import import_module

from django.db import migrations, models

DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
before = import_module("notifications.migrations.0031_later_steps")
MESSAGES = {**before.MESSAGES, "duty_due": "A duty of its own is due"}
KINDS = " ".join(f"WHEN ''duty.{each}'' THEN ''named''" for each in ("reminded", "overdue"))
TOLD = f"""
DO $do$ DECLARE told text := pg_get_functiondef('sec.told_of(text, jsonb)'::regprocedure); BEGIN
    EXECUTE regexp_replace(told, 'END(\\s*)\\$function\\$', '{KINDS} END\\1$function$');
END $do$;
"""
NOT_TOLD = f"""
DO $do$ DECLARE told text := pg_get_functiondef('sec.told_of(text, jsonb)'::regprocedure); BEGIN
    EXECUTE replace(told, '{KINDS} END', 'END');
END $do$;
"""
# A day and four hours before, and when it is over. A clock that is no longer than that has no first, or no second. A
# law's clock runs on when the incident is closed; an exercise that is put aside, or over, says no more.
REMIND = f"""
CREATE FUNCTION sec.remind_of_duties() RETURNS integer LANGUAGE sql {DEFINER} AS $$
    WITH due AS (
        UPDATE public.incidents_duty d SET reminded = s.stage
          FROM (SELECT x.id, i.reference, CASE WHEN x.due_at <= clock_timestamp() THEN 3
                       WHEN x.due_at <= clock_timestamp() + interval '4 hours'
                            AND x.due_at - x.aware_at >= interval '8 hours' THEN 2
                       WHEN x.due_at <= clock_timestamp() + interval '1 day'
                            AND x.due_at - x.aware_at >= interval '2 days' THEN 1 ELSE 0 END AS stage
                  FROM public.incidents_duty x JOIN public.incidents_incident i ON i.id = x.incident_id
                 WHERE x.state = 'running' AND x.reminded < 3 AND x.due_at <= clock_timestamp() + interval '1 day'
                   AND i.suspended_at IS NULL AND NOT (i.exercise AND i.status = 'closed')
                   FOR UPDATE OF x SKIP LOCKED) s
         WHERE d.id = s.id AND s.stage > d.reminded
        RETURNING d.*, s.reference AS incident_reference
    ), said AS (
        INSERT INTO public.ledger_event (id, kind, at, actor_kind, incident_id, incident_reference, subject_id, audience,
                                         data)
        SELECT gen_random_uuid(), CASE d.reminded WHEN 3 THEN 'duty.overdue' ELSE 'duty.reminded' END,
               clock_timestamp(), 'system', d.incident_id, d.incident_reference, d.id, ARRAY[d.organisation_id],
               jsonb_build_object('organisation', o.slug)
          FROM due d JOIN public.partners_organisation o ON o.id = d.organisation_id
        RETURNING 1
    )
    SELECT count(*)::integer FROM said
$$;
-- For the planner, inside the organisation that it plans for: who judges that duty of its own, while it runs.
CREATE FUNCTION sec.judge_of_running(duty uuid) RETURNS text LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT d.judge FROM public.incidents_duty d WHERE d.id = duty AND d.organisation_id = sec.me() AND d.state = 'running'
$$;
REVOKE EXECUTE ON FUNCTION sec.remind_of_duties(), sec.judge_of_running(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.remind_of_duties(), sec.judge_of_running(uuid) TO portal_worker;
"""
TAKEN_BACK = "SET CONSTRAINTS ALL IMMEDIATE; DELETE FROM notifications_delivery WHERE message = 'duty_due';"


# Who reads it in ten minutes' time reads it too late. The list is taken as it stands.
def exempt(was: str, to: str) -> str:
    return f"""
DO $do$ DECLARE made text; BEGIN
    SELECT replace(pg_get_triggerdef(t.oid), 'CREATE TRIGGER', 'CREATE OR REPLACE TRIGGER') INTO made FROM pg_trigger t
     WHERE t.tgrelid = 'notifications_delivery'::regclass AND t.tgname = 'one_in_ten_minutes';
    ASSERT made LIKE '%{was.replace("'", "''")}%', made;
    EXECUTE replace(made, '{was.replace("'", "''")}', '{to.replace("'", "''")}');
END $do$;
"""


FIRST, WITH_IT = "ARRAY['opened'::text", "ARRAY['opened'::text, 'duty_due'::text"


class Migration(migrations.Migration):
    dependencies = [("notifications", "0032_links_put_aside"), ("incidents", "0037_duties")]
    operations = [
        migrations.AlterField("delivery", "message", models.TextField(choices=list(MESSAGES.items()))),
        migrations.RemoveConstraint("delivery", "delivery_message"),
        migrations.AddConstraint(
            "delivery",
            models.CheckConstraint(condition=models.Q(message__in=list(MESSAGES)), name="delivery_message"),
        ),
        migrations.RunSQL(migrations.RunSQL.noop, TAKEN_BACK),
        migrations.RunSQL(REMIND, "DROP FUNCTION sec.judge_of_running(uuid); DROP FUNCTION sec.remind_of_duties();"),
        migrations.RunSQL(TOLD + exempt(FIRST, WITH_IT), NOT_TOLD + exempt(WITH_IT, FIRST)),
    ]
