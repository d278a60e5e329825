"""The lead's steps pass on with the place in the plan that they have; an exercise that is put aside wakes nobody at all."""

from importlib import import_module

from django.db import migrations

marks = import_module("notifications.migrations.0011_mail_distrust")
before = import_module("notifications.migrations.0020_as_they_are_now")
OR_REPLACE = ("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
PASSING_BEFORE = before.PASSING.replace(*OR_REPLACE)
# A step of a playbook that is called, or of a loop's second round, is another task of the same step.
PASSING = marks.without(
    PASSING_BEFORE,
    ("organisation_id, step_id, position, title,", "organisation_id, step_id, path, turn, position, title,"),
    ("becomes, o.step_id, o.position,", "becomes, o.step_id, o.path, o.turn, o.position,"),
    (
        "ON CONFLICT (incident_id, organisation_id, step_id)",
        "ON CONFLICT (incident_id, organisation_id, step_id, path, turn)",
    ),
    (
        "theirs.step_id = t.step_id\n",
        "theirs.step_id = t.step_id\n       AND theirs.path = t.path AND theirs.turn = t.turn\n",
    ),
)


class Migration(migrations.Migration):
    dependencies = [("notifications", "0029_exercises"), ("incidents", "0031_exercise_mends")]
    operations = [migrations.RunSQL(PASSING, PASSING_BEFORE)]
