"""Mends of who decides which plan runs."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("incidents", "0031_exercise_mends")]
    operations = []
