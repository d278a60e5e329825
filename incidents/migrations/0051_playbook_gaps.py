"""What playbooks kept back: answers within a called playbook, steps of an office, orders given again."""

import uuid
from importlib import import_module

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

from portal.tenancy.policies import MINE, Allow, protect

DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
APP = "portal_app"
running = import_module("incidents.migrations.0029_running_mends")
telephone = import_module("incidents.migrations.0040_own_actions")

# An answer is kept when a condition asks about it: of the step's own playbook, or (`asked_around`) of one around it.
DECIDING = "(a ->> 'deciding')::boolean"
AROUND = f"({DECIDING} OR a ->> 'name' = ANY (t.asked_around))"
ASKED = running.ASKED.replace(DECIDING, AROUND)
CHECK = f"{running.BEFORE.OWN} AND length(value) <= 2000 AND {running.ANSWERED}{ASKED}"
USING = f"{running.BEFORE.OWN} AND {running.ANSWERED})"
_, BEGINS, REST = telephone.REPORTING.partition("CREATE FUNCTION sec.report_task(")
REPORT_BEFORE = BEGINS.replace("CREATE", "CREATE OR REPLACE") + REST.partition("END $$;\n")[0] + "END $$;\n"
OF_STEP = "(k ->> 'deciding')::boolean"
REPORT = REPORT_BEFORE.replace(OF_STEP, f"({OF_STEP} OR a.name = ANY (t.asked_around))")
WORKER_WRITES = "GRANT INSERT (asked_around) ON incidents_task TO portal_worker;"
WORKER_WROTE = "REVOKE INSERT (asked_around) ON incidents_task FROM portal_worker;"

# Lead and deputy lead are offices. Whoever had the step and has not answered it is let off it.
OFFICES = f"""
CREATE FUNCTION sec.pass_office(incident public.incidents_incident, office text, becomes uuid) RETURNS void
LANGUAGE plpgsql {DEFINER} AS $$
DECLARE open_ones uuid[]; told record; BEGIN
    -- An answer holds its task and then wants its participant: the tasks first here as well.
    SELECT array_agg(o.id) INTO open_ones FROM (
        SELECT k.id FROM public.incidents_task k JOIN public.incidents_step s ON s.id = k.step_id AND s.audience = office
         WHERE k.incident_id = incident.id AND k.organisation_id <> becomes
           AND k.status IN ('waiting', 'acknowledged', 'in_progress', 'blocked') ORDER BY k.id FOR UPDATE OF k) o;
    IF open_ones IS NULL THEN
        RETURN;
    END IF;
    -- Whoever held the office before has the old row of each step: it is taken up again, with a clock of its own.
    INSERT INTO public.incidents_task AS t (id, incident_id, organisation_id, step_id, path, turn, asked_around, position,
        title, containing, status, ready, acknowledge_by, finish_by, reason, version, changed_at, previous_status,
        previous_reason)
    SELECT DISTINCT ON (o.step_id, o.path, o.turn) gen_random_uuid(), o.incident_id, becomes, o.step_id, o.path, o.turn,
           o.asked_around, o.position, o.title, o.containing, 'waiting', o.ready,
           CASE WHEN o.ready THEN clock_timestamp() + make_interval(mins => s.acknowledge_minutes) END,
           CASE WHEN o.ready
                THEN clock_timestamp() + make_interval(mins => coalesce(incident.tasks_due_minutes, s.finish_minutes)) END,
           '', 1, clock_timestamp(), '', ''
      FROM public.incidents_task o JOIN public.incidents_step s ON s.id = o.step_id
     WHERE o.id = ANY (open_ones) ORDER BY o.step_id, o.path, o.turn, o.id
    ON CONFLICT (incident_id, organisation_id, step_id, path, turn) DO UPDATE SET status = 'waiting',
        ready = excluded.ready, acknowledge_by = excluded.acknowledge_by, finish_by = excluded.finish_by, reason = '',
        changed_by_id = NULL
     WHERE t.status = 'cancelled' AND t.exempt_because = '';
    UPDATE public.incidents_task k SET status = 'cancelled', changed_by_id = sec.who()
      FROM public.incidents_task theirs
     WHERE k.id = ANY (open_ones) AND theirs.incident_id = k.incident_id AND theirs.step_id = k.step_id
       AND theirs.path = k.path AND theirs.turn = k.turn AND theirs.organisation_id = becomes
       AND theirs.status = 'waiting';
    -- Who leads is told with the lead; who stands in is told of its steps.
    IF office <> 'deputy_lead' THEN
        RETURN;
    END IF;
    FOR told IN
        SELECT k.status = 'cancelled' AS off, k.organisation_id, p.slug,
               jsonb_agg(k.id ORDER BY k.position) AS tasks
          FROM public.incidents_task k
          JOIN public.incidents_participant p ON p.incident_id = k.incident_id AND p.organisation_id = k.organisation_id
         WHERE k.id = ANY (open_ones) AND k.status = 'cancelled'
            OR k.incident_id = incident.id AND k.organisation_id = becomes AND k.ready AND k.status = 'waiting'
               AND EXISTS (SELECT 1 FROM public.incidents_task o WHERE o.id = ANY (open_ones)
                              AND (o.step_id, o.path, o.turn) = (k.step_id, k.path, k.turn))
         GROUP BY 1, 2, 3 ORDER BY 1, 2 LOOP
        INSERT INTO public.ledger_event (id, kind, at, actor_organisation_id, actor_kind, incident_id, incident_reference,
                                         audience, data)
        VALUES (gen_random_uuid(), CASE WHEN told.off THEN 'tasks.called_off' ELSE 'tasks.ready' END, clock_timestamp(),
                incident.lead_id, 'system', incident.id, incident.reference,
                ARRAY(SELECT DISTINCT x FROM unnest(told.organisation_id || incident.overseers) x),
                jsonb_build_object('organisation', told.slug, 'tasks', told.tasks));
    END LOOP;
END $$;
CREATE FUNCTION sec.office_passed() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    IF NEW.lead_id <> OLD.lead_id THEN
        PERFORM sec.pass_office(NEW, 'lead', NEW.lead_id);
    END IF;
    IF NEW.deputy_lead_id IS DISTINCT FROM OLD.deputy_lead_id AND NEW.deputy_lead_id IS NOT NULL THEN
        PERFORM sec.pass_office(NEW, 'deputy_lead', NEW.deputy_lead_id);
        -- A step that was nobody's so far is somebody's now.
        UPDATE public.incidents_run r SET due_at = coalesce(r.due_at, clock_timestamp()) WHERE r.incident_id = NEW.id;
    END IF;
    RETURN NULL;
END $$;
-- Whoever mends a row by hand, as the owner and for no organisation, moves no steps with it.
CREATE TRIGGER office_passed AFTER UPDATE OF lead_id, deputy_lead_id ON incidents_incident FOR EACH ROW
    WHEN (NEW.status <> 'closed' AND nullif(current_setting('app.ticket', true), '') IS NOT NULL) EXECUTE FUNCTION sec.office_passed();
REVOKE ALL ON FUNCTION sec.pass_office(public.incidents_incident, text, uuid), sec.office_passed() FROM PUBLIC;
"""
NO_OFFICES = """
DROP TRIGGER office_passed ON incidents_incident;
DROP FUNCTION sec.office_passed(), sec.pass_office(public.incidents_incident, text, uuid);
"""

# What a tool did not do, or not in time, is given to it again as an order with a number of its own. The earlier order
# goes into the new one's history; its row makes room.
AGAIN = f"""
CREATE FUNCTION sec.give_order_again(task uuid, earlier uuid, why text, whose text) RETURNS uuid
LANGUAGE plpgsql {DEFINER} AS $$
DECLARE t public.incidents_task; w public.incidents_workorder; last public.incidents_orderagain;
        made uuid := gen_random_uuid(); key uuid := {telephone.KEY}; BEGIN
    PERFORM 1 FROM public.incidents_incident n
     WHERE n.id = (SELECT x.incident_id FROM public.incidents_task x WHERE x.id = task AND x.organisation_id = sec.mine())
       FOR SHARE;
    SELECT x.* INTO t FROM public.incidents_task x WHERE x.id = task AND x.organisation_id = sec.mine() FOR NO KEY UPDATE;
    IF t.id IS NULL OR NOT coalesce(CASE (SELECT k.kind FROM sec.ticket() k) WHEN 'key' THEN sec.key_has('answer')
                                    ELSE sec.role() NOT IN ('', 'observer') END, false) THEN
        RAISE EXCEPTION 'whoever may answer for its organisation gives an order again' USING ERRCODE = '42501';
    END IF;
    SELECT x.* INTO last FROM public.incidents_orderagain x WHERE x.task_id = t.id ORDER BY x.nth DESC LIMIT 1;
    SELECT x.* INTO w FROM public.incidents_workorder x WHERE x.task_id = t.id FOR UPDATE;
    IF earlier IS DISTINCT FROM coalesce(last.id, t.id) OR coalesce(last.nth, 0) >= 50 THEN
        RAISE EXCEPTION 'this order was given again already, or too often' USING ERRCODE = '23514';
    END IF;
    IF w.task_id IS NULL OR NOT (w.outcome IN ('failed', 'refused') OR w.outcome = '' AND w.lease_until <= clock_timestamp())
       OR NOT t.ready OR t.status NOT IN ('waiting', 'acknowledged', 'blocked')
       OR EXISTS (SELECT 1 FROM public.incidents_incident n WHERE n.id = t.incident_id
                     AND (n.status = 'closed' OR n.suspended_at IS NOT NULL)) THEN
        RAISE EXCEPTION 'only what the tool could not do, or not in time, is given to it again' USING ERRCODE = '23514';
    END IF;
    IF (length(btrim(why)) BETWEEN 1 AND 600 AND length(whose) <= 200) IS NOT TRUE THEN
        RAISE EXCEPTION 'say why' USING ERRCODE = '23514';
    END IF;
    INSERT INTO public.incidents_orderagain (id, task_id, organisation_id, nth, earlier_id, because, given_at, given_by_id,
        given_by, task_version, outcome, result, key_name, leases, taken_at, answered_at)
    VALUES (made, t.id, t.organisation_id, coalesce(last.nth, 0) + 1, earlier, btrim(why), clock_timestamp(),
        coalesce(sec.who(), key), whose, t.version, CASE w.outcome WHEN '' THEN 'expired' ELSE w.outcome END, w.result,
        w.key_name, w.former_leases || to_jsonb(w.lease), w.taken_at, w.answered_at);
    DELETE FROM public.incidents_workorder x WHERE x.task_id = t.id;
    RETURN made;
END $$;
REVOKE ALL ON FUNCTION sec.give_order_again(uuid, uuid, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.give_order_again(uuid, uuid, text, text) TO portal_app;
"""
NOT_AGAIN = "DROP FUNCTION sec.give_order_again(uuid, uuid, text, text);"


class Migration(migrations.Migration):
    dependencies = [("incidents", "0050_opened_by_tool")]
    operations = [
        migrations.AddField(
            model_name="task",
            name="asked_around",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.TextField(), db_default=[], default=list, size=None
            ),
        ),
        migrations.RunSQL(WORKER_WRITES, WORKER_WROTE),
        migrations.RunSQL(
            running.answering(CHECK, USING, CHECK), running.answering(running.CHECK, USING, running.CHECK)
        ),
        migrations.RunSQL(REPORT, REPORT_BEFORE),
        migrations.RunSQL(OFFICES, NO_OFFICES),
        migrations.CreateModel(
            name="OrderAgain",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("nth", models.PositiveSmallIntegerField()),
                ("earlier_id", models.UUIDField()),
                ("because", models.TextField()),
                ("given_at", models.DateTimeField()),
                ("given_by_id", models.UUIDField(null=True)),
                ("given_by", models.TextField()),
                ("task_version", models.PositiveIntegerField()),
                (
                    "outcome",
                    models.TextField(
                        choices=[("failed", "Failed"), ("refused", "Refused"), ("expired", "Not answered in time")]
                    ),
                ),
                ("result", models.TextField(blank=True, default="")),
                ("key_name", models.TextField()),
                ("leases", models.JSONField(default=list)),
                ("taken_at", models.DateTimeField()),
                ("answered_at", models.DateTimeField(null=True)),
                (
                    "organisation",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="partners.organisation",
                    ),
                ),
                (
                    "task",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="orders_again",
                        to="incidents.task",
                    ),
                ),
            ],
            options={
                "ordering": ["task", "nth"],
                "constraints": [
                    models.UniqueConstraint(fields=("task", "nth"), name="order_again_nth"),
                    models.UniqueConstraint(fields=("earlier_id",), name="order_again_once"),
                    models.CheckConstraint(
                        condition=models.Q(("outcome__in", ["failed", "refused", "expired"])),
                        name="order_again_outcome",
                    ),
                ],
            },
        ),
        protect("incidents_orderagain", Allow(APP, "select", f"organisation_id = {MINE}")),
        migrations.RunSQL(AGAIN, NOT_AGAIN),
    ]
