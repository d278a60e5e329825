from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("partners", "0010_permissions")]
    operations: list[object] = []
