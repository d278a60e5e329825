"""Mends of exercises."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("incidents", "0030_exchange_mends")]
    operations = []
