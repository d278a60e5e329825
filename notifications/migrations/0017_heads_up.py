"""A member outside an incident is told that there is a word for it to read, and when it is over."""

from importlib import import_module

from django.db import migrations, models

marks = import_module("notifications.migrations.0011_mail_distrust")
before = import_module("notifications.migrations.0016_asking")
MESSAGES = {**before.MESSAGES, "heads_up": "A word to members outside", "heads_up_over": "That word: it is over"}
TOLD_OF = before.ASKED.replace(
    " END\n$$",
    "\n                     WHEN 'headsup.received' THEN 'everybody' WHEN 'headsup.ended' THEN 'everybody' END\n$$",
)
PLANNING = marks.PLANNING.replace(
    "OR e.kind IN ('mail.distrusted', 'mail.trusted')", "OR e.kind IN ('mail.distrusted', 'mail.trusted',"
    " 'headsup.received', 'headsup.ended')",
)  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("notifications", "0016_asking"), ("incidents", "0018_heads_up")]
    operations = [
        migrations.AlterField("delivery", "message", models.TextField(choices=list(MESSAGES.items()))),
        migrations.RemoveConstraint("delivery", "delivery_message"),
        migrations.AddConstraint(
            "delivery",
            models.CheckConstraint(condition=models.Q(message__in=list(MESSAGES)), name="delivery_message"),
        ),
        migrations.RunSQL(TOLD_OF + PLANNING, marks.PLANNING + before.ASKED),
    ]
