"""Mends of what is told to whom."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("notifications", "0027_still_more_kinds")]
    operations = []
