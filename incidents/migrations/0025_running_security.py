"""Who may read and move what of a run."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("incidents", "0024_running")]
    operations = []
