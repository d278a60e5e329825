"""The ladder of an organisation: who is called after the duty contact, and how long each rung has to answer.

Kept like the rota: by whoever looks after the organisation, with a passkey used just now, and with a history.
"""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from portal.tenancy.policies import ME, Allow, keep_history, protect

APP, WORKER = "portal_app", "portal_worker"
OWN = f"organisation_id = {ME}"
KEEPS = f"{OWN} AND (SELECT sec.fresh()) AND (SELECT sec.role()) IN ('administrator', 'incident_manager')"
OURS = (
    f"EXISTS (SELECT 1 FROM partners_person p WHERE p.id = person_id AND p.organisation_id = {ME} AND p.is_active"
    " AND NOT p.break_glass AND p.role NOT IN ('service_account', 'guest'))"
)
RUNGS = [("deputy", "deputy"), ("head_of_it", "head of IT"), ("chief_executive", "chief executive")]
BANDS = [("worst", "Category 1 or 2, or not said yet"), ("serious", "Category 3"), ("low", "Category 4 to 6")]


def theirs() -> tuple[str, models.Field]:
    return (
        "organisation",
        models.ForeignKey(
            db_index=False,
            on_delete=django.db.models.deletion.PROTECT,
            related_name="+",
            to="partners.organisation",
        ),
    )


class Migration(migrations.Migration):
    dependencies = [("partners", "0015_upkeep")]
    operations = [
        migrations.CreateModel(
            name="LadderRung",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("rung", models.TextField(choices=RUNGS)),
                theirs(),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("organisation", "rung"), name="ladder_rung_once"),
                    models.CheckConstraint(
                        condition=models.Q(("rung__in", ["deputy", "head_of_it", "chief_executive"])),
                        name="ladder_rung_named",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="LadderTime",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("band", models.TextField(choices=BANDS)),
                ("minutes", models.PositiveSmallIntegerField()),
                theirs(),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("organisation", "band"), name="ladder_time_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("band", "worst"), ("minutes__range", (2, 15))),
                            models.Q(("band", "serious"), ("minutes__range", (5, 30))),
                            models.Q(("band", "low"), ("minutes__range", (10, 240))),
                            _connector="OR",
                        ),
                        name="ladder_time_within",
                    ),
                ],
            },
        ),
        protect(
            "partners_ladderrung",
            Allow(APP, "select", OWN),
            Allow(APP, "insert", f"{KEEPS} AND {OURS}"),
            Allow(APP, "delete", KEEPS),
            Allow(WORKER, "select", OWN),
        ),
        protect(
            "partners_laddertime",
            Allow(APP, "select", OWN),
            Allow(APP, "insert", KEEPS),
            Allow(APP, "update", KEEPS, KEEPS, columns=("minutes",)),
            Allow(APP, "delete", KEEPS),
            Allow(WORKER, "select", OWN),
        ),
        keep_history("partners_ladderrung", "ladder_rung", "told_of_own"),
        keep_history("partners_laddertime", "ladder_time", "told_of_own"),
    ]
