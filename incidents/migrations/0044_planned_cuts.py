"""Filled by the piece that it is named after."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("incidents", "0043_statements")]
    operations = []
