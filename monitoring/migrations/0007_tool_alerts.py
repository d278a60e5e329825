"""Alerts of named tools, their windows and counts, and campaigns."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0006_advisories")]
    operations = []
