"""Duties of an organisation: a catalogue, and what an incident starts."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("incidents", "0036_audiences")]
    operations = []
