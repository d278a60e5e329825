"""A passkey rides on nothing shared only when its owner has said so; of a new one nobody knows."""

from importlib import import_module

from django.db import migrations, models

READING = import_module("partners.migrations.0005_own_people").READING
COUNTED_BEFORE = READING[
    READING.index("CREATE FUNCTION sec.ways_in(") : READING.index("REVOKE ALL ON FUNCTION sec.ways_in")
]
COUNTED_BEFORE = COUNTED_BEFORE.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
ALONE = "a.kind = 'passkey' AND a.rides_on_id IS NULL AND a.rides_on_words = ''"
assert ALONE in COUNTED_BEFORE
COUNTED = COUNTED_BEFORE.replace(ALONE, f"{ALONE} AND a.described_at IS NOT NULL")


class Migration(migrations.Migration):
    dependencies = [("partners", "0019_more_kinds")]
    operations = [
        migrations.AddField("authenticator", "described_at", models.DateTimeField(null=True, blank=True)),
        migrations.RunSQL(
            "GRANT SELECT (described_at) ON partners_authenticator TO portal_app;",
            "REVOKE SELECT (described_at) ON partners_authenticator FROM portal_app;",
        ),
        migrations.RunSQL(COUNTED, COUNTED_BEFORE),
    ]
