"""What personal data is touched, and who has told whom."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("incidents", "0037_duties")]
    operations = []
