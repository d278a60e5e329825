"""The open incidents of one organisation are found by themselves, however many others have."""

from django.contrib.postgres.indexes import GinIndex
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("incidents", "0055_reported_by_workers")]
    operations = [
        migrations.AddIndex(
            "incident",
            GinIndex(fields=["participants"], name="incident_open_of", condition=~models.Q(status="closed")),
        )
    ]
