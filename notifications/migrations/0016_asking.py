"""Whoever is asked for an update is told that there is something to read."""

from importlib import import_module

from django.db import migrations, models

before = import_module("notifications.migrations.0011_mail_distrust")
MESSAGES = {**before.MESSAGES, "update_asked": "Asked for an update"}
ASKED = before.TOLD_OF.replace(" END\n$$", "\n                     WHEN 'update.asked' THEN 'named' END\n$$")
assert "update.asked" in ASKED


class Migration(migrations.Migration):
    dependencies = [("notifications", "0015_more_ways"), ("incidents", "0017_asking")]
    operations = [
        migrations.AlterField("delivery", "message", models.TextField(choices=list(MESSAGES.items()))),
        migrations.RemoveConstraint("delivery", "delivery_message"),
        migrations.AddConstraint(
            "delivery",
            models.CheckConstraint(condition=models.Q(message__in=list(MESSAGES)), name="delivery_message"),
        ),
        migrations.RunSQL(ASKED, before.TOLD_OF),
    ]
