"""Keys that playbooks are signed with, and whose keys a partnership trusts."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("incidents", "0020_marks_for_guests")]
    operations = []
