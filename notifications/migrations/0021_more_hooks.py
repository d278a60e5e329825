from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("notifications", "0020_as_they_are_now")]
    operations: list = []
