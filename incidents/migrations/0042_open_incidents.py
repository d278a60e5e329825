"""Open incidents by themselves: every page counts them, however many have been closed."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("incidents", "0041_service_status")]
    operations = [
        migrations.AddIndex(
            model_name="incident",
            index=models.Index(fields=["id"], name="incident_open", condition=~models.Q(status="closed")),
        ),
    ]
