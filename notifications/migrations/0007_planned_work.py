from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("notifications", "0006_contact_tests")]
    operations: list[object] = []
