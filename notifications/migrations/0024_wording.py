"""What organisations say in their own words in messages to their own people; the lead is reminded of an update.

Kept like the ladder: by an administrator, with a passkey used just now, and with a history. A worker reads the words of the
messages that it holds and no others.
"""

import uuid
from importlib import import_module

import django.db.models.deletion
from django.db import migrations, models

from portal.tenancy.policies import ME, Allow, keep_history, protect

APP = "portal_app"
DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
OWN = f"organisation_id = {ME}"
KEEPS = f"{OWN} AND (SELECT sec.fresh()) AND (SELECT sec.role()) = 'administrator'"
MESSAGES = [
    ("opened", "Incident opened"),
    ("suspected", "Incident suspected"),
    ("stood_down", "Stood down"),
    ("update_asked", "Asked for an update"),
    ("lead_offered", "Asked to take the lead"),
    ("planned", "Planned work announced"),
    ("planned_changed", "Planned work: something has changed"),
]
BANDS = [
    ("", "Every severity"),
    ("worst", "Category 1 or 2, or not said yet"),
    ("serious", "Category 3"),
    ("low", "Category 4 to 6"),
]

heads_up = import_module("notifications.migrations.0017_heads_up")
DELIVERED = {**heads_up.MESSAGES, "update_due": "An update is due"}

# The reminder is said by a function of the database alone (`incidents/migrations/0019_wording.py`), and planned like others.
TOLD = """
DO $do$ DECLARE told text := pg_get_functiondef('sec.told_of(text, jsonb)'::regprocedure); BEGIN
    EXECUTE regexp_replace(told, 'END(\\s*)\\$function\\$', 'WHEN ''update.due'' THEN ''named'' END\\1$function$');
END $do$;
CREATE POLICY reminded_by_functions ON public.ledger_event AS RESTRICTIVE FOR INSERT TO portal_app, portal_worker
    WITH CHECK (kind <> 'update.due');
"""
NOT_TOLD = """
DROP POLICY reminded_by_functions ON public.ledger_event;
DO $do$ DECLARE told text := pg_get_functiondef('sec.told_of(text, jsonb)'::regprocedure); BEGIN
    EXECUTE replace(told, 'WHEN ''update.due'' THEN ''named'' END', 'END');
END $do$;
"""

WORDING = f"""
-- In the rights of whoever writes: a name that the organisation cannot read is neither refused nor given away.
CREATE FUNCTION sec.wording_checked() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE words text := NEW.preface || E'\\n' || NEW.line; rest text; named text; BEGIN
    IF length(NEW.preface) > 300 OR length(NEW.line) > 60 OR btrim(words, E' \\n') = '' THEN
        RAISE EXCEPTION 'up to 300 letters in an e-mail and 60 in a text message' USING ERRCODE = '23514';
    END IF;
    IF words ~* '://|www\\.|@|[a-z0-9]\\.[a-z][a-z]' OR words ~* '\\m(INC|PLN)-' THEN
        RAISE EXCEPTION 'no link, no address and no reference' USING ERRCODE = '23514';
    END IF;
    IF regexp_replace(words, '\\{{(organisation|desk)\\}}', '', 'g') ~ '[{{}}]' OR NEW.line ~ '[[:cntrl:]]'
       OR NEW.preface ~ '[\\x01-\\x09\\x0b-\\x1f\\x7f]' THEN
        RAISE EXCEPTION 'in braces only organisation and desk' USING ERRCODE = '23514';
    END IF;
    SELECT replace(lower(words), lower(o.name), '') INTO rest FROM public.partners_organisation o
     WHERE o.id = NEW.organisation_id;
    SELECT n.name INTO named FROM (
        SELECT o.name FROM public.partners_organisation o WHERE o.id <> NEW.organisation_id
        UNION SELECT s.name FROM public.partners_sharedsystem s WHERE NOT s.is_portal) n
     WHERE length(n.name) > 2 AND position(lower(n.name) IN rest) > 0 ORDER BY length(n.name) DESC LIMIT 1;
    IF named IS NOT NULL THEN
        RAISE EXCEPTION 'take out %', quote_literal(named) USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER wording_checked BEFORE INSERT OR UPDATE ON notifications_wording
    FOR EACH ROW EXECUTE FUNCTION sec.wording_checked();
-- The words for the deliveries that a worker holds: always those of the organisation whose people are told. The band of a
-- severity is that of `partners.ladder.band_of`.
CREATE FUNCTION sec.own_words(worker text) RETURNS TABLE (delivery uuid, preface text, line text, organisation text,
    desk text) LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT d.id, w.preface, w.line, o.name, coalesce(k.phone, '')
      FROM public.notifications_delivery d
      JOIN public.partners_organisation o ON o.id = d.organisation_id
      LEFT JOIN public.partners_dutydesk k ON k.organisation_id = d.organisation_id
      LEFT JOIN public.incidents_incident i ON i.id = d.incident_id
      CROSS JOIN LATERAL (
           SELECT x.preface, x.line FROM public.notifications_wording x
            WHERE x.organisation_id = d.organisation_id AND x.message = d.message
              AND x.band IN ('', CASE WHEN coalesce(i.severity, 1) <= 2 THEN 'worst' WHEN i.severity = 3 THEN 'serious'
                                      ELSE 'low' END)
            ORDER BY x.band = '' LIMIT 1) w
     WHERE d.claimed_by = worker AND worker <> '' AND d.state = 'claimed' AND d.claimed_until > clock_timestamp()
$$;
REVOKE ALL ON FUNCTION sec.wording_checked(), sec.own_words(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.own_words(text) TO portal_worker;
"""
BACKWARD = """
DROP TRIGGER wording_checked ON notifications_wording;
DROP FUNCTION sec.own_words(text), sec.wording_checked();
"""


class Migration(migrations.Migration):
    dependencies = [("notifications", "0023_more_kinds"), ("partners", "0016_ladder"), ("incidents", "0019_wording")]
    operations = [
        migrations.CreateModel(
            name="Wording",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("message", models.TextField(choices=MESSAGES)),
                ("band", models.TextField(blank=True, choices=BANDS, default="")),
                ("preface", models.TextField(blank=True, default="")),
                ("line", models.TextField(blank=True, default="")),
                (
                    "organisation",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="partners.organisation",
                    ),
                ),
            ],
            options={
                "ordering": ["message", "band"],
                "constraints": [
                    models.UniqueConstraint(fields=("organisation", "message", "band"), name="wording_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            message__in=["opened", "suspected", "stood_down", "update_asked", "lead_offered"],
                            band__in=["", "worst", "serious", "low"],
                        )
                        | models.Q(message__in=["planned", "planned_changed"], band=""),
                        name="wording_named",
                    ),
                ],
            },
        ),
        migrations.RunSQL(WORDING, BACKWARD),
        migrations.RunSQL(
            migrations.RunSQL.noop,
            "SET CONSTRAINTS ALL IMMEDIATE; DELETE FROM notifications_delivery WHERE message = 'update_due';",
        ),  # they have no place on the way back
        migrations.AlterField("delivery", "message", models.TextField(choices=list(DELIVERED.items()))),
        migrations.RemoveConstraint("delivery", "delivery_message"),
        migrations.AddConstraint(
            "delivery",
            models.CheckConstraint(condition=models.Q(message__in=list(DELIVERED)), name="delivery_message"),
        ),
        migrations.RunSQL(TOLD, NOT_TOLD),
        protect(
            "notifications_wording",
            Allow(APP, "select", OWN),
            Allow(APP, "insert", KEEPS),
            Allow(APP, "update", KEEPS, KEEPS, columns=("preface", "line")),
            Allow(APP, "delete", KEEPS),
        ),
        keep_history("notifications_wording", "wording", "told_of_own"),
    ]
