"""Who has agreed to which version of a playbook."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("incidents", "0021_playbook_keys")]
    operations = []
