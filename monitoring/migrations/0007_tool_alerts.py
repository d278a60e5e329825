"""Alerts of named tools: repeats are counted, people decide, organisations write their own rules; who opened is named."""

import django.db.models.deletion
from django.db import migrations, models

from portal.tenancy.policies import ME, Allow

APP = "portal_app"
DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
OWN = f"organisation_id = {ME}"
WRITERS = f"{OWN} AND (SELECT sec.role()) IN ('administrator', 'incident_manager')"
SEEN_INCIDENT = (
    "incident_id IS NULL OR EXISTS (SELECT 1 FROM incidents_incident i WHERE i.id = monitoring_alert.incident_id)"
)
CHANGES = ("times", "last_seen_at", "resolved_at", "outcome", "reason", "incident_id")
RULE_CHANGES = (
    "position", "name", "source", "tool", "conditions", "mapping", "severities", "hosts", "action", "playbook", "dedupe",
    "joins", "window_minutes", "is_active", "version",
)  # fmt: skip
OUTCOMES = [
    ("opened", "Opened an incident"),
    ("joined", "Joined an incident"),
    ("queued", "Waits for a person"),
    ("suppressed", "Left out"),
    ("dismissed", "Dismissed by a person"),
]


def text():
    return models.TextField(blank=True, db_default="", default="")


def also(table, *allowed):
    """More rights to a table that is protected already."""
    return migrations.RunSQL(
        ";\n".join(line for each in allowed for line in each.statements(table)),
        ";\n".join(
            f"DROP POLICY {each.name} ON {table}; REVOKE {each.command.upper()}"
            f"{' (' + ', '.join(each.columns) + ')' if each.columns else ''} ON {table} FROM {each.role}"
            for each in allowed
        ),
    )


DECIDING = f"""
-- What became of an alert changes by a person's decision alone, and only while it waits. A tool counts, and no more.
CREATE FUNCTION sec.alert_decided() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    IF OLD.outcome <> 'queued' OR NEW.outcome NOT IN ('opened', 'joined', 'dismissed')
       OR NEW.outcome = 'dismissed' AND (btrim(NEW.reason) = '' OR NEW.incident_id IS NOT NULL) THEN
        RAISE EXCEPTION 'an alert that waits is decided once' USING ERRCODE = '23514';
    END IF;
    IF sec.who() IS NULL OR sec.role() NOT IN ('administrator', 'incident_manager') THEN
        RAISE EXCEPTION 'a person who may open incidents decides' USING ERRCODE = '42501';
    END IF;
    NEW.decided_at := clock_timestamp();
    NEW.decided_by_id := sec.who();
    RETURN NEW;
END $$;
CREATE TRIGGER alert_decided BEFORE UPDATE ON monitoring_alert FOR EACH ROW
    WHEN ((OLD.outcome, OLD.reason) IS DISTINCT FROM (NEW.outcome, NEW.reason)
          OR OLD.incident_id IS DISTINCT FROM NEW.incident_id)
    EXECUTE FUNCTION sec.alert_decided();
-- Who opened the incidents that these messages are about, where it was a tool and no person has looked yet.
CREATE FUNCTION sec.tools_unseen(worker text) RETURNS TABLE (delivery uuid, tool_of text, tool_kind text)
LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT d.id, i.tool_of, i.tool_kind
      FROM public.notifications_delivery d JOIN public.incidents_incident i ON i.id = d.incident_id
     WHERE d.claimed_by = worker AND worker <> '' AND d.state = 'claimed' AND d.claimed_until > clock_timestamp()
       AND i.tool_kind <> '' AND i.looked_at IS NULL
$$;
REVOKE ALL ON FUNCTION sec.alert_decided(), sec.tools_unseen(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.tools_unseen(text) TO portal_worker;
"""
BACKWARD = """
DROP TRIGGER alert_decided ON monitoring_alert; DROP FUNCTION sec.tools_unseen(text), sec.alert_decided();
"""


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0006_advisories"), ("incidents", "0050_opened_by_tool")]
    operations = [
        migrations.RemoveConstraint("alert", "alert_outcome"),
        *(migrations.AddField("alert", name, text()) for name in ("tool", "key", "link")),
        *(
            migrations.AddField("alert", name, models.DateTimeField(null=True))
            for name in ("last_seen_at", "resolved_at", "decided_at")
        ),
        migrations.AddField("alert", "decided_by_id", models.UUIDField(null=True)),
        migrations.AddField("alert", "join_key", models.BinaryField(null=True)),
        migrations.AddField("alert", "rule_version", models.PositiveIntegerField(db_default=0, default=0)),
        migrations.AddField("alert", "times", models.PositiveIntegerField(db_default=1, default=1)),
        *(migrations.AddField("alertrule", name, text()) for name in ("tool", "playbook", "joins")),
        *(
            migrations.AddField("alertrule", name, models.JSONField(db_default={}, default=dict))
            for name in ("severities", "hosts")
        ),
        migrations.AddField("alertrule", "version", models.PositiveIntegerField(db_default=1, default=1)),
        migrations.AlterField("alert", "outcome", models.TextField(choices=OUTCOMES)),
        migrations.AlterField(
            "alert",
            "rule",
            models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="monitoring.alertrule",
            ),
        ),
        migrations.AddIndex(
            "alert",
            models.Index(
                condition=models.Q(("key", ""), _negated=True), fields=["organisation", "tool", "key"], name="alert_key"
            ),
        ),
        migrations.AddIndex(
            "alert",
            models.Index(
                condition=models.Q(("join_key__isnull", False)), fields=["organisation", "join_key"], name="alert_join"
            ),
        ),
        migrations.AddIndex(
            "alert",
            models.Index(condition=models.Q(("outcome", "queued")), fields=["organisation"], name="alert_waiting"),
        ),
        migrations.AddConstraint(
            "alert",
            models.CheckConstraint(
                condition=models.Q(
                    models.Q(("incident__isnull", False), ("outcome__in", ["opened", "joined"])),
                    ("outcome__in", ["queued", "suppressed", "dismissed"]),
                    _connector="OR",
                ),
                name="alert_outcome",
            ),
        ),
        migrations.RunSQL(DECIDING, BACKWARD),
        also(
            "monitoring_alertrule",
            Allow(APP, "insert", WRITERS),
            Allow(APP, "update", WRITERS, columns=RULE_CHANGES),
            Allow(APP, "delete", WRITERS),
        ),
        also("monitoring_alert", Allow(APP, "update", f"{OWN} AND ({SEEN_INCIDENT})", columns=CHANGES)),
    ]
