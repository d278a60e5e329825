"""Who may read and write a draft of a playbook."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("incidents", "0026_drafts")]
    operations = []
