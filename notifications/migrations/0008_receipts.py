"""What a message service reports later of a message that it took: delivered, or not. A worker settles it.

The report comes through the portal's door, from a caller who knows a secret. It names our delivery and the service's own
id of it; a report whose two ids do not belong together is nobody's and is thrown away after three days.
"""

import uuid

import django.db.models.functions.datetime
from django.db import migrations, models

from portal.tenancy.policies import Allow, protect

WORKER = "portal_worker"
DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
KEPT = ("id", "delivery_id", "status", "at", "taken_at", "due_at")

RECEIPTS = f"""
CREATE FUNCTION sec.take_receipt(delivery uuid, ref text, said text, happened timestamptz) RETURNS void
LANGUAGE sql {DEFINER} AS $$
    INSERT INTO public.notifications_receipt (id, delivery_id, provider_ref, status, at)
    SELECT gen_random_uuid(), d.id, ref, said, happened FROM public.notifications_delivery d
     WHERE d.id = delivery AND d.way = 'sms' ON CONFLICT DO NOTHING
$$;
-- A worker enters the organisation of a message for a report that fits it. Null: it fits none, or none yet, because
-- whoever sent it has not written down that it was taken.
CREATE FUNCTION sec.enter_receipt(receipt uuid) RETURNS text LANGUAGE plpgsql {DEFINER} AS $$
DECLARE org uuid; BEGIN
    SELECT d.organisation_id INTO org FROM public.notifications_receipt r
      JOIN public.notifications_delivery d ON d.id = r.delivery_id AND d.provider_ref = r.provider_ref
     WHERE r.id = receipt AND d.provider_ref <> '' AND d.state IN ('accepted', 'delivered', 'answered', 'dead');
    IF org IS NULL THEN
        RETURN NULL;
    END IF;
    RETURN sec.enter(org);
END $$;
REVOKE ALL ON FUNCTION sec.take_receipt(uuid, text, text, timestamptz), sec.enter_receipt(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.take_receipt(uuid, text, text, timestamptz) TO portal_auth;
GRANT EXECUTE ON FUNCTION sec.enter_receipt(uuid) TO portal_worker;
"""
BACKWARD = "DROP FUNCTION sec.enter_receipt(uuid), sec.take_receipt(uuid, text, text, timestamptz);"


class Migration(migrations.Migration):
    dependencies = [("notifications", "0007_planned_work")]
    operations = [
        migrations.CreateModel(
            name="Receipt",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("delivery_id", models.UUIDField()),
                ("provider_ref", models.TextField()),
                (
                    "status",
                    models.TextField(
                        choices=[
                            ("delivered", "Delivered"),
                            ("permanent-failure", "No such number"),
                            ("temporary-failure", "Could not be reached"),
                            ("technical-failure", "The service failed"),
                        ]
                    ),
                ),
                ("at", models.DateTimeField()),
                ("taken_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("due_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "indexes": [models.Index(fields=["due_at"], name="receipt_due")],
                "constraints": [
                    models.UniqueConstraint(fields=["delivery_id", "provider_ref", "status"], name="receipt_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            status__in=["delivered", "permanent-failure", "temporary-failure", "technical-failure"]
                        ),
                        name="receipt_status",
                    ),
                ],
            },
        ),
        migrations.RunSQL(RECEIPTS, BACKWARD),
        protect(
            "notifications_receipt",
            Allow(WORKER, "select", "true", columns=KEPT),
            Allow(WORKER, "update", "true", "true", columns=("due_at",)),
            Allow(WORKER, "delete", "true"),
        ),
    ]
