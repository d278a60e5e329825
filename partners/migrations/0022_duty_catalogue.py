"""What an organisation has to report, to whom, and how fast."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("partners", "0021_more_kinds_still")]
    operations = []
