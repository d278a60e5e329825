"""Filled by the piece that it is named after."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("notifications", "0038_decision_words")]
    operations = []
