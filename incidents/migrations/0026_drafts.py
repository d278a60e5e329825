"""Playbooks that somebody is writing, what a step wants as proof, and words typed before a service stops."""

import uuid

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("incidents", "0025_running_security"), ("partners", "0001_initial")]
    operations = [
        migrations.AddField("step", "evidence", models.TextField(blank=True, default="", db_default="")),
        migrations.AddField("step", "typed_confirmation", models.BooleanField(default=False, db_default=False)),
        migrations.CreateModel(
            name="PlaybookDraft",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("name", models.TextField()),
                ("content", models.JSONField()),
                ("version", models.PositiveIntegerField(default=1)),
                ("changed_at", models.DateTimeField()),
                ("changed_by_id", models.UUIDField(null=True)),
                (
                    "based_on",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="incidents.playbook",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partners.organisation"
                    ),
                ),
            ],
            options={"ordering": ["-changed_at", "id"]},
        ),
        migrations.CreateModel(
            name="StopConfirmation",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("words", models.TextField()),
                ("at", models.DateTimeField()),
                ("by_id", models.UUIDField(null=True)),
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
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="stop_confirmations",
                        to="incidents.task",
                    ),
                ),
            ],
        ),
    ]
