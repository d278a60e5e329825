"""What access events are attributed by, which of them crossed a boundary first, and what of a source was taken."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("monitoring", "0003_health"),
        ("incidents", "0049_resumed"),
        ("notifications", "0040_unseen"),
        ("partners", "0022_duty_catalogue"),
    ]
    operations = []
