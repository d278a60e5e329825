"""What happens next at an organisation from which nobody has answered: for itself and the overseers, on the board."""

from django.db import migrations, models

COLUMNS = "next_step, next_step_at, times_climbed"


class Migration(migrations.Migration):
    dependencies = [("incidents", "0014_planned_work")]
    operations = [
        migrations.AddField(
            model_name="participant",
            name="next_step",
            field=models.TextField(blank=True, db_default="", default="", editable=False),
        ),
        migrations.AddField(
            model_name="participant",
            name="next_step_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="participant",
            name="times_climbed",
            field=models.PositiveSmallIntegerField(db_default=0, default=0, editable=False),
        ),
        migrations.RunSQL(
            f"GRANT UPDATE ({COLUMNS}) ON incidents_participant TO portal_worker",
            f"REVOKE UPDATE ({COLUMNS}) ON incidents_participant FROM portal_worker",
        ),
    ]
