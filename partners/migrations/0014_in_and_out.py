from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("partners", "0013_contacts_known_to_work")]
    operations: list[object] = []
