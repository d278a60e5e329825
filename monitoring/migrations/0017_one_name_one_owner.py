"""A domain, its realm and its short name are one name: whoever has one keeps others from claiming it as another kind."""

from importlib import import_module

from django.db import migrations

changed = import_module("incidents.migrations.0052_board_rest").changed

# A machine's own name may well be what somebody calls a domain: of it only what stands behind its dots counts.
WAS = "AND u.part <> name)"
TO = "AND (u.part <> name OR i.kind <> name_kind AND name_kind <> 'host'))"
NAMES = "sec.name_of_another(text, text, uuid)"

# What is longer could not be looked up whole: it is kept shortened, and read by its last parts (`monitoring.access.whose`).
BEGINS = "IF sec.name_of_another(name_kind, lower(btrim(name)), whose)"
TOO_LONG = """IF name_kind IN ('domain', 'realm') AND (octet_length(lower(btrim(name))) > 253
        OR length(name) - length(replace(name, '.', '')) >= 20) THEN
        RAISE EXCEPTION 'no domain is as long' USING ERRCODE = '22001';
    END IF;
    """
CLAIM = "sec.claim_name(text, text, uuid, uuid)"


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0016_known_before")]
    operations = [
        migrations.RunSQL(changed(NAMES, WAS, TO), changed(NAMES, TO, WAS)),
        migrations.RunSQL(
            changed(CLAIM, BEGINS, TOO_LONG + BEGINS),
            changed(CLAIM, TOO_LONG + BEGINS, BEGINS),
        ),
    ]
