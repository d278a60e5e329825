"""Messages about data that another holds for one."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("notifications", "0033_duty_reminders")]
    operations = []
