"""A guest who may read what the lead tells everybody also reads what of it may have been written by somebody else."""

from importlib import import_module

from django.db import migrations

ISOLATING = import_module("incidents.migrations.0006_isolation").ISOLATING
BEGINS = ISOLATING.index("CREATE FUNCTION sec.not_trusted(")
BEFORE = ISOLATING[BEGINS : ISOLATING.index("$$;", BEGINS) + 3].replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
ASKED = "sec.me() = ANY (i.participants)"
READ = """(sec.me() = ANY (i.participants) OR i.id = ANY (sec.guest_incidents('updates')) AND EXISTS (
           SELECT 1 FROM public.incidents_update u
            WHERE u.incident_id = i.id AND u.author_organisation_id = s.organisation_id))"""
assert ASKED in BEFORE


class Migration(migrations.Migration):
    dependencies = [("incidents", "0019_wording")]
    operations = [migrations.RunSQL(BEFORE.replace(ASKED, READ), BEFORE)]
