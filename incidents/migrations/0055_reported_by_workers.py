"""That somebody answered in another's name is said by a function alone; `told_by_workers` keeps requests from it already.

For the role of requests a second policy refused the same, and nobody would have noticed had it been opened.
"""

from django.db import migrations

POLICY = """
DROP POLICY reported_by_functions ON ledger_event;
CREATE POLICY reported_by_functions ON ledger_event AS RESTRICTIVE FOR INSERT TO {roles} WITH CHECK (kind <> 'answer.reported');
"""


class Migration(migrations.Migration):
    dependencies = [("incidents", "0054_board_has")]
    operations = [
        migrations.RunSQL(POLICY.format(roles="portal_worker"), POLICY.format(roles="portal_app, portal_worker"))
    ]
