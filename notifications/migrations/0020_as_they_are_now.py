from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("notifications", "0019_said_alone")]
    operations: list = []
