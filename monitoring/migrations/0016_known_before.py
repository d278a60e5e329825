"""What an operator has loaded as known, and nobody was told of, is told once somebody exploits it."""

from importlib import import_module

from django.db import migrations, models

changed = import_module("incidents.migrations.0052_board_rest").changed


TELLS = "sec.tell_of_exposures()"
TOLD = "INSERT INTO public.monitoring_exposuretold (exposure_id, organisation_id, at)\n        SELECT i, o.org, now FROM unnest(o.ids) i"
AGAIN = " ON CONFLICT (exposure_id, organisation_id) DO UPDATE SET at = EXCLUDED.at, known = false"
NOT_YET = "WHERE t.exposure_id = e.id AND t.organisation_id = u.org"
CHANGES = ((f"{NOT_YET})", f"{NOT_YET} AND NOT (t.known AND e.exploited))"), (f"{TOLD};", f"{TOLD}{AGAIN};"))


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0015_asked_when_it_stands")]
    operations = [
        migrations.AddField("exposuretold", "known", models.BooleanField(db_default=False, default=False)),
        *(migrations.RunSQL(changed(TELLS, was, to), changed(TELLS, to, was)) for was, to in CHANGES),
    ]
