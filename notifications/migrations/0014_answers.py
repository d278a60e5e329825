from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("notifications", "0013_steady")]
    operations: list = []
