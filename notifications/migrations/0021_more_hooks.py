"""Answers of tools: a subscription that may, answers for its organisation by a message signed with its own key.

The door hands out the sealed keys of such a subscription and of no other, and keeps what was said after it has looked at
the signature. A worker settles it inside the organisation, like what people say to a message without signing in.
"""

import django.db.models.deletion
from django.db import migrations, models

DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"

OPEN = f"""
GRANT SELECT (answers) ON notifications_webhook TO portal_app;
-- Whether a tool may answer, said by an administrator with a passkey used just now.
CREATE FUNCTION sec.let_webhook_answer(hook uuid, may boolean) RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
DECLARE w public.notifications_webhook := sec.own_webhook(hook); BEGIN
    IF w.id IS NULL OR may IS NULL THEN
        RAISE EXCEPTION 'not a webhook of yours' USING ERRCODE = '42501';
    END IF;
    IF w.answers <> may THEN
        UPDATE public.notifications_webhook x SET answers = may WHERE x.id = hook;
        PERFORM sec.webhook_said(hook, 'webhook.changed', jsonb_build_object('answers', may));
    END IF;
END $$;
-- A subscription that may answer now: on, allowed to, of an organisation that is neither cut off nor limited to its own
-- tasks.
CREATE FUNCTION sec.answers_now(hook uuid) RETURNS boolean LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT EXISTS (SELECT 1 FROM public.notifications_webhook w
      JOIN sec.org_state s ON s.org_id = w.organisation_id AND s.isolated_at IS NULL AND s.own_tasks_at IS NULL
     WHERE w.id = hook AND w.state = 'on' AND w.answers)
$$;
-- Its keys in use, sealed, the newest first. A row also when there is none, because the clock comes with it.
CREATE FUNCTION sec.answering_keys(hook uuid) RETURNS TABLE (at double precision, organisation_id uuid, row_id uuid, sealed bytea)
LANGUAGE sql {DEFINER} AS $$
    SELECT extract(epoch FROM clock_timestamp())::double precision, s.organisation_id, s.id, s.sealed
      FROM (VALUES (hook)) asked(id)
      LEFT JOIN public.notifications_webhooksecret s ON s.webhook_id = asked.id AND sec.answers_now(asked.id)
       AND (s.ends_at IS NULL OR s.ends_at > clock_timestamp())
     ORDER BY s.made_at DESC
$$;
-- Keep what a tool said of an open incident in which its organisation has tasks; nothing for any other. A message that
-- came before, and the same word within ten minutes, is answered as it was then and kept no second time.
CREATE FUNCTION sec.take_webhook_answer(hook uuid, message text, named text, what text, typed text, sender text)
RETURNS TABLE (reference text, said text, at timestamptz) LANGUAGE plpgsql {DEFINER} AS $$
DECLARE org uuid; about uuid; kept uuid; BEGIN
    SELECT w.organisation_id INTO org FROM public.notifications_webhook w
     WHERE w.id = hook AND sec.answers_now(hook) FOR NO KEY UPDATE;
    IF org IS NULL OR coalesce(message, '') = '' THEN
        RAISE EXCEPTION 'no webhook that may answer' USING ERRCODE = '42501';
    END IF;
    SELECT a.id INTO kept FROM public.notifications_answer a WHERE a.webhook_id = hook AND a.message_id = message;
    IF kept IS NULL THEN
        SELECT i.id INTO about FROM public.incidents_incident i
         WHERE i.reference = named AND i.status <> 'closed'
           AND EXISTS (SELECT 1 FROM public.incidents_participant p WHERE p.incident_id = i.id AND p.organisation_id = org
                          AND p.role <> 'observer');
        IF about IS NULL THEN
            RETURN;
        END IF;
        SELECT a.id INTO kept FROM public.notifications_answer a
         WHERE a.webhook_id = hook AND a.incident_id = about AND a.said = what
           AND a.at > clock_timestamp() - interval '10 minutes' LIMIT 1;
    END IF;
    IF kept IS NULL THEN
        INSERT INTO public.notifications_answer (id, organisation_id, webhook_id, incident_id, message_id, way, said, words,
                                                 origin)
        VALUES (gen_random_uuid(), org, hook, about, message, 'tool', what, typed, sender) RETURNING id INTO kept;
    END IF;
    RETURN QUERY SELECT i.reference, a.said, a.at FROM public.notifications_answer a
      JOIN public.incidents_incident i ON i.id = a.incident_id WHERE a.id = kept;
END $$;
REVOKE ALL ON FUNCTION sec.let_webhook_answer(uuid, boolean), sec.answers_now(uuid), sec.answering_keys(uuid),
    sec.take_webhook_answer(uuid, text, text, text, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.let_webhook_answer(uuid, boolean) TO portal_app;
GRANT EXECUTE ON FUNCTION sec.answering_keys(uuid), sec.take_webhook_answer(uuid, text, text, text, text, text) TO portal_auth;
"""
CLOSED = """
DROP FUNCTION sec.take_webhook_answer(uuid, text, text, text, text, text), sec.answering_keys(uuid), sec.answers_now(uuid),
    sec.let_webhook_answer(uuid, boolean);
REVOKE SELECT (answers) ON notifications_webhook FROM portal_app;
"""

# The incident and, when it was a tool, the subscription come with the answer.
ENTER = f"""
DROP FUNCTION sec.enter_answer(uuid);
CREATE FUNCTION sec.enter_answer(answer uuid) RETURNS TABLE (delivery_id uuid, way text, said text, at timestamptz{{columns}})
LANGUAGE plpgsql {DEFINER} AS $$
DECLARE org uuid; BEGIN
    SELECT a.organisation_id INTO org FROM public.notifications_answer a WHERE a.id = answer AND a.settled_at IS NULL;
    IF org IS NULL THEN
        RAISE EXCEPTION 'no answer waits under this id' USING ERRCODE = '42501';
    END IF;
    PERFORM sec.enter(org);
    RETURN QUERY SELECT a.delivery_id, a.way, a.said, a.at{{values}} FROM public.notifications_answer a WHERE a.id = answer;
END $$;
REVOKE ALL ON FUNCTION sec.enter_answer(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.enter_answer(uuid) TO portal_worker;
"""
ENTER_NOW = ENTER.format(
    columns=", organisation_id uuid, incident_id uuid", values=", a.organisation_id, a.incident_id"
)
ENTER_BEFORE = ENTER.format(columns="", values="")

ACCEPT = f"""
CREATE OR REPLACE FUNCTION sec.accept_by_message(answer uuid) RETURNS uuid LANGUAGE plpgsql {DEFINER} AS $$
DECLARE task uuid; BEGIN
    SELECT t.id INTO task FROM public.notifications_answer a
      {{join}} public.notifications_delivery d ON d.id = a.delivery_id
      JOIN public.incidents_incident i ON i.id = {{incident}} AND i.status <> 'closed'
      JOIN public.incidents_task t ON t.incident_id = i.id AND t.organisation_id = a.organisation_id
      LEFT JOIN public.partners_person p ON p.id = d.person_id
     WHERE a.id = answer AND a.settled_at IS NULL AND a.organisation_id = sec.me() AND a.said IN ('has_it', 'cut')
       AND t.status = 'waiting' AND coalesce(p.role, '') <> 'observer'
     ORDER BY NOT t.ready, t.acknowledge_by NULLS LAST, t.position LIMIT 1 FOR UPDATE OF t;
    IF task IS NULL THEN
        RETURN NULL;
    END IF;
    UPDATE public.incidents_task t SET status = 'acknowledged', reason = '', changed_by_id = d.person_id
      FROM public.notifications_answer a {{join}} public.notifications_delivery d ON d.id = a.delivery_id
     WHERE a.id = answer AND t.id = task;
    RETURN task;
END $$;
"""
ACCEPT_NOW = ACCEPT.format(join="LEFT JOIN", incident="coalesce(a.incident_id, d.incident_id)")
ACCEPT_BEFORE = ACCEPT.format(join="JOIN", incident="d.incident_id")

TOOL = models.Q(way="tool", delivery=None, webhook__isnull=False, incident__isnull=False) & ~models.Q(message_id="")
PEOPLE = models.Q(way__in=["link", "text"], delivery__isnull=False, webhook=None, incident=None, message_id="")


class Migration(migrations.Migration):
    dependencies = [("notifications", "0020_as_they_are_now"), ("incidents", "0017_asking")]
    operations = [
        migrations.AddField("webhook", "answers", models.BooleanField(db_default=False, default=False)),
        migrations.AlterField(
            "answer",
            "delivery",
            models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="notifications.delivery"
            ),
        ),
        migrations.AlterField(
            "answer",
            "way",
            models.TextField(choices=[("link", "By link"), ("text", "By text message"), ("tool", "By a tool")]),
        ),
        migrations.AddField(
            "answer",
            "webhook",
            models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="notifications.webhook"
            ),
        ),
        migrations.AddField(
            "answer",
            "incident",
            models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="incidents.incident"
            ),
        ),
        migrations.AddField("answer", "message_id", models.TextField(blank=True, db_default="", default="")),
        migrations.RemoveConstraint("answer", "answer_way"),
        migrations.AddConstraint(
            "answer", models.CheckConstraint(condition=TOOL | PEOPLE, name="answer_way_and_what_to")
        ),
        migrations.AddConstraint(
            "answer",
            models.UniqueConstraint(
                fields=["webhook", "message_id"],
                name="answer_of_tool_once",
                condition=models.Q(webhook__isnull=False),
            ),
        ),
        # On the way back what tools have answered has no place any more.
        migrations.RunSQL(
            migrations.RunSQL.noop,
            "SET CONSTRAINTS ALL IMMEDIATE; DELETE FROM notifications_answer WHERE way = 'tool';",
        ),
        migrations.RunSQL(OPEN, CLOSED),
        migrations.RunSQL(ENTER_NOW, ENTER_BEFORE),
        migrations.RunSQL(ACCEPT_NOW, ACCEPT_BEFORE),
    ]
