"""Nothing lost, rarely twice: breakers of the ways out, canaries, the next way of whoever waits, and sending again.

A way out names a transport and a host, never an organisation. Whoever waits too long for a first message, whose way is
shut or used up, is told by the next way too: a worker enters the organisation for that alone.
"""

import uuid

import django.db.models.functions.datetime
from django.db import migrations, models

from portal.tenancy.policies import Allow, protect

WORKER = "portal_worker"
DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
KEPT = (
    "id", "transport", "host", "recent", "opened_at", "probe_at", "because", "begun_at", "canary_due_at",
    "canary_tried_at", "canary_accepted_at",
)  # fmt: skip
MOVES = (
    "recent", "opened_at", "probe_at", "because", "canary_due_at", "canary_tried_at", "canary_accepted_at",
)  # fmt: skip

STEADY = f"""
GRANT SELECT (exercise, next_way), UPDATE (next_way) ON notifications_delivery TO {WORKER};
-- A worker enters the organisation of a message that is late, or whose way is shut or used up, to take the next way too.
CREATE FUNCTION sec.enter_late(delivery uuid) RETURNS text LANGUAGE plpgsql {DEFINER} AS $$
DECLARE org uuid; BEGIN
    SELECT d.organisation_id INTO org FROM public.notifications_delivery d
     WHERE d.id = delivery AND d.state IN ('pending', 'claimed') AND d.incident_id IS NOT NULL AND d.next_way <> 'taken' AND d.way <> 'phone'
       AND (d.next_way = 'wanted' OR (d.message IN ('opened', 'suspected')
            AND (d.created_at <= now() - interval '60 seconds'
                 OR EXISTS (SELECT 1 FROM public.notifications_wayout w WHERE w.opened_at IS NOT NULL))));
    IF org IS NULL THEN
        RAISE EXCEPTION 'nothing of this delivery is late' USING ERRCODE = '42501';
    END IF;
    RETURN sec.enter(org);
END $$;
-- Somebody answered one way: what still waits for them on a way that was given up is no longer needed.
CREATE FUNCTION sec.answered_elsewhere() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    UPDATE public.notifications_delivery d SET state = 'superseded'
     WHERE d.incident_id = NEW.incident_id AND d.organisation_id = NEW.organisation_id AND d.person_id = NEW.person_id
       AND d.message = NEW.message AND d.state = 'pending' AND d.next_way = 'taken' AND d.id <> NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER answered_elsewhere AFTER UPDATE OF state ON notifications_delivery FOR EACH ROW
    WHEN (NEW.state = 'answered' AND OLD.state <> 'answered' AND NEW.incident_id IS NOT NULL)
    EXECUTE FUNCTION sec.answered_elsewhere();
-- A dead message of one's own is sent again: as good as new, but for its id and its code.
CREATE FUNCTION sec.send_again(delivery uuid) RETURNS boolean LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    IF sec.role() NOT IN ('administrator', 'incident_manager', 'responder', 'approver') THEN
        RAISE EXCEPTION 'not for this role' USING ERRCODE = '42501';
    END IF;
    UPDATE public.notifications_delivery d
       SET state = 'pending', due_at = clock_timestamp(), attempts = 0, error = '', transport = '', provider_ref = '',
           accepted_at = NULL, delivered_at = NULL, next_way = ''
     WHERE d.id = delivery AND d.organisation_id = sec.me() AND d.state = 'dead' AND d.way <> 'phone'
       AND (d.incident_id IS NULL OR d.message = 'stood_down'
            OR EXISTS (SELECT 1 FROM public.incidents_incident i WHERE i.id = d.incident_id AND i.status <> 'closed'));
    RETURN FOUND;
END $$;
-- What every page and the probes say of the ways out: seconds only, no host.
CREATE FUNCTION sec.ways_out() RETURNS TABLE (transport text, canary_seconds double precision,
    open_seconds double precision) LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT w.transport,
           CASE WHEN w.canary_tried_at > now() - interval '10 minutes' THEN
                extract(epoch FROM now() - coalesce(w.canary_accepted_at, w.begun_at))::double precision END,
           CASE WHEN w.probe_at > now() - interval '10 minutes' THEN
                extract(epoch FROM now() - w.opened_at)::double precision END
      FROM public.notifications_wayout w
     WHERE w.canary_tried_at > now() - interval '10 minutes' OR w.opened_at IS NOT NULL
$$;
REVOKE ALL ON FUNCTION sec.enter_late(uuid), sec.answered_elsewhere(), sec.send_again(uuid), sec.ways_out() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.enter_late(uuid) TO portal_worker;
GRANT EXECUTE ON FUNCTION sec.send_again(uuid) TO portal_app;
GRANT EXECUTE ON FUNCTION sec.ways_out() TO portal_app, portal_auth;
"""
BACKWARD = f"""
DROP TRIGGER answered_elsewhere ON notifications_delivery;
DROP FUNCTION sec.ways_out(), sec.send_again(uuid), sec.answered_elsewhere(), sec.enter_late(uuid);
REVOKE SELECT (exercise, next_way), UPDATE (next_way) ON notifications_delivery FROM {WORKER};
"""


class Migration(migrations.Migration):
    dependencies = [("notifications", "0012_hooks")]
    operations = [
        migrations.CreateModel(
            name="WayOut",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("transport", models.TextField()),
                ("host", models.TextField()),
                ("recent", models.JSONField(default=list)),
                ("opened_at", models.DateTimeField(null=True)),
                ("probe_at", models.DateTimeField(null=True)),
                ("because", models.TextField(blank=True, db_default="", default="")),
                ("begun_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("canary_due_at", models.DateTimeField(null=True)),
                ("canary_tried_at", models.DateTimeField(null=True)),
                ("canary_accepted_at", models.DateTimeField(null=True)),
            ],
            options={
                "verbose_name_plural": "ways out",
                "constraints": [models.UniqueConstraint(fields=("transport", "host"), name="way_out_once")],
            },
        ),
        migrations.AddField("delivery", "next_way", models.TextField(blank=True, db_default="", default="")),
        migrations.AddConstraint(
            "delivery",
            models.CheckConstraint(condition=models.Q(next_way__in=["", "wanted", "taken"]), name="delivery_next_way"),
        ),
        migrations.AddIndex(
            "delivery",
            models.Index(
                fields=["organisation", "due_at"],
                name="delivery_turn",
                condition=models.Q(state__in=["pending", "claimed"]),
            ),
        ),
        migrations.AddIndex(
            "delivery",
            models.Index(
                fields=["created_at"],
                name="delivery_late",
                condition=models.Q(
                    models.Q(message__in=["opened", "suspected"]) | models.Q(next_way="wanted"),
                    next_way__in=["", "wanted"],
                    state__in=["pending", "claimed"],
                    incident__isnull=False,
                ),
            ),
        ),
        migrations.AddIndex(
            "delivery",
            models.Index(fields=["organisation"], name="delivery_dead", condition=models.Q(state="dead")),
        ),
        migrations.AddIndex(
            "delivery",
            models.Index(fields=["accepted_at"], name="delivery_texts", condition=models.Q(way="sms")),
        ),
        migrations.RunSQL(STEADY, BACKWARD),
        protect(
            "notifications_wayout",
            Allow(WORKER, "select", "true", columns=KEPT),
            Allow(WORKER, "insert", "true", columns=("id", "transport", "host", "recent")),
            Allow(WORKER, "update", "true", "true", columns=MOVES),
        ),
    ]
