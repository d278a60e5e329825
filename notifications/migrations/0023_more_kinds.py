from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("notifications", "0022_more_marks")]
    operations: list = []
