"""Whoever holds an incident holds it without its key. A worker that has a participant's row checks at its COMMIT that the
incident is there, and would wait for a lock of the key while its holder waits for that participant: a deadlock.

The functions stand in several migrations and are the same in everything else, so they are changed where they stand.
"""

from django.db import migrations

HOLDING = "'hand_over_lead', 'keep_radius', 'offer_lead', 'offer_silent_lead', 'open_offer'"
ROW = r"(FROM public\.incidents_incident x(?: JOIN [^;]*?)? WHERE [^;]*?)"


def changed(was: str, now: str) -> str:
    """Every one of those functions, holding the incident by `now` instead of `was`; it fails when one does not."""
    return rf"""
DO $do$
DECLARE f record; source text; count integer := 0; BEGIN
    FOR f IN SELECT p.oid FROM pg_proc p WHERE p.pronamespace = 'sec'::regnamespace AND p.proname IN ({HOLDING}) LOOP
        source := regexp_replace(pg_get_functiondef(f.oid), '{ROW} {was}( OF x)?;', '\1 {now}\2;');
        IF source <> pg_get_functiondef(f.oid) THEN
            EXECUTE source;
            count := count + 1;
        END IF;
    END LOOP;
    IF count <> 5 THEN
        RAISE EXCEPTION 'five functions hold an incident, and % were changed', count;
    END IF;
END $do$;
"""


class Migration(migrations.Migration):
    dependencies = [("notifications", "0017_heads_up")]
    operations = [
        migrations.RunSQL(
            changed("FOR UPDATE", "FOR NO KEY UPDATE"),
            changed("FOR NO KEY UPDATE", "FOR UPDATE"),
        )
    ]
