from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("partners", "0018_more_marks")]
    operations: list = []
