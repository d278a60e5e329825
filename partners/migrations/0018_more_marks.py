from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("partners", "0017_mail_distrust")]
    operations: list = []
