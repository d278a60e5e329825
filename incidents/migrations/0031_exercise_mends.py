"""Nothing: kept as a place in the line."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("incidents", "0030_exchange_mends")]
    operations = []
