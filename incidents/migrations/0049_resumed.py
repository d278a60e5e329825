"""An exercise that goes on: notices and statements that wait for an answer have as much time left as they had."""

from django.db import migrations

BEFORE = "UPDATE public.incidents_runstep s SET due_at"
ALSO = """UPDATE public.incidents_datanotice n SET due_at = n.due_at + lay
     WHERE n.incident_id = i.id AND n.acknowledged_at IS NULL;
    UPDATE public.incidents_statementask a SET due_at = a.due_at + lay
     WHERE a.incident_id = i.id AND a.answer = '';
    """


def changed(was: str, to: str) -> str:
    return f"""
DO $do$ DECLARE made text := pg_get_functiondef('sec.resume_exercise(uuid)'::regprocedure); BEGIN
    ASSERT position($was${was}$was$ IN made) > 0, made;
    EXECUTE replace(made, $was${was}$was$, $to${to}$to$);
END $do$;
"""


class Migration(migrations.Migration):
    dependencies = [("incidents", "0048_merging")]
    operations = [migrations.RunSQL(changed(BEFORE, ALSO + BEFORE), changed(ALSO + BEFORE, BEFORE))]
