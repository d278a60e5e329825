"""Addresses in a mail domain that is not trusted are gone round: when messages are planned, when they are sent, and when
the form to open an incident says who would be told how. The organisation itself is told that its mail is marked.

Step 2 of an isolation and the writing of contacts stop keeping a copy of the fact in `trust`: the mark is looked at.
"""

from importlib import import_module

from django.db import migrations, models

DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
BEFORE = import_module("notifications.migrations.0007_planned_work")
MESSAGES = {**BEFORE.MESSAGES, "mail_trust_changed": "Whether its mail is trusted has changed"}

# What 0007 says of these two functions, and what holds from now on.
TOLD_BEFORE = BEFORE.TOLD_OF.replace("@kinds@", BEFORE.KINDS)
TOLD_OF = BEFORE.TOLD_OF.replace(
    "@kinds@",
    BEFORE.KINDS + "\n                     WHEN 'mail.distrusted' THEN 'named' WHEN 'mail.trusted' THEN 'named'",
)
PLANNING_BEFORE = BEFORE.PLANNING.replace("@planned@", BEFORE.ALSO)
PLANNING = BEFORE.PLANNING.replace("@planned@", BEFORE.ALSO + " OR e.kind IN ('mail.distrusted', 'mail.trusted')")


def function(text: str, name: str) -> str:
    """One function of a former migration, to be put in place of what stands there now."""
    begins = text.index(f"CREATE FUNCTION sec.{name}(")
    return text[begins : text.index("$$;", begins) + 3].replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION", 1)


def without(text: str, *parts: tuple[str, str]) -> str:
    """The text with each part in another form; a part that is not there is a mistake of this file."""
    for was, now in parts:
        assert was in text, was
        text = text.replace(was, now)
    return text


STEPS = import_module("incidents.migrations.0006_isolation").ISOLATING
ISOLATE, LIFT = function(STEPS, "isolate"), function(STEPS, "lift_isolation")
COPIED = ISOLATE[
    ISOLATE.index("    IF which = 2 THEN\n") : ISOLATE.index("    IF which IN (1, 4) THEN\n        UPDATE sec.grant")
]
GIVEN_BACK = LIFT[LIFT.index("    IF s.step = 2 THEN\n") : LIFT.index("    ELSIF s.step = 4 THEN\n")]
CONTACT = function(import_module("partners.migrations.0013_contacts_known_to_work").WRITING, "put_contact")
BELIEF = CONTACT[
    CONTACT.index("    -- While the organisation's own mail") : CONTACT.index("    IF old.id IS NULL AND NOT private")
]
ISOLATING = without(ISOLATE, (COPIED, "")) + without(
    LIFT, (GIVEN_BACK + "    ELSIF s.step = 4 THEN\n", "    IF s.step = 4 THEN\n")
)
KEEPING = without(
    CONTACT,
    (BELIEF, "    belief := coalesce(old.trust, 'trusted');\n"),
    (
        "        CASE belief WHEN 'compromised' THEN 'Its mail is not trusted: step 2.' ELSE '' END, nth",
        "        '', nth",
    ),
    (
        """is_private = excluded.is_private,
        trust = CASE WHEN excluded.trust = 'compromised' THEN 'compromised' ELSE c.trust END,
        trust_because = CASE WHEN excluded.trust = 'compromised' AND c.trust <> 'compromised'
                             THEN excluded.trust_because ELSE c.trust_because END,
""",
        "is_private = excluded.is_private,\n",
    ),
)
# What was copied is not needed any more; on the way back it is what it was.
NO_COPIES = """
UPDATE public.partners_contactpoint SET trust = 'trusted', trust_since = clock_timestamp(), trust_because = ''
 WHERE trust_because = 'Its mail is not trusted: step 2.';
"""
COPIES = """
UPDATE public.partners_contactpoint c
   SET trust = 'compromised', trust_since = clock_timestamp(), trust_because = 'Its mail is not trusted: step 2.'
  FROM public.partners_organisation o JOIN sec.org_state s ON s.org_id = o.id
 WHERE c.organisation_id = o.id AND s.mail_distrusted_at IS NOT NULL AND c.kind = 'email' AND c.trust <> 'compromised'
   AND (o.mail_domains = '{}' OR lower(split_part(c.address, '@', 2)) = ANY (o.mail_domains));
"""

CLAIMED_BEFORE = function(import_module("notifications.migrations.0002_row_security").ENTERING, "claimed")
CLAIMED = without(
    CLAIMED_BEFORE,
    (
        "AND (c.trust = 'trusted' OR d.message = 'stood_down')",
        """AND (d.message = 'stood_down' OR c.trust = 'trusted'
                AND (d.way <> 'email' OR sec.mail_mark_on(d.organisation_id, c.address) IS NULL))""",
    ),
)

COUNTED_BEFORE = import_module("notifications.migrations.0006_contact_tests").COUNTING
TOLD_WAYS_BEFORE = function(COUNTED_BEFORE, "who_would_be_told")
COUNTING = f"""
-- Every way of whoever would be told, and whether a message can take it now; for the two functions below alone. `ways` are
-- the kinds that something sends to. Whoever is told alongside from a severity on is there from it on.
CREATE FUNCTION sec.ways_in_reach(starts uuid[], how_bad integer, ways text[]) RETURNS TABLE (organisation_id uuid,
    person_id uuid, contact_point_id uuid, way text, nth integer, label text, usable boolean)
LANGUAGE plpgsql STABLE {DEFINER} AS $$
DECLARE walked uuid[]; BEGIN
    IF NOT starts <@ sec.my_systems() THEN
        RAISE EXCEPTION 'a start that is not yours' USING ERRCODE = '42501';
    END IF;
    WITH RECURSIVE walk AS (
        SELECT unnest(starts) AS id
        UNION
        SELECT d.target_id FROM walk w JOIN public.partners_dependency d ON d.source_id = w.id
         WHERE NOT (d.cut_source_at IS NOT NULL AND d.cut_target_at IS NOT NULL)
           AND NOT (d.barrier = 'tested' AND d.tested_on IS NOT NULL
                    AND (d.valid_until IS NULL OR d.valid_until >= current_date))
    ) SELECT array_agg(w.id) INTO walked FROM walk w;
    RETURN QUERY
    SELECT c.organisation_id, c.person_id, c.id, c.kind, c."order"::integer, c.label,
           c.trust = 'trusted' AND (c.rides_on_id IS NULL OR c.rides_on_id <> ALL (walked))
           -- Another's mark for itself is nobody else's to know, not by a count either: here only marks for all count.
           AND (c.kind <> 'email' OR NOT EXISTS (
                SELECT 1 FROM public.partners_maildistrust m WHERE m.id = sec.mail_mark_on(c.organisation_id, c.address)
                   AND (m.for_all OR c.organisation_id = sec.me())))
      FROM public.partners_contactpoint c
     WHERE c.is_active AND NOT c.is_private AND c.kind = ANY (ways) AND (
           c.organisation_id IN (SELECT p.organisation_id FROM public.partners_participation p WHERE p.system_id = ANY (walked))
        OR c.organisation_id IN (SELECT s.provider_id FROM public.partners_sharedsystem s WHERE s.id = ANY (walked))
        OR c.organisation_id = sec.me())
       AND (how_bad IS NULL OR NOT EXISTS (
              SELECT 1 FROM public.partners_toldalongside a WHERE a.person_id = c.person_id
              HAVING count(*) > 0 AND bool_and(coalesce(a.severity < how_bad, false)))
            OR c.person_id = (SELECT d.person_id FROM sec.on_duty(c.organisation_id, clock_timestamp()) d));
END $$;
CREATE OR REPLACE FUNCTION sec.who_would_be_told(starts uuid[], how_bad integer, ways text[])
RETURNS TABLE (organisation_id uuid, told bigint, avoided bigint) LANGUAGE plpgsql STABLE {DEFINER} AS $$
BEGIN
    RETURN QUERY
    SELECT w.organisation_id, count(DISTINCT coalesce(w.person_id, w.contact_point_id)) FILTER (WHERE w.usable),
           count(*) FILTER (WHERE NOT w.usable)
      FROM sec.ways_in_reach(starts, how_bad, ways) w GROUP BY w.organisation_id;
END $$;
-- By which way each organisation's people would be told first: counts alone. A person is told by the first way that can be
-- used, the duty desk by every one.
CREATE FUNCTION sec.how_they_would_be_told(starts uuid[], how_bad integer, ways text[])
RETURNS TABLE (organisation_id uuid, way text, messages bigint) LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT f.organisation_id, f.way, count(*) FROM (
        SELECT DISTINCT ON (coalesce(w.person_id, w.contact_point_id)) w.organisation_id, w.way
          FROM sec.ways_in_reach(starts, how_bad, ways) w WHERE w.usable
         ORDER BY coalesce(w.person_id, w.contact_point_id), w.nth, w.label, w.contact_point_id) f
     GROUP BY f.organisation_id, f.way ORDER BY f.organisation_id, f.way
$$;
REVOKE ALL ON FUNCTION sec.ways_in_reach(uuid[], integer, text[]), sec.how_they_would_be_told(uuid[], integer, text[])
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.how_they_would_be_told(uuid[], integer, text[]) TO portal_app;
"""
BACKWARD = (
    "DROP FUNCTION sec.how_they_would_be_told(uuid[], integer, text[]), sec.ways_in_reach(uuid[], integer, text[]);"
)


class Migration(migrations.Migration):
    dependencies = [("notifications", "0010_ladder"), ("partners", "0017_mail_distrust")]
    operations = [
        migrations.AlterField("delivery", "message", models.TextField(choices=list(MESSAGES.items()))),
        migrations.RemoveConstraint("delivery", "delivery_message"),
        migrations.AddConstraint(
            "delivery",
            models.CheckConstraint(condition=models.Q(message__in=list(MESSAGES)), name="delivery_message"),
        ),
        migrations.RunSQL(
            ISOLATING + KEEPING + NO_COPIES + CLAIMED + COUNTING + TOLD_OF + PLANNING,
            PLANNING_BEFORE
            + TOLD_BEFORE
            + TOLD_WAYS_BEFORE
            + BACKWARD
            + CLAIMED_BEFORE
            + COPIES
            + CONTACT
            + LIFT
            + ISOLATE,
        ),
    ]
