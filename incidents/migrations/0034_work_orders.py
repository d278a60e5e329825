"""Work orders to an organisation's own tool: what the tool made of them is its organisation's alone."""

import uuid
from importlib import import_module

import django.db.models.deletion
from django.db import migrations, models

from portal.tenancy.policies import MINE, Allow, protect

DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
APP = "portal_app"
OWN = f"organisation_id = {MINE}"
# One's own task that is ready, of a step with a command for a tool. Once it is answered nobody changes it.
FOR_A_TOOL = (
    "EXISTS (SELECT 1 FROM incidents_task t JOIN incidents_step s ON s.id = t.step_id"
    f" WHERE t.id = incidents_workorder.task_id AND t.organisation_id = {MINE} AND t.ready AND s.instructions <> '[]')"
)
CHANGED = (
    "lease", "lease_until", "former_leases", "taken_at", "key_id", "key_name", "outcome", "result", "out_args",
    "answered_at", "late",
)  # fmt: skip
# What a tool took and answered is told at home alone. That one is ready is said with the steps: to one organisation, by
# the lead.
SAID = f"""
CREATE POLICY work_orders_said ON public.ledger_event AS RESTRICTIVE FOR INSERT TO portal_app, portal_worker WITH CHECK (
    split_part(kind, '.', 1) <> 'work_order'
    OR audience = ARRAY[{MINE}]
    OR kind = 'work_order.ready' AND cardinality(audience) = 1 AND EXISTS (SELECT 1 FROM public.incidents_incident i
        WHERE i.id = ledger_event.incident_id AND i.lead_id = (SELECT sec.me())));
"""
NOT_SAID = "DROP POLICY work_orders_said ON public.ledger_event;"

# Whether an organisation has answered ends its ladder. What its tool did by itself, and no person of it has looked at, is
# an answer only while no ready step waits for somebody.
BY_TOOL = """EXISTS (SELECT 1 FROM public.incidents_workorder w WHERE w.task_id = t.id AND w.outcome = 'done' AND NOT w.late
                           AND (t.changed_by_id = w.key_id OR t.status IN ('verified', 'cancelled')))"""
COUNTED_BEFORE = import_module("incidents.migrations.0025_running_security").WAKES
COUNTED = COUNTED_BEFORE.replace(
    "                       min(t.acknowledged_at) AS acknowledged_at\n",
    f"""                       CASE WHEN NOT bool_or(t.ready AND t.status = 'waiting' OR t.status = 'in_progress' AND {BY_TOOL})
                            THEN min(t.acknowledged_at)
                            ELSE min(t.acknowledged_at) FILTER (WHERE t.acknowledged_at IS NOT NULL AND NOT {BY_TOOL})
                        END AS acknowledged_at
""",
)
assert COUNTED != COUNTED_BEFORE

# A task that waits anew has its order anew: an answer taken back, a step of the lead's that comes back with the lead.
# That a tool could not do it is known still when a person takes a word back.
ANEW = f"""
CREATE FUNCTION sec.order_anew() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    DELETE FROM public.incidents_workorder w
     WHERE w.task_id = NEW.id AND (OLD.status = 'cancelled' OR w.outcome = 'done');
    RETURN NULL;
END $$;
CREATE TRIGGER task_order_anew AFTER UPDATE OF status ON incidents_task FOR EACH ROW
    WHEN (NEW.status = 'waiting' AND OLD.status <> 'waiting') EXECUTE FUNCTION sec.order_anew();
REVOKE ALL ON FUNCTION sec.order_anew() FROM PUBLIC;
"""
NOT_ANEW = "DROP TRIGGER task_order_anew ON incidents_task; DROP FUNCTION sec.order_anew();"


class Migration(migrations.Migration):
    dependencies = [("incidents", "0033_confirm_mends")]
    operations = [
        migrations.CreateModel(
            name="WorkOrder",
            fields=[
                (
                    "task",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="work_order",
                        serialize=False,
                        to="incidents.task",
                    ),
                ),
                ("lease", models.UUIDField(default=uuid.uuid4)),
                ("lease_until", models.DateTimeField()),
                ("former_leases", models.JSONField(db_default=models.Value([], models.JSONField()), default=list)),
                ("taken_at", models.DateTimeField()),
                ("key_id", models.UUIDField(null=True)),
                ("key_name", models.TextField()),
                (
                    "outcome",
                    models.TextField(
                        blank=True,
                        choices=[("", "Not answered"), ("done", "Done"), ("failed", "Failed"), ("refused", "Refused")],
                        db_default="",
                        default="",
                    ),
                ),
                ("result", models.TextField(blank=True, db_default="", default="")),
                ("out_args", models.JSONField(db_default=models.Value({}, models.JSONField()), default=dict)),
                ("answered_at", models.DateTimeField(null=True)),
                ("late", models.BooleanField(db_default=False, default=False)),
                (
                    "organisation",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="partners.organisation",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="workorder",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("answered_at", None), ("outcome", "")),
                    models.Q(("answered_at__isnull", False), ("outcome__in", ["done", "failed", "refused"])),
                    _connector="OR",
                ),
                name="work_order_answered",
            ),
        ),
        protect(
            "incidents_workorder",
            Allow(APP, "select", OWN),
            Allow(APP, "insert", f"{OWN} AND {FOR_A_TOOL}"),
            Allow(APP, "update", f"{OWN} AND outcome = ''", OWN, columns=CHANGED),
        ),
        migrations.RunSQL(SAID, NOT_SAID),
        migrations.RunSQL(COUNTED, COUNTED_BEFORE),
        migrations.RunSQL(ANEW, NOT_ANEW),
    ]
