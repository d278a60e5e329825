from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("partners", "0011_standing_access")]
    operations: list[object] = []
