"""A domain, its realm and its short name are one name: whoever has one keeps others from claiming it as another kind."""

from importlib import import_module

from django.db import migrations

changed = import_module("incidents.migrations.0052_board_rest").changed

# A machine's own name may well be what somebody calls a domain: of it only what stands behind its dots counts.
WAS = "AND u.part <> name)"
TO = "AND (u.part <> name OR i.kind <> name_kind AND name_kind <> 'host'))"
NAMES = "sec.name_of_another(text, text, uuid)"


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0016_known_before")]
    operations = [migrations.RunSQL(changed(NAMES, WAS, TO), changed(NAMES, TO, WAS))]
