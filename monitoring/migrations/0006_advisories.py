"""Advisories, the components that they match, and what was decided."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0005_findings")]
    operations = []
