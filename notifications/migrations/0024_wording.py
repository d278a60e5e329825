from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("notifications", "0023_more_kinds")]
    operations: list = []
