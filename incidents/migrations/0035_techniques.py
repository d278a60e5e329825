"""Techniques on an incident."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("incidents", "0034_work_orders")]
    operations = []
