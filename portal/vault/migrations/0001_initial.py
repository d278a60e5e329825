"""Data keys: the door makes and reads them, a job reads those of the organisation that it has entered."""

import uuid

import django.db.models.functions.text
import django.db.models.lookups
from django.db import migrations, models

from portal.tenancy.policies import ME, Allow, protect

AUTH, WORKER = "portal_auth", "portal_worker"


class Migration(migrations.Migration):
    initial = True
    dependencies = [("tenancy", "0001_tickets")]
    operations = [
        migrations.CreateModel(
            name="DataKey",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("organisation_id", models.UUIDField()),
                ("version", models.PositiveIntegerField()),
                ("wrapped", models.BinaryField()),
                ("master_key_id", models.TextField()),
                ("created_at", models.DateTimeField()),
                ("retired_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("organisation_id", "version"), name="datakey_once"),
                    models.CheckConstraint(condition=models.Q(("version__gt", 0)), name="datakey_version"),
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.Exact(django.db.models.functions.text.Length("wrapped"), 60),
                            models.Q(
                                django.db.models.lookups.Exact(django.db.models.functions.text.Length("wrapped"), 0),
                                ("retired_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="datakey_wrapped_or_forgotten",
                    ),
                ],
            },
        ),
        protect(
            "vault_datakey",
            Allow(AUTH, "select", "true"),
            Allow(AUTH, "insert", "true"),
            Allow(WORKER, "select", f"organisation_id = {ME}"),
        ),
    ]
