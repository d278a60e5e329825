"""An organisation in whose name somebody else wrote an answer down is told that there is one, and says whether it is so."""

from importlib import import_module

from django.db import migrations, models

_before = import_module("notifications.migrations.0039_cut_words")
exempt = _before.exempt
MESSAGES = {**_before.MESSAGES, "answered_for": "Somebody answered in its name"}
KINDS = "WHEN ''answer.reported'' THEN ''named''"
TOLD, NOT_TOLD = (text.replace(_before.KINDS, KINDS) for text in (_before.TOLD, _before.NOT_TOLD))
# Every answer that is not so holds somebody up: no other message holds this one back.
FIRST = "ALL (ARRAY["
WITH_IT = "ALL (ARRAY['answered_for'::text, "
TAKEN_BACK = "SET CONSTRAINTS ALL IMMEDIATE; DELETE FROM notifications_delivery WHERE message = 'answered_for';"


class Migration(migrations.Migration):
    dependencies = [("notifications", "0040_unseen"), ("incidents", "0052_board_rest")]
    operations = [
        migrations.AlterField("delivery", "message", models.TextField(choices=list(MESSAGES.items()))),
        migrations.RemoveConstraint("delivery", "delivery_message"),
        migrations.AddConstraint(
            "delivery",
            models.CheckConstraint(condition=models.Q(message__in=list(MESSAGES)), name="delivery_message"),
        ),
        migrations.RunSQL(migrations.RunSQL.noop, TAKEN_BACK),
        migrations.RunSQL(TOLD + exempt(FIRST, WITH_IT), NOT_TOLD + exempt(WITH_IT, FIRST)),
    ]
