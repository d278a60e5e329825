from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("partners", "0015_upkeep")]
    operations: list = []
