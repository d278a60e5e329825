from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("partners", "0016_ladder")]
    operations: list = []
