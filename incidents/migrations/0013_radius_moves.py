from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("incidents", "0012_guests_security")]
    operations: list[object] = []
