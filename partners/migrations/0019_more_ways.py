from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("partners", "0018_hooks")]
    operations: list = []
