"""Whoever must agree to a statement is told that it waits, and again while nobody answers: silence is no agreement."""

from importlib import import_module

from django.db import migrations, models

from portal.tenancy.policies import ME

before = import_module("notifications.migrations.0034_data_notices")
own, exempt = before.own, before.exempt
MESSAGES = {**before.MESSAGES, "statement_asked": "Asked to agree to a statement"}
KINDS = " ".join(f"WHEN ''statement.{each}'' THEN ''named''" for each in ("asked", "reminded", "overdue"))
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
# It has to be answered within hours, at times within one.
FIRST, WITH_IT = "ARRAY['data_notice'::text", "ARRAY['statement_asked'::text, 'data_notice'::text"
# Who leads, deputises or provides and is not asked does not learn that two organisations agree on words.
ADDRESSED = own.incident(
    f"notifications_delivery.organisation_id = {ME} OR {ME} = ANY (i.overseers)"
    " AND notifications_delivery.message <> ALL (ARRAY['data_notice', 'duty_due', 'statement_asked'])"
)
TAKEN_BACK = "SET CONSTRAINTS ALL IMMEDIATE; DELETE FROM notifications_delivery WHERE message = 'statement_asked';"


class Migration(migrations.Migration):
    dependencies = [("notifications", "0037_row_nudges"), ("incidents", "0043_statements")]
    operations = [
        migrations.AlterField("delivery", "message", models.TextField(choices=list(MESSAGES.items()))),
        migrations.RemoveConstraint("delivery", "delivery_message"),
        migrations.AddConstraint(
            "delivery",
            models.CheckConstraint(condition=models.Q(message__in=list(MESSAGES)), name="delivery_message"),
        ),
        migrations.RunSQL(migrations.RunSQL.noop, TAKEN_BACK),
        migrations.RunSQL(TOLD + exempt(FIRST, WITH_IT), NOT_TOLD + exempt(WITH_IT, FIRST)),
        migrations.RunSQL(before.SEEN % f"{own.OWN} OR {ADDRESSED}", before.SEEN % f"{own.OWN} OR {before.ADDRESSED}"),
    ]
