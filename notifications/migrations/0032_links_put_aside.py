"""While an exercise is put aside, the page behind a link says so and takes no answer; afterwards the same link takes one."""

from django.db import migrations

DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
ASIDE = "EXISTS (SELECT 1 FROM public.incidents_incident i WHERE i.id = d.incident_id AND i.suspended_at IS NOT NULL)"


def functions(aside: str, unless: str) -> str:
    return f"""
CREATE OR REPLACE FUNCTION sec.message_waits(delivery uuid) RETURNS TABLE (state text, reference text, exercise boolean,
    said text, at timestamptz) LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT CASE WHEN sec.may_be_answered(d.id) THEN {aside} WHEN a.id IS NOT NULL THEN 'answered' ELSE 'gone' END,
           d.incident_reference, d.exercise, coalesce(a.said, ''), a.at
      FROM public.notifications_delivery d
      LEFT JOIN public.notifications_answer a ON a.delivery_id = d.id AND a.said <> 'unreadable'
     WHERE d.id = delivery
$$;
-- False: it cannot be answered, or was. Two at once are told apart by the index.
CREATE OR REPLACE FUNCTION sec.take_answer(delivery uuid, by_way text, what text, typed text, sender text) RETURNS boolean
LANGUAGE plpgsql {DEFINER} AS $$
DECLARE made uuid; BEGIN
    INSERT INTO public.notifications_answer (id, organisation_id, delivery_id, way, said, words, origin)
    SELECT gen_random_uuid(), d.organisation_id, d.id, by_way, what, typed, sender
      FROM public.notifications_delivery d WHERE d.id = delivery AND sec.may_be_answered(d.id){unless}
    ON CONFLICT DO NOTHING RETURNING notifications_answer.id INTO made;
    RETURN made IS NOT NULL;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("notifications", "0031_later_steps"), ("incidents", "0028_exercises")]
    operations = [
        migrations.RunSQL(
            functions(
                f"CASE WHEN {ASIDE} THEN 'aside' ELSE 'open' END", f"\n       AND NOT (by_way = 'link' AND {ASIDE})"
            ),
            functions("'open'", ""),
        )
    ]
