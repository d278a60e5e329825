from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("partners", "0019_more_kinds")]
    operations: list = []
