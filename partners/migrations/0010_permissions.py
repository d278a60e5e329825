from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("partners", "0009_estate_records")]
    operations: list[object] = []
