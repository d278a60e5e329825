"""Whoever a planned cut stops something for is asked by message, and hears what became of it."""

from importlib import import_module

from django.db import migrations, models

MESSAGES: dict[str, str] = {}
for _before in ("0034_data_notices", "0037_row_nudges", "0038_decision_words"):
    MESSAGES |= getattr(import_module(f"notifications.migrations.{_before}"), "MESSAGES", {})
MESSAGES |= {"cut_asked": "Asked about a planned cut", "cut_changed": "A planned cut: something has changed"}
# That it is done says the page: who was asked knew when it comes.
KINDS = (
    "WHEN ''cut.asked'' THEN ''named''"
    " WHEN ''cut.told'' THEN CASE WHEN data ->> ''step'' IS DISTINCT FROM ''done'' THEN ''named'' END"
)
TOLD = f"""
DO $do$ DECLARE told text := pg_get_functiondef('sec.told_of(text, jsonb)'::regprocedure); BEGIN
    EXECUTE regexp_replace(told, 'END(\\s*)\\$function\\$', '{KINDS} END\\1$function$');
END $do$;
"""
NOT_TOLD = f"""
DO $do$ DECLARE told text := pg_get_functiondef('sec.told_of(text, jsonb)'::regprocedure); BEGIN
    EXECUTE replace(told, '{KINDS} END', 'END');
END $do$;
"""


# A service may stop within the hour: nobody reads it in ten minutes' time. The list is taken as it stands.
def exempt(was: str, to: str) -> str:
    return f"""
DO $do$ DECLARE made text; BEGIN
    SELECT replace(pg_get_triggerdef(t.oid), 'CREATE TRIGGER', 'CREATE OR REPLACE TRIGGER') INTO made FROM pg_trigger t
     WHERE t.tgrelid = 'notifications_delivery'::regclass AND t.tgname = 'one_in_ten_minutes';
    ASSERT made LIKE '%{was.replace("'", "''")}%', made;
    EXECUTE replace(made, '{was.replace("'", "''")}', '{to.replace("'", "''")}');
END $do$;
"""


FIRST = "ALL (ARRAY["
WITH_IT = "ALL (ARRAY['cut_asked'::text, 'cut_changed'::text, "
TAKEN_BACK = (
    "SET CONSTRAINTS ALL IMMEDIATE; DELETE FROM notifications_delivery WHERE message IN ('cut_asked', 'cut_changed');"
)


class Migration(migrations.Migration):
    dependencies = [("notifications", "0038_decision_words"), ("incidents", "0044_planned_cuts")]
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
