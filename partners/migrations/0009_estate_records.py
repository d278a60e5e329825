from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("partners", "0008_keeping")]
    operations: list[object] = []
