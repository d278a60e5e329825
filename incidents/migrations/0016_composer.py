from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("incidents", "0015_ladder")]
    operations: list = []
