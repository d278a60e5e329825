"""What an organisation did by itself, and what it keeps as evidence."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("incidents", "0039_decision_log")]
    operations = []
