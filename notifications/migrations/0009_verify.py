"""Whether a message is ours: asked with its code and the organisation that got it, by whoever is at the door."""

from django.db import migrations, models

DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"

# A code ends with its incident; that of a stand-down a day later, and one that belongs to no incident after a week.
VERIFY = f"""
CREATE FUNCTION sec.message_sent(which text, org text, at timestamptz) RETURNS timestamptz LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT coalesce(d.accepted_at, d.created_at) FROM public.notifications_delivery d
      JOIN public.partners_organisation o ON o.id = d.organisation_id
      LEFT JOIN public.incidents_incident i ON i.id = d.incident_id
     WHERE d.code = which AND o.slug = org
       -- One that was handed over and never heard of again may have arrived.
       AND (d.state IN ('claimed', 'accepted', 'delivered', 'answered') OR d.attempts > 0 AND d.state <> 'skipped')
       AND CASE WHEN d.incident_id IS NULL THEN coalesce(d.accepted_at, d.created_at) > at - interval '7 days'
                WHEN d.message = 'stood_down' THEN coalesce(d.accepted_at, d.created_at) > at - interval '1 day'
                ELSE i.status <> 'closed' END
     ORDER BY d.created_at LIMIT 1
$$;
REVOKE ALL ON FUNCTION sec.message_sent(text, text, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.message_sent(text, text, timestamptz) TO portal_auth;
"""


class Migration(migrations.Migration):
    dependencies = [("notifications", "0008_receipts")]
    operations = [
        migrations.AddIndex("delivery", models.Index(fields=["code"], name="delivery_code")),
        migrations.RunSQL(VERIFY, "DROP FUNCTION sec.message_sent(text, text, timestamptz);"),
    ]
