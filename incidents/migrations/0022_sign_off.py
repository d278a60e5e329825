"""Who has agreed to which version of a playbook, for which systems it is, and what was agreed when an incident opened."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

# What the documents that are kept already say of themselves.
AS_THEY_SAY = """
UPDATE incidents_playbook
   SET revoked = coalesce((document ->> 'revoked')::boolean, false),
       valid_from = (document ->> 'valid_from')::timestamptz, valid_until = (document ->> 'valid_until')::timestamptz
"""


class Migration(migrations.Migration):
    dependencies = [("incidents", "0021_playbook_keys"), ("partners", "0021_more_kinds_still")]
    operations = [
        migrations.AddField(
            model_name="playbook",
            name="revoked",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="playbook",
            name="valid_from",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="playbook",
            name="valid_until",
            field=models.DateTimeField(null=True),
        ),
        migrations.RunSQL(AS_THEY_SAY, migrations.RunSQL.noop),
        migrations.CreateModel(
            name="SignOff",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("cacao_id", models.TextField()),
                ("signed_at", models.DateTimeField()),
                ("signed_by", models.UUIDField()),
                ("valid_until", models.DateField()),
                ("reservation", models.TextField(blank=True, default="")),
                ("ended_at", models.DateTimeField(null=True)),
                ("ended_by", models.UUIDField(null=True)),
                (
                    "ended_how",
                    models.TextField(
                        blank=True,
                        choices=[("", "In force"), ("withdrawn", "Withdrawn"), ("replaced", "Replaced")],
                        default="",
                    ),
                ),
                ("ended_reason", models.TextField(blank=True, default="")),
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
                    "playbook",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="sign_offs", to="incidents.playbook"
                    ),
                ),
            ],
            options={
                "ordering": ["-signed_at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="SignOffStep",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("reservation", models.TextField(blank=True, default="")),
                ("agreed_until", models.DateField(null=True)),
                (
                    "sign_off",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="steps",
                        to="incidents.signoff",
                    ),
                ),
                (
                    "step",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="incidents.step",
                    ),
                ),
            ],
            options={
                "ordering": ["step__position"],
            },
        ),
        migrations.CreateModel(
            name="PlaybookSystem",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("cacao_id", models.TextField()),
                ("set_at", models.DateTimeField()),
                (
                    "set_by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="partners.organisation",
                    ),
                ),
                (
                    "system",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="partners.sharedsystem"
                    ),
                ),
            ],
            options={
                "ordering": ["set_at", "id"],
                "constraints": [models.UniqueConstraint(fields=("cacao_id", "system"), name="playbook_for_system")],
            },
        ),
        migrations.CreateModel(
            name="SignedAtOpening",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "word",
                    models.TextField(
                        choices=[
                            ("signed", "Signed this version"),
                            ("other", "Signed another version"),
                            ("lapsed", "Its signature had expired"),
                            ("none", "Had not signed"),
                        ]
                    ),
                ),
                ("version", models.TextField(blank=True, default="")),
                ("signed_at", models.DateTimeField(null=True)),
                ("valid_until", models.DateField(null=True)),
                ("reservation", models.TextField(blank=True, default="")),
                ("steps", models.JSONField(default=list)),
                ("frozen_at", models.DateTimeField()),
                (
                    "incident",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="incidents.incident",
                    ),
                ),
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
            options={
                "ordering": ["incident", "organisation"],
                "constraints": [
                    models.UniqueConstraint(fields=("incident", "organisation"), name="signed_at_opening_once")
                ],
            },
        ),
        migrations.AddIndex(
            model_name="signoff",
            index=models.Index(
                condition=models.Q(("ended_at", None)), fields=["organisation", "cacao_id"], name="sign_off_of"
            ),
        ),
        migrations.AddIndex(
            model_name="signoff",
            index=models.Index(fields=["cacao_id", "organisation"], name="sign_off_plan"),
        ),
        migrations.AddConstraint(
            model_name="signoff",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at", None)), fields=("organisation", "playbook"), name="signed_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="signoff",
            constraint=models.CheckConstraint(
                condition=models.Q(("ended_how__in", ["", "withdrawn", "replaced"])), name="sign_off_ended"
            ),
        ),
        migrations.AddConstraint(
            model_name="signoffstep",
            constraint=models.UniqueConstraint(fields=("sign_off", "step"), name="sign_off_step_once"),
        ),
    ]
