"""Kinds of approvals and work that playbooks bring."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("partners", "0020_ways_in")]
    operations = []
