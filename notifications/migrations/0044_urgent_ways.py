"""What is urgent goes round a way that is late or shut, whatever it says; nothing but the stand-down follows a closing.

Only planned work and tests of a contact wait for their own way. An answer that asks for something may be followed by the
one that ends the silence. Whoever reads a board is not told that a channel has told a person.
"""

from importlib import import_module

from django.db import migrations, models

DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
changed = import_module("notifications.migrations.0043_advisory_words").changed
NOT_URGENT = ["contact_test", "planned", "planned_changed"]
LATE_BEFORE = import_module("notifications.migrations.0025_leads_now").LATE
LATE = f"""
CREATE OR REPLACE FUNCTION sec.enter_late(delivery uuid) RETURNS text LANGUAGE plpgsql {DEFINER} AS $$
DECLARE org uuid; BEGIN
    SELECT d.organisation_id INTO org FROM public.notifications_delivery d
     WHERE d.id = delivery AND d.state IN ('pending', 'claimed') AND d.next_way <> 'taken' AND d.way <> 'phone'
       AND d.message <> ALL ('{{{",".join(NOT_URGENT)}}}') AND NOT (d.quiet AND d.due_at > clock_timestamp())
       AND (d.next_way = 'wanted' OR d.created_at <= now() - interval '60 seconds'
            OR EXISTS (SELECT 1 FROM public.notifications_wayout w WHERE w.opened_at IS NOT NULL));
    IF org IS NULL THEN
        RAISE EXCEPTION 'nothing of this delivery is late' USING ERRCODE = '42501';
    END IF;
    RETURN sec.enter(org);
END $$;
"""
# One that was being sent when its incident was closed, and failed, waits no more.
OVER = f"""
CREATE FUNCTION sec.waits_no_more() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM public.incidents_incident i WHERE i.id = NEW.incident_id AND i.status = 'closed') THEN
        NEW.state := 'superseded';
    END IF;
    RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION sec.waits_no_more() FROM PUBLIC;
CREATE TRIGGER waits_no_more BEFORE UPDATE OF state ON notifications_delivery FOR EACH ROW
    WHEN (OLD.state = 'claimed' AND NEW.state = 'pending' AND NEW.incident_id IS NOT NULL
          AND NEW.message <> ALL ('{{stood_down,duty_due}}'))
    EXECUTE FUNCTION sec.waits_no_more();
"""
NOT_OVER = "DROP TRIGGER waits_no_more ON notifications_delivery; DROP FUNCTION sec.waits_no_more();"
# As `sec.may_be_answered`, of one that was answered before by asking for something, and by no more.
FOLLOWS = f"""
CREATE FUNCTION sec.may_follow(delivery uuid) RETURNS boolean LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT EXISTS (SELECT 1 FROM public.notifications_delivery d
      JOIN public.incidents_incident i ON i.id = d.incident_id AND i.status <> 'closed'
      JOIN public.partners_contactpoint c ON c.id = d.contact_point_id AND c.is_active
      LEFT JOIN public.partners_person p ON p.id = d.person_id
     WHERE d.id = delivery AND d.message IN ('opened', 'suspected') AND coalesce(p.is_active, true)
       AND d.state IN ('claimed', 'pending', 'accepted', 'delivered', 'answered') AND d.attempts > 0
       AND coalesce(d.accepted_at, d.created_at) > now() - interval '24 hours'
       AND coalesce(c.changed_at, '-infinity') <= d.created_at
       AND EXISTS (SELECT 1 FROM public.notifications_answer a WHERE a.delivery_id = d.id AND a.said IN ('call', 'other'))
       AND NOT EXISTS (SELECT 1 FROM public.notifications_answer a WHERE a.delivery_id = d.id AND a.said IN ('has_it', 'cut')))
$$;
REVOKE ALL ON FUNCTION sec.may_follow(uuid) FROM PUBLIC;
"""
MAY = "AND sec.may_be_answered(d.id)"
CHANGES = (
    # The clock of a duty runs on after its incident, and so does what was said of it.
    (
        "sec.message_sent(text, text, timestamptz)",
        "ELSE i.status <> 'closed' END",
        (
            "ELSE i.status <> 'closed' OR d.message = 'duty_due'"
            " AND coalesce(d.accepted_at, d.created_at) > at - interval '7 days' END"
        ),
    ),
    # What waits on a way that was given up is the reason for the next one, also while it is being tried.
    ("sec.one_in_ten_minutes()", "IN ('claimed', 'accepted', 'delivered', 'answered')",
     "IN ('accepted', 'delivered', 'answered')"),
    ("sec.one_in_ten_minutes()", "d.state = 'pending' AND d.next_way = ''",
     "d.state IN ('pending', 'claimed') AND d.next_way = ''"),
    # Nobody counts as told by a channel or a browser, here as in `notifications/outcome.py`.
    (
        "sec.settle_call(uuid, integer, text, boolean, text)",
        "AND x.message IN ('opened', 'suspected') AND",
        "AND x.message IN ('opened', 'suspected') AND NOT x.way = ANY ('{teams,slack,push}') AND",
    ),
    (
        "sec.take_answer(uuid, text, text, text, text)",
        MAY,
        "AND (sec.may_be_answered(d.id) OR what IN ('has_it', 'cut') AND sec.may_follow(d.id))",
    ),
    (
        "sec.message_answered(text, text)",
        MAY,
        "AND (sec.may_be_answered(d.id) OR d.code = typed_code AND sec.may_follow(d.id))",
    ),
    # Its page shows what was said last.
    (
        "sec.message_waits(uuid)",
        "LEFT JOIN public.notifications_answer a ON a.delivery_id = d.id AND a.said <> 'unreadable'",
        (
            "LEFT JOIN LATERAL (SELECT x.id, x.said, x.at FROM public.notifications_answer x WHERE x.delivery_id = d.id"
            " AND x.said <> 'unreadable' ORDER BY x.at DESC LIMIT 1) a ON true"
        ),
    ),
)  # fmt: skip
FORWARD = LATE + OVER + FOLLOWS + "".join(changed(*each) for each in CHANGES)
BACKWARD = (
    "".join(changed(function, to, was) for function, was, to in reversed(CHANGES))
    + "DROP FUNCTION sec.may_follow(uuid);"
    + NOT_OVER
    + LATE_BEFORE
)
# Before, one answer was all that a message could have.
ONE_EACH = """
SET CONSTRAINTS ALL IMMEDIATE;
DELETE FROM notifications_answer a USING notifications_answer b WHERE a.delivery_id = b.delivery_id
   AND a.said IN ('call', 'other') AND b.said IN ('has_it', 'cut');
"""


class Migration(migrations.Migration):
    dependencies = [("notifications", "0043_advisory_words"), ("monitoring", "0011_known_again")]
    operations = [
        migrations.RemoveIndex("delivery", "delivery_late"),
        migrations.AddIndex(
            "delivery",
            models.Index(
                fields=["created_at"],
                name="delivery_late",
                condition=models.Q(
                    ~models.Q(message__in=NOT_URGENT),
                    next_way__in=["", "wanted"],
                    state__in=["pending", "claimed"],
                ),
            ),
        ),
        migrations.RemoveConstraint("answer", "answer_once"),
        migrations.AddConstraint(
            "answer",
            models.UniqueConstraint(
                fields=["delivery"], name="answer_once", condition=models.Q(said__in=["has_it", "cut"])
            ),
        ),
        migrations.AddConstraint(
            "answer",
            models.UniqueConstraint(
                fields=["delivery"], name="answer_asks_once", condition=models.Q(said__in=["call", "other"])
            ),
        ),
        migrations.RunSQL(migrations.RunSQL.noop, ONE_EACH),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
