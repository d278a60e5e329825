from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("partners", "0012_assurance")]
    operations: list[object] = []
