"""Playbooks that somebody is writing."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("incidents", "0025_running_security")]
    operations = []
