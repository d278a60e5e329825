"""Mends of signatures and of whose playbook a name means."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("incidents", "0029_running_mends")]
    operations = []
