"""Messages about duties."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("notifications", "0032_links_put_aside")]
    operations = []
