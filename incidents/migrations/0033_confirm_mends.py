"""Mends of the typed confirmation."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("incidents", "0032_plan_mends")]
    operations = []
