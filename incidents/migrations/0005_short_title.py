"""A short title for each step, for the head of its column on the board."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("incidents", "0004_preview")]
    operations = [
        migrations.AddField("step", "short_title", models.TextField(blank=True, default="", db_default="")),
    ]
