"""Runs of playbooks with every kind of step."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("incidents", "0023_sign_off_security")]
    operations = []
