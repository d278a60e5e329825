"""What only functions of the database do is said by them alone, and what only a worker does is said by no application.

Otherwise a participant could write into everybody's feed that somebody was rung and has it, or have its own duty woken by
a word that nobody sent.
"""

from django.db import migrations

SAID = """
CREATE POLICY told_by_functions ON public.ledger_event AS RESTRICTIVE FOR INSERT TO portal_app, portal_worker
    WITH CHECK (split_part(kind, '.', 1) <> ALL (ARRAY['call', 'headsup', 'webhook'])
                AND kind <> ALL (ARRAY['update.asked', 'update.given']));
CREATE POLICY told_by_workers ON public.ledger_event AS RESTRICTIVE FOR INSERT TO portal_app
    WITH CHECK (split_part(kind, '.', 1) <> ALL (ARRAY['answer', 'ladder']));
"""
BACKWARD = """
DROP POLICY told_by_workers ON public.ledger_event;
DROP POLICY told_by_functions ON public.ledger_event;
"""


class Migration(migrations.Migration):
    dependencies = [("notifications", "0018_incident_lock")]
    operations = [migrations.RunSQL(SAID, BACKWARD)]
