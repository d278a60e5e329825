from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("notifications", "0011_mail_distrust")]
    operations: list = []
