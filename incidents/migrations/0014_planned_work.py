from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("incidents", "0013_radius_moves")]
    operations: list[object] = []
