from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("notifications", "0021_more_hooks")]
    operations: list = []
