"""Runs of playbooks with every kind of step: steps that have begun, what the lead is asked, answers that conditions need."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

KEY = models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)


def of_incident(related_name: str) -> models.ForeignKey:
    return models.ForeignKey(
        db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name=related_name, to="incidents.incident"
    )


class Migration(migrations.Migration):
    dependencies = [("incidents", "0023_sign_off_security"), ("partners", "0004_sign_in_security")]
    operations = [
        migrations.AddField(
            "playbook",
            "calls",
            models.JSONField(db_default=models.Value([], models.JSONField()), default=list),
        ),
        migrations.AddField(
            "step", "answers", models.JSONField(db_default=models.Value([], models.JSONField()), default=list)
        ),
        migrations.AddField("step", "at_opening", models.BooleanField(db_default=False, default=False)),
        migrations.AddField("step", "certain", models.BooleanField(db_default=True, default=True)),
        # Playbooks that were kept before had no delays and no decisions.
        migrations.RunSQL(
            "UPDATE incidents_step SET at_opening = true WHERE after = '{}'", migrations.RunSQL.noop, elidable=True
        ),
        migrations.AlterModelOptions("task", {"ordering": ["position", "turn"]}),
        migrations.AddField("task", "exempt_because", models.TextField(blank=True, db_default="", default="")),
        migrations.AddField("task", "path", models.TextField(blank=True, db_default="", default="")),
        migrations.AddField("task", "turn", models.PositiveSmallIntegerField(db_default=1, default=1)),
        migrations.RemoveConstraint("task", "task_once"),
        migrations.AddConstraint(
            "task",
            models.UniqueConstraint(fields=("incident", "organisation", "step", "path", "turn"), name="task_each_turn"),
        ),
        migrations.AddField(
            "run", "called", models.JSONField(db_default=models.Value({}, models.JSONField()), default=dict)
        ),
        migrations.AddField("run", "ended_at", models.DateTimeField(null=True)),
        migrations.CreateModel(
            name="RunStep",
            fields=[
                ("id", KEY),
                ("key", models.TextField()),
                ("turn", models.PositiveSmallIntegerField()),
                ("name", models.TextField()),
                ("kind", models.TextField()),
                ("parent_key", models.TextField(blank=True, default="")),
                ("parent_turn", models.PositiveSmallIntegerField(default=0)),
                ("lap", models.PositiveSmallIntegerField(default=0)),
                ("state", models.TextField()),
                ("outcome", models.TextField(blank=True, default="")),
                ("due_at", models.DateTimeField(null=True)),
                ("began_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("open", models.PositiveSmallIntegerField(default=0)),
                ("rounds", models.PositiveSmallIntegerField(default=0)),
                ("incident", of_incident("run_steps")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("incident", "key", "turn"), name="run_step_once"),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["delayed", "begun", "asked", "ended", "stopped"])),
                        name="run_step_state",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Decision",
            fields=[
                ("id", KEY),
                ("key", models.TextField()),
                ("turn", models.PositiveSmallIntegerField()),
                ("lap", models.PositiveSmallIntegerField(default=0)),
                (
                    "kind",
                    models.TextField(
                        choices=[
                            ("choose", "Which way"),
                            ("repeat", "Once more or not"),
                            ("bound", "As often as it may"),
                            ("failed", "A step failed and nothing says what then"),
                        ]
                    ),
                ),
                ("name", models.TextField()),
                ("condition", models.TextField(blank=True, default="")),
                ("choices", models.JSONField(default=list)),
                ("asked_at", models.DateTimeField()),
                ("chosen", models.TextField(null=True)),
                ("why", models.TextField(blank=True, default="")),
                ("chosen_by_organisation_id", models.UUIDField(null=True)),
                ("chosen_by_id", models.UUIDField(null=True)),
                ("chosen_at", models.DateTimeField(null=True)),
                ("withdrawn_at", models.DateTimeField(null=True)),
                ("incident", of_incident("decisions")),
            ],
            options={
                "ordering": ["asked_at", "key"],
                "constraints": [
                    models.UniqueConstraint(fields=("incident", "key", "turn", "kind", "lap"), name="decision_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="RunAnswer",
            fields=[
                ("id", KEY),
                ("scope", models.TextField(blank=True, default="")),
                ("name", models.TextField()),
                ("kind", models.TextField()),
                ("value", models.TextField()),
                ("at", models.DateTimeField()),
                ("incident", of_incident("+")),
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
                        related_name="run_answers",
                        to="incidents.task",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["incident", "scope", "name"], name="run_answer_of")],
                "constraints": [models.UniqueConstraint(fields=("task", "name"), name="run_answer_once")],
            },
        ),
    ]
