"""Kinds of messages that playbooks bring."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("notifications", "0026_not_quiet_any_more")]
    operations = []
