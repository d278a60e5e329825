"""Messages about cuts and statements."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("notifications", "0034_data_notices")]
    operations = []
