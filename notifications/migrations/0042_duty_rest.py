"""Whoever judges a running duty is told that standing down does not stop its clock."""

from django.db import migrations

KIND = "WHEN ''duty.goes_on'' THEN ''named''"
TOLD = f"""
DO $do$ DECLARE told text := pg_get_functiondef('sec.told_of(text, jsonb)'::regprocedure); BEGIN
    EXECUTE regexp_replace(told, 'END(\\s*)\\$function\\$', '{KIND} END\\1$function$');
END $do$;
"""
NOT_TOLD = f"""
DO $do$ DECLARE told text := pg_get_functiondef('sec.told_of(text, jsonb)'::regprocedure); BEGIN
    EXECUTE replace(told, '{KIND} END', 'END');
END $do$;
"""


class Migration(migrations.Migration):
    dependencies = [("notifications", "0041_board_rest"), ("incidents", "0053_duty_rest")]
    operations = [migrations.RunSQL(TOLD, NOT_TOLD)]
