"""Mends of runs."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("incidents", "0028_exercises")]
    operations = []
