"""Decisions, statements and what is known, believed and not known."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("incidents", "0038_data_positions")]
    operations = []
