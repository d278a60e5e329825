"""What an organisation's people said of an incident without signing in: the newest of it, on the participant's row."""

from django.db import migrations, models

GRANT = "GRANT UPDATE (said, said_by, said_at) ON incidents_participant TO portal_worker;"


class Migration(migrations.Migration):
    dependencies = [("incidents", "0015_ladder")]
    operations = [
        migrations.AddField(
            "participant", "said", models.TextField(blank=True, default="", db_default="", editable=False)
        ),
        migrations.AddField(
            "participant", "said_by", models.TextField(blank=True, default="", db_default="", editable=False)
        ),
        migrations.AddField("participant", "said_at", models.DateTimeField(editable=False, null=True)),
        migrations.RunSQL(GRANT, "REVOKE UPDATE (said, said_by, said_at) ON incidents_participant FROM portal_worker;"),
    ]
