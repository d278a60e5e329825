from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("notifications", "0014_answers")]
    operations: list = []
