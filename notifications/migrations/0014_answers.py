"""Answers to a message by its own link or by text, from somebody who has not signed in.

The door keeps the answer, once a message; a worker settles it inside the organisation that got the message. Whoever asks
must name the message: by a link that only it holds, or by its code from the number that it went to.
"""

import uuid

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

from portal.tenancy.policies import ME, Allow, protect

APP, WORKER = "portal_app", "portal_worker"
DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
QUEUE = ("id", "due_at", "settled_at")

# A message can be answered for a day, while its incident goes on, over the address and by the person that it went to.
ANSWERS = f"""
CREATE FUNCTION sec.may_be_answered(delivery uuid) RETURNS boolean LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT EXISTS (SELECT 1 FROM public.notifications_delivery d
      JOIN public.incidents_incident i ON i.id = d.incident_id AND i.status <> 'closed'
      JOIN public.partners_contactpoint c ON c.id = d.contact_point_id AND c.is_active
      LEFT JOIN public.partners_person p ON p.id = d.person_id
     WHERE d.id = delivery AND d.message IN ('opened', 'suspected') AND coalesce(p.is_active, true)
       AND d.state IN ('claimed', 'pending', 'accepted', 'delivered') AND d.attempts > 0
       AND coalesce(d.accepted_at, d.created_at) > now() - interval '24 hours'
       AND coalesce(c.changed_at, '-infinity') <= d.created_at
       AND NOT EXISTS (SELECT 1 FROM public.notifications_answer a WHERE a.delivery_id = d.id AND a.said <> 'unreadable'))
$$;
-- What the page behind a link shows: open, answered (when, and what was said) or gone; nothing of an unknown message.
CREATE FUNCTION sec.message_waits(delivery uuid) RETURNS TABLE (state text, reference text, exercise boolean, said text,
    at timestamptz) LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT CASE WHEN sec.may_be_answered(d.id) THEN 'open' WHEN a.id IS NOT NULL THEN 'answered' ELSE 'gone' END,
           d.incident_reference, d.exercise, coalesce(a.said, ''), a.at
      FROM public.notifications_delivery d
      LEFT JOIN public.notifications_answer a ON a.delivery_id = d.id AND a.said <> 'unreadable'
     WHERE d.id = delivery
$$;
-- False: it cannot be answered, or was. Two at once are told apart by the index.
CREATE FUNCTION sec.take_answer(delivery uuid, by_way text, what text, typed text, sender text) RETURNS boolean
LANGUAGE plpgsql {DEFINER} AS $$
DECLARE made uuid; BEGIN
    INSERT INTO public.notifications_answer (id, organisation_id, delivery_id, way, said, words, origin)
    SELECT gen_random_uuid(), d.organisation_id, d.id, by_way, what, typed, sender
      FROM public.notifications_delivery d WHERE d.id = delivery AND sec.may_be_answered(d.id)
    ON CONFLICT DO NOTHING RETURNING notifications_answer.id INTO made;
    RETURN made IS NOT NULL;
END $$;
-- The message that a text answers: its code, from the number that it went to. Without a code that is right the newest
-- one to that number, for which it is then kept that something came back.
CREATE FUNCTION sec.message_answered(sender text, typed_code text) RETURNS TABLE (delivery uuid, by_code boolean)
LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT d.id, d.code = typed_code FROM public.notifications_delivery d
      JOIN public.partners_contactpoint c ON c.id = d.contact_point_id
     WHERE d.way = 'sms' AND c.address = sender AND NOT c.is_private AND d.incident_id IS NOT NULL
       AND sec.may_be_answered(d.id)
     ORDER BY d.code = typed_code DESC, d.created_at DESC LIMIT 1
$$;
-- A worker enters the organisation of an answer that waits, and for nothing else.
CREATE FUNCTION sec.enter_answer(answer uuid) RETURNS TABLE (delivery_id uuid, way text, said text, at timestamptz)
LANGUAGE plpgsql {DEFINER} AS $$
DECLARE org uuid; BEGIN
    SELECT a.organisation_id INTO org FROM public.notifications_answer a WHERE a.id = answer AND a.settled_at IS NULL;
    IF org IS NULL THEN
        RAISE EXCEPTION 'no answer waits under this id' USING ERRCODE = '42501';
    END IF;
    PERFORM sec.enter(org);
    RETURN QUERY SELECT a.delivery_id, a.way, a.said, a.at FROM public.notifications_answer a WHERE a.id = answer;
END $$;
-- "I have this" by link or text accepts the one task that the phone would show first; what it was that was accepted, or
-- nothing. Only for an answer that waits, inside its organisation.
CREATE FUNCTION sec.accept_by_message(answer uuid) RETURNS uuid LANGUAGE plpgsql {DEFINER} AS $$
DECLARE task uuid; BEGIN
    SELECT t.id INTO task FROM public.notifications_answer a
      JOIN public.notifications_delivery d ON d.id = a.delivery_id
      JOIN public.incidents_incident i ON i.id = d.incident_id AND i.status <> 'closed'
      JOIN public.incidents_task t ON t.incident_id = d.incident_id AND t.organisation_id = d.organisation_id
      LEFT JOIN public.partners_person p ON p.id = d.person_id
     WHERE a.id = answer AND a.settled_at IS NULL AND a.organisation_id = sec.me() AND a.said IN ('has_it', 'cut')
       AND t.status = 'waiting' AND coalesce(p.role, '') <> 'observer'
     ORDER BY NOT t.ready, t.acknowledge_by NULLS LAST, t.position LIMIT 1 FOR UPDATE OF t;
    IF task IS NULL THEN
        RETURN NULL;
    END IF;
    UPDATE public.incidents_task t SET status = 'acknowledged', reason = '', changed_by_id = d.person_id
      FROM public.notifications_answer a JOIN public.notifications_delivery d ON d.id = a.delivery_id
     WHERE a.id = answer AND t.id = task;
    RETURN task;
END $$;
REVOKE ALL ON FUNCTION sec.may_be_answered(uuid), sec.message_waits(uuid), sec.take_answer(uuid, text, text, text, text),
    sec.message_answered(text, text), sec.enter_answer(uuid), sec.accept_by_message(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.message_waits(uuid), sec.take_answer(uuid, text, text, text, text),
    sec.message_answered(text, text) TO portal_auth;
GRANT EXECUTE ON FUNCTION sec.enter_answer(uuid), sec.accept_by_message(uuid) TO portal_worker;
"""
BACKWARD = """
DROP FUNCTION sec.accept_by_message(uuid), sec.enter_answer(uuid), sec.message_answered(text, text),
    sec.take_answer(uuid, text, text, text, text), sec.message_waits(uuid), sec.may_be_answered(uuid);
"""


class Migration(migrations.Migration):
    dependencies = [("notifications", "0013_steady"), ("incidents", "0016_answers")]
    operations = [
        migrations.CreateModel(
            name="Answer",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("way", models.TextField(choices=[("link", "By link"), ("text", "By text message")])),
                (
                    "said",
                    models.TextField(
                        choices=[
                            ("has_it", "I have this"),
                            ("cut", "We cut it"),
                            ("call", "Call me"),
                            ("other", "Somebody else must be told"),
                            ("unreadable", "Something that could not be read"),
                        ]
                    ),
                ),
                ("words", models.TextField(blank=True, db_default="", default="")),
                ("origin", models.TextField(blank=True, db_default="", default="")),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("due_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("settled_at", models.DateTimeField(null=True)),
                (
                    "delivery",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="notifications.delivery"
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="partners.organisation"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["due_at"], name="answer_due", condition=models.Q(settled_at=None)),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=["delivery"], name="answer_once", condition=~models.Q(said="unreadable")
                    ),
                    models.UniqueConstraint(
                        fields=["delivery"], name="answer_unreadable_once", condition=models.Q(said="unreadable")
                    ),
                    models.CheckConstraint(
                        condition=models.Q(said__in=["has_it", "cut", "call", "other", "unreadable"]),
                        name="answer_said",
                    ),
                    models.CheckConstraint(condition=models.Q(way__in=["link", "text"]), name="answer_way"),
                ],
            },
        ),
        migrations.RunSQL(ANSWERS, BACKWARD),
        protect(
            "notifications_answer",
            Allow(APP, "select", f"organisation_id = {ME}"),
            Allow(WORKER, "select", "true", columns=QUEUE),
            Allow(WORKER, "update", "true", "true", columns=("due_at", "settled_at")),
        ),
    ]
