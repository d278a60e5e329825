"""A message that only its own organisation sees holds nothing else back; that of a legal clock is sent again when asked."""

from django.db import migrations


# What overseers cannot see would else show by what was held back because of it, and keep back what is urgent.
def changed(function: str, was: str, to: str) -> str:
    return f"""
DO $do$ DECLARE made text := pg_get_functiondef('{function}'::regprocedure); BEGIN
    ASSERT position($was${was}$was$ IN made) > 0, made;
    EXECUTE replace(made, $was${was}$was$, $to${to}$to$);
END $do$;
"""


WAS, TO = "AND greatest(", "AND d.message <> ALL ('{duty_due,data_notice,statement_asked}') AND greatest("
CLOSED, OR_A_DUTY = "OR d.message = 'stood_down'", "OR d.message = ANY ('{stood_down,duty_due}')"


class Migration(migrations.Migration):
    dependencies = [("notifications", "0039_cut_words")]
    operations = [
        migrations.RunSQL(changed("sec.one_in_ten_minutes()", WAS, TO), changed("sec.one_in_ten_minutes()", TO, WAS)),
        migrations.RunSQL(
            changed("sec.send_again(uuid)", CLOSED, OR_A_DUTY), changed("sec.send_again(uuid)", OR_A_DUTY, CLOSED)
        ),
    ]
