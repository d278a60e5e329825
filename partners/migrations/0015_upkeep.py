from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("partners", "0014_in_and_out")]
    operations: list[object] = []
