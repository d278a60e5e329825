"""Findings: what a person has to look at of first sights and the rules beside them."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0004_access")]
    operations = []
