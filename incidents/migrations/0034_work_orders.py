"""Work orders to an organisation's own tool."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("incidents", "0033_confirm_mends")]
    operations = []
