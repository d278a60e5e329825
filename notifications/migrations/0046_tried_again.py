"""What could not be planned in ten tries is tried again for ever: its state is called so."""

from django.db import migrations, models

STATES = [
    ("pending", "Waiting"),
    ("claimed", "Being planned"),
    ("done", "Planned"),
    ("failed", "Failed often, is tried again"),
]


class Migration(migrations.Migration):
    dependencies = [("notifications", "0045_reach")]
    operations = [
        migrations.AlterField(
            "planning", "state", models.TextField(choices=STATES, db_default="pending", default="pending")
        ),
    ]
