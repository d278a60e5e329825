from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("notifications", "0009_verify")]
    operations: list = []
