from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("notifications", "0012_hooks")]
    operations: list = []
