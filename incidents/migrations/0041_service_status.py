"""How services stand, planned cuts, costs."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("incidents", "0040_own_actions")]
    operations = []
