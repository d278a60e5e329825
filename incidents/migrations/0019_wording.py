from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("incidents", "0018_heads_up")]
    operations: list = []
