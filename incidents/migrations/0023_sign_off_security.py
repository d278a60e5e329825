"""Who may read and write what of an agreement to a playbook."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("incidents", "0022_sign_off")]
    operations = []
