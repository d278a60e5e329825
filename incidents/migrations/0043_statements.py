"""Statements that organisations agree on: versions, who must agree, and that silence is never agreement.

Functions alone write them, with events that say that there is something and never what.
"""

import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

from portal.tenancy.policies import ME, Allow, protect

DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"
IN_IT = f"EXISTS (SELECT 1 FROM incidents_incident i WHERE i.id = {{0}}.incident_id AND {ME} = ANY (i.participants))"

WRITING = f"""
-- Who says a word for an organisation that is meant for the outside.
CREATE FUNCTION sec.word_speakers() RETURNS text[] LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT ARRAY['administrator', 'incident_manager', 'approver']
$$;
-- One's own statement, alone for the rest of the transaction.
CREATE FUNCTION sec.own_statement(statement uuid) RETURNS public.incidents_statement LANGUAGE plpgsql {DEFINER} AS $$
DECLARE s public.incidents_statement; BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('statement ' || statement, 0));
    SELECT * INTO s FROM public.incidents_statement x WHERE x.id = statement AND x.organisation_id = sec.me();
    IF s.id IS NULL THEN
        RAISE EXCEPTION 'no statement of yours' USING ERRCODE = '42501';
    END IF;
    RETURN s;
END $$;
-- Others that take part and do not only watch, by slug.
CREATE FUNCTION sec.who_must_agree(i public.incidents_incident, slugs text[]) RETURNS uuid[] LANGUAGE plpgsql {DEFINER} AS $$
DECLARE found uuid[]; BEGIN
    found := ARRAY(SELECT p.organisation_id FROM public.incidents_participant p
                    WHERE p.incident_id = i.id AND p.slug = ANY (slugs) AND p.role <> 'observer'
                      AND p.organisation_id <> sec.me() ORDER BY p.organisation_id);
    IF cardinality(found) IS DISTINCT FROM (SELECT count(DISTINCT x)::integer FROM unnest(slugs) x) THEN
        RAISE EXCEPTION 'other organisations that take part and do not only watch agree' USING ERRCODE = '23514';
    END IF;
    RETURN found;
END $$;
-- Whoever was ever asked about it.
CREATE FUNCTION sec.asked_of(statement uuid) RETURNS uuid[] LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT ARRAY(SELECT DISTINCT a.organisation_id FROM public.incidents_statementask a WHERE a.statement_id = statement
                  ORDER BY 1)
$$;
-- Whether an answer counts: none does that was given while its organisation may have been somebody else.
CREATE FUNCTION sec.answer_counts(a public.incidents_statementask) RETURNS boolean LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT a.answer <> '' AND NOT EXISTS (
        SELECT 1 FROM sec.not_trusted(a.incident_id) n
         WHERE n.organisation_id = a.organisation_id AND n.suspected_from <= a.answered_at
           AND (n.lifted_at IS NULL OR a.answered_at < n.lifted_at))
$$;
CREATE FUNCTION sec.put_version(s public.incidents_statement, nth integer, words text, whom uuid[], within integer)
RETURNS void LANGUAGE plpgsql {DEFINER} AS $$ BEGIN
    IF (length(btrim(words)) BETWEEN 1 AND 4000 AND within BETWEEN 1 AND 72) IS NOT TRUE THEN
        RAISE EXCEPTION 'between 1 and 4000 characters, to be answered within 1 to 72 hours' USING ERRCODE = '23514';
    END IF;
    INSERT INTO public.incidents_statementversion (id, statement_id, incident_id, organisation_id, number, text, asked, hours,
        written_by, at, issued)
    VALUES (gen_random_uuid(), s.id, s.incident_id, s.organisation_id, nth, btrim(words), whom, within, sec.who(),
        clock_timestamp(), false);
END $$;
-- Everybody who must agree to the newest version is asked, each by an event of its own. What they said of an older one
-- says nothing of this. Who is asked stands in their own rows alone from then on: whoever reads the text reads of no other.
CREATE FUNCTION sec.ask_everybody(i public.incidents_incident, s public.incidents_statement) RETURNS void
LANGUAGE plpgsql {DEFINER} AS $$
DECLARE v public.incidents_statementversion; BEGIN
    SELECT * INTO v FROM public.incidents_statementversion x WHERE x.statement_id = s.id AND x.number = s.version;
    IF cardinality(v.asked) = 0 THEN
        RAISE EXCEPTION 'name who must agree' USING ERRCODE = '23514';
    END IF;
    IF i.status = 'closed' THEN
        RAISE EXCEPTION 'the incident is closed: nobody is asked any more' USING ERRCODE = '23514';
    END IF;
    UPDATE public.incidents_statementask a SET newest = false WHERE a.statement_id = s.id;
    INSERT INTO public.incidents_statementask (id, version_id, statement_id, incident_id, organisation_id, author_id, newest,
        answer, reason, earlier, asked_at, due_at, reminded)
    SELECT gen_random_uuid(), v.id, s.id, i.id, x, s.organisation_id, true, '', '', '[]', clock_timestamp(),
           clock_timestamp() + make_interval(hours => v.hours), 0
      FROM unnest(v.asked) x;
    UPDATE public.incidents_statementversion x SET asked_at = clock_timestamp(), asked = '{{}}' WHERE x.id = v.id;
    UPDATE public.incidents_statement x SET status = 'asked' WHERE x.id = s.id;
    INSERT INTO public.ledger_event (id, kind, at, actor_organisation_id, actor_kind, actor_person_id, incident_id,
                                     incident_reference, subject_id, audience, data)
    SELECT gen_random_uuid(), 'statement.asked', clock_timestamp(), s.organisation_id, 'person', sec.who(), i.id, i.reference,
           s.id, ARRAY[s.organisation_id, o.id], jsonb_build_object('organisation', o.slug, 'version', v.number)
      FROM public.partners_organisation o WHERE o.id = ANY (v.asked);
END $$;
-- A draft, which its author alone reads. The same again is the draft that stands already.
CREATE FUNCTION sec.write_statement(incident uuid, name text, for_whom text, words text, whom text[], within integer)
RETURNS uuid LANGUAGE plpgsql {DEFINER} AS $$
DECLARE i public.incidents_incident := sec.data_may(incident, sec.data_writers()); made uuid; must uuid[];
    s public.incidents_statement; BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('statements ' || i.id || sec.me(), 0));
    must := sec.who_must_agree(i, whom);
    IF (length(btrim(name)) BETWEEN 1 AND 200 AND for_whom IN ('lines', 'press', 'staff', 'residents', 'members')) IS NOT TRUE
    THEN
        RAISE EXCEPTION 'a name of at most 200 characters, and for whom it is' USING ERRCODE = '23514';
    END IF;
    SELECT x.id INTO made FROM public.incidents_statement x JOIN public.incidents_statementversion v
        ON v.statement_id = x.id AND v.number = x.version
     WHERE x.incident_id = i.id AND x.organisation_id = sec.me() AND x.status = 'draft'
       AND (x.title, x.audience, v.text, v.asked, v.hours) = (btrim(name), for_whom, btrim(words), must, within);
    IF made IS NOT NULL THEN
        RETURN made;
    END IF;
    INSERT INTO public.incidents_statement (id, incident_id, organisation_id, title, audience, status, version, written_by, at,
        withdrawn_because)
    VALUES (gen_random_uuid(), i.id, sec.me(), btrim(name), for_whom, 'draft', 1, sec.who(), clock_timestamp(), '')
    RETURNING * INTO s;
    PERFORM sec.put_version(s, 1, words, must, within);
    PERFORM sec.data_told(i, 'statement.written', s.id, ARRAY[sec.me()], '{{}}');
    RETURN s.id;
END $$;
-- Another text is a new version. Of a draft that is all; once somebody was asked everybody is asked again, and nobody who
-- was asked is left out: who objects must not be got round by asking fewer.
CREATE FUNCTION sec.change_statement(statement uuid, words text, whom text[], within integer) RETURNS boolean
LANGUAGE plpgsql {DEFINER} AS $$
DECLARE s public.incidents_statement := sec.own_statement(statement); i public.incidents_incident; must uuid[];
    v public.incidents_statementversion; before uuid[] := sec.asked_of(statement); BEGIN
    i := sec.data_may(s.incident_id, CASE s.status WHEN 'draft' THEN sec.data_writers() ELSE sec.word_speakers() END);
    must := sec.who_must_agree(i, whom);
    SELECT * INTO v FROM public.incidents_statementversion x WHERE x.statement_id = s.id AND x.number = s.version;
    IF v.asked_at IS NOT NULL THEN
        v.asked := ARRAY(SELECT a.organisation_id FROM public.incidents_statementask a WHERE a.version_id = v.id ORDER BY 1);
    END IF;
    IF (v.text, v.asked, v.hours) = (btrim(words), must, within) THEN
        RETURN false;
    END IF;
    IF s.status NOT IN ('draft', 'asked') THEN
        RAISE EXCEPTION 'it went out or was withdrawn: write a new one' USING ERRCODE = '23514';
    END IF;
    IF NOT before <@ must THEN
        RAISE EXCEPTION 'whoever was asked once is asked again' USING ERRCODE = '23514';
    END IF;
    s.version := s.version + 1;
    PERFORM sec.put_version(s, s.version, words, must, within);
    UPDATE public.incidents_statement x SET version = s.version WHERE x.id = s.id;
    PERFORM sec.data_told(i, 'statement.changed', s.id, ARRAY[x], jsonb_build_object('version', s.version))
       FROM unnest(sec.me() || before) x;  -- one each: an audience can be read
    IF s.status <> 'draft' THEN
        PERFORM sec.ask_everybody(i, s);
    END IF;
    RETURN true;
END $$;
-- About the text that whoever asks has read.
CREATE FUNCTION sec.ask_statement(statement uuid, nth integer) RETURNS boolean LANGUAGE plpgsql {DEFINER} AS $$
DECLARE s public.incidents_statement := sec.own_statement(statement); i public.incidents_incident; BEGIN
    i := sec.data_may(s.incident_id, sec.word_speakers());
    IF nth IS DISTINCT FROM s.version::integer THEN
        RAISE EXCEPTION 'the text has changed meanwhile: read it again' USING ERRCODE = '23514';
    END IF;
    IF s.status = 'asked' THEN
        RETURN false;
    END IF;
    IF s.status <> 'draft' THEN
        RAISE EXCEPTION 'it went out or was withdrawn: write a new one' USING ERRCODE = '23514';
    END IF;
    PERFORM sec.ask_everybody(i, s);
    RETURN true;
END $$;
"""

ANSWERING = f"""
-- For one's own organisation, to the version that was read. A change of mind keeps what was said before.
CREATE FUNCTION sec.answer_statement(statement uuid, nth integer, says text, why text) RETURNS boolean
LANGUAGE plpgsql {DEFINER} AS $$
DECLARE a public.incidents_statementask; s public.incidents_statement; i public.incidents_incident; BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('statement ' || statement, 0));
    SELECT * INTO a FROM public.incidents_statementask x
     WHERE x.statement_id = statement AND x.organisation_id = sec.me() AND x.newest;
    IF a.id IS NULL THEN
        RAISE EXCEPTION 'you were not asked' USING ERRCODE = '42501';
    END IF;
    SELECT * INTO s FROM public.incidents_statement x WHERE x.id = statement;
    i := sec.data_may(s.incident_id, sec.word_speakers());
    IF (says IN ('agrees', 'objects') AND length(why) <= 1000 AND (says = 'agrees' OR btrim(why) <> '')) IS NOT TRUE THEN
        RAISE EXCEPTION 'you agree, or you object with a reason of at most 1000 characters' USING ERRCODE = '23514';
    END IF;
    IF s.status <> 'asked' THEN
        RAISE EXCEPTION 'it went out or was withdrawn already' USING ERRCODE = '23514';
    END IF;
    IF nth IS DISTINCT FROM s.version::integer THEN
        RAISE EXCEPTION 'the text has changed meanwhile: read it again' USING ERRCODE = '23514';
    END IF;
    IF (a.answer, a.reason) = (says, btrim(why)) AND sec.answer_counts(a) THEN
        RETURN false;
    END IF;
    UPDATE public.incidents_statementask x SET answer = says, reason = btrim(why), answered_at = clock_timestamp(),
        answered_by = sec.who(), earlier = CASE a.answer WHEN '' THEN a.earlier ELSE a.earlier || jsonb_build_array(
            jsonb_build_object('answer', a.answer, 'reason', a.reason, 'at', a.answered_at)) END
     WHERE x.id = a.id;
    PERFORM sec.data_told(i, 'statement.answered', s.id, ARRAY[s.organisation_id, sec.me()],
        jsonb_build_object('answer', says, 'version', s.version));
    RETURN true;
END $$;
-- Only when all who must agree have, or by a decision in the author's own log that was written after they were asked and
-- after the newest objection. That all agree is kept nowhere: whoever was asked would read it of the others.
CREATE FUNCTION sec.issue_statement(statement uuid, nth integer, by_decision uuid) RETURNS boolean
LANGUAGE plpgsql {DEFINER} AS $$
DECLARE s public.incidents_statement := sec.own_statement(statement); i public.incidents_incident;
    v public.incidents_statementversion; e public.incidents_logentry; lacking integer; objected timestamptz; BEGIN
    i := sec.data_may(s.incident_id, sec.word_speakers());
    IF s.status = 'issued' AND nth = s.version THEN
        RETURN false;
    END IF;
    IF nth IS DISTINCT FROM s.version::integer THEN
        RAISE EXCEPTION 'the text has changed meanwhile: read it again' USING ERRCODE = '23514';
    END IF;
    SELECT * INTO v FROM public.incidents_statementversion x WHERE x.statement_id = s.id AND x.number = s.version;
    IF s.status <> 'asked' AND NOT (s.status = 'draft' AND cardinality(v.asked) = 0) THEN
        RAISE EXCEPTION 'ask those who must agree first' USING ERRCODE = '23514';
    END IF;
    SELECT count(*) FILTER (WHERE NOT (x.answer = 'agrees' AND sec.answer_counts(x))),
           max(x.answered_at) FILTER (WHERE x.answer = 'objects' AND sec.answer_counts(x)) INTO lacking, objected
      FROM public.incidents_statementask x WHERE x.version_id = v.id;
    IF s.status = 'draft' OR lacking > 0 THEN
        SELECT * INTO e FROM public.incidents_logentry x WHERE x.id = by_decision AND x.incident_id = i.id
           AND x.organisation_id = sec.me() AND x.newest
           AND x.at >= greatest(coalesce(v.asked_at, v.at), objected);
        IF e.id IS NULL THEN
            RAISE EXCEPTION 'not everybody has agreed, and silence is no agreement: name a decision of your log that was'
                ' written since they were asked and since the newest objection' USING ERRCODE = '23514';
        END IF;
    END IF;
    UPDATE public.incidents_statement x SET status = 'issued', issued_at = clock_timestamp(), decision_id = e.id
     WHERE x.id = s.id;
    UPDATE public.incidents_statementversion x SET issued = true WHERE x.id = v.id;
    PERFORM sec.data_told(i, 'statement.issued', s.id, i.participants, jsonb_build_object('overridden', e.id IS NOT NULL));
    RETURN true;
END $$;
-- Its author takes it back; for an author that is cut off the lead does, of what the lead reads.
CREATE FUNCTION sec.withdraw_statement(statement uuid, why text) RETURNS boolean LANGUAGE plpgsql {DEFINER} AS $$
DECLARE s public.incidents_statement; i public.incidents_incident; before uuid[] := sec.asked_of(statement); BEGIN
    SELECT x.* INTO s FROM public.incidents_statement x JOIN public.incidents_incident y ON y.id = x.incident_id
     WHERE x.id = statement AND y.lead_id = sec.me() AND x.organisation_id <> sec.me()
       AND (x.issued_at IS NOT NULL OR sec.me() = ANY (before)) AND EXISTS (
            SELECT 1 FROM sec.not_trusted(y.id) n
             WHERE n.organisation_id = x.organisation_id AND n.step IN (3, 4) AND n.lifted_at IS NULL);
    IF s.id IS NULL THEN
        s := sec.own_statement(statement);
    ELSE
        PERFORM pg_advisory_xact_lock(hashtextextended('statement ' || statement, 0));
        SELECT * INTO s FROM public.incidents_statement x WHERE x.id = statement;
    END IF;
    i := sec.data_may(s.incident_id, sec.word_speakers());
    IF s.status = 'withdrawn' THEN
        RETURN false;
    END IF;
    IF (length(btrim(why)) BETWEEN 1 AND 1000) IS NOT TRUE THEN
        RAISE EXCEPTION 'say why, in at most 1000 characters' USING ERRCODE = '23514';
    END IF;
    UPDATE public.incidents_statement x SET status = 'withdrawn', withdrawn_at = clock_timestamp(),
        withdrawn_because = btrim(why) WHERE x.id = s.id;
    IF s.issued_at IS NULL THEN
        PERFORM sec.data_told(i, 'statement.withdrawn', s.id, ARRAY[x], '{{}}')
           FROM (SELECT DISTINCT y FROM unnest(ARRAY[sec.me(), s.organisation_id] || before) y) found(x);
    ELSE
        PERFORM sec.data_told(i, 'statement.withdrawn', s.id, i.participants, '{{}}');
    END IF;
    RETURN true;
END $$;
-- Once at half of the time, once when it is over; of what still waits for an answer.
CREATE FUNCTION sec.remind_of_statements() RETURNS integer LANGUAGE sql {DEFINER} AS $$
    WITH due AS (
        UPDATE public.incidents_statementask a SET reminded = CASE WHEN a.due_at <= clock_timestamp() THEN 2 ELSE 1 END
          FROM public.incidents_incident i, public.incidents_statement s
         WHERE i.id = a.incident_id AND s.id = a.statement_id AND s.status = 'asked' AND a.newest AND a.answer = ''
           AND i.suspended_at IS NULL AND i.status <> 'closed' AND (a.reminded < 2 AND a.due_at <= clock_timestamp()
               OR a.reminded = 0 AND a.asked_at + (a.due_at - a.asked_at) / 2 <= clock_timestamp())
        RETURNING a.*, i.reference AS incident_reference
    ), said AS (
        INSERT INTO public.ledger_event (id, kind, at, actor_kind, incident_id, incident_reference, subject_id, audience,
                                         data)
        SELECT gen_random_uuid(), CASE d.reminded WHEN 2 THEN 'statement.overdue' ELSE 'statement.reminded' END,
               clock_timestamp(), 'system', d.incident_id, d.incident_reference, d.statement_id,
               ARRAY[d.author_id, d.organisation_id], jsonb_build_object('organisation', o.slug)
          FROM due d JOIN public.partners_organisation o ON o.id = d.organisation_id
        RETURNING 1
    )
    SELECT count(*)::integer FROM said
$$;
"""
NOBODY = (
    "sec.word_speakers(), sec.own_statement(uuid), sec.asked_of(uuid), sec.answer_counts(public.incidents_statementask),"
    " sec.who_must_agree(public.incidents_incident, text[]),"
    " sec.put_version(public.incidents_statement, integer, text, uuid[], integer),"
    " sec.ask_everybody(public.incidents_incident, public.incidents_statement)"
)
OPEN = (
    "sec.write_statement(uuid, text, text, text, text[], integer), sec.change_statement(uuid, text, text[], integer),"
    " sec.ask_statement(uuid, integer), sec.answer_statement(uuid, integer, text, text), sec.issue_statement(uuid, integer, uuid),"
    " sec.withdraw_statement(uuid, text)"
)
CLOCK = "sec.remind_of_statements()"
GRANTS = f"""
REVOKE ALL ON FUNCTION {NOBODY}, {OPEN}, {CLOCK} FROM PUBLIC;
GRANT EXECUTE ON FUNCTION {OPEN} TO portal_app;
GRANT EXECUTE ON FUNCTION {CLOCK} TO portal_worker;
"""
BACKWARD = f"DROP FUNCTION {OPEN}, {CLOCK}, {NOBODY};"
# Its author; whoever was asked, of the versions that it was asked about; of what went out everybody who takes part.
ASKED = f"EXISTS (SELECT 1 FROM incidents_statementask a WHERE a.{{0}} AND a.organisation_id = {ME})"
STATEMENT = (
    f"organisation_id = {ME} OR (issued_at IS NOT NULL OR {ASKED.format('statement_id = incidents_statement.id')}) AND "
    + IN_IT.format("incidents_statement")
)
VERSION = (
    f"organisation_id = {ME} OR (issued OR {ASKED.format('version_id = incidents_statementversion.id')}) AND "
    + IN_IT.format("incidents_statementversion")
)


class Migration(migrations.Migration):
    dependencies = [("incidents", "0042_open_incidents")]

    operations = [
        migrations.CreateModel(
            name="Statement",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("title", models.TextField()),
                (
                    "audience",
                    models.TextField(
                        choices=[
                            ("lines", "Lines to take"),
                            ("press", "Press"),
                            ("staff", "Staff"),
                            ("residents", "Residents"),
                            ("members", "Elected members"),
                        ]
                    ),
                ),
                (
                    "status",
                    models.TextField(
                        choices=[
                            ("draft", "Draft"),
                            ("asked", "Asked"),
                            ("issued", "Issued"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        default="draft",
                    ),
                ),
                ("version", models.PositiveSmallIntegerField()),
                ("written_by", models.UUIDField()),
                ("at", models.DateTimeField()),
                ("issued_at", models.DateTimeField(null=True)),
                ("withdrawn_at", models.DateTimeField(null=True)),
                ("withdrawn_because", models.TextField(blank=True, default="")),
                (
                    "decision",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="incidents.logentry",
                    ),
                ),
                (
                    "incident",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="incidents.incident",
                    ),
                ),
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
                "ordering": ["-at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="StatementVersion",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("number", models.PositiveSmallIntegerField()),
                ("text", models.TextField()),
                (
                    "asked",
                    django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), default=list, size=None),
                ),
                ("hours", models.PositiveSmallIntegerField()),
                ("written_by", models.UUIDField()),
                ("at", models.DateTimeField()),
                ("asked_at", models.DateTimeField(null=True)),
                ("issued", models.BooleanField(default=False)),
                (
                    "incident",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="incidents.incident",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="partners.organisation",
                    ),
                ),
                (
                    "statement",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="versions",
                        to="incidents.statement",
                    ),
                ),
            ],
            options={
                "ordering": ["-number"],
            },
        ),
        migrations.CreateModel(
            name="StatementAsk",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("newest", models.BooleanField(default=True)),
                (
                    "answer",
                    models.TextField(
                        blank=True,
                        choices=[("", "No answer yet"), ("agrees", "Agrees"), ("objects", "Objects")],
                        default="",
                    ),
                ),
                ("reason", models.TextField(blank=True, default="")),
                ("answered_at", models.DateTimeField(null=True)),
                ("answered_by", models.UUIDField(null=True)),
                ("earlier", models.JSONField(default=list)),
                ("asked_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                ("reminded", models.PositiveSmallIntegerField(default=0)),
                (
                    "author",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="partners.organisation",
                    ),
                ),
                (
                    "incident",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="incidents.incident",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="partners.organisation",
                    ),
                ),
                (
                    "statement",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="asks",
                        to="incidents.statement",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="asks",
                        to="incidents.statementversion",
                    ),
                ),
            ],
            options={
                "ordering": ["asked_at", "id"],
            },
        ),
        migrations.AddIndex(
            model_name="statement",
            index=models.Index(fields=["incident", "at"], name="statement_in"),
        ),
        migrations.AddConstraint(
            model_name="statement",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["draft", "asked", "issued", "withdrawn"])),
                name="statement_status",
            ),
        ),
        migrations.AddConstraint(
            model_name="statement",
            constraint=models.CheckConstraint(
                condition=models.Q(("audience__in", ["lines", "press", "staff", "residents", "members"])),
                name="statement_audience",
            ),
        ),
        migrations.AddConstraint(
            model_name="statement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "issued"), _negated=True), ("issued_at__isnull", False), _connector="OR"
                ),
                name="statement_issued_when",
            ),
        ),
        migrations.AddConstraint(
            model_name="statementversion",
            constraint=models.UniqueConstraint(fields=("statement", "number"), name="statement_version_once"),
        ),
        migrations.AddIndex(
            model_name="statementask",
            index=models.Index(fields=["statement"], name="statement_ask_of"),
        ),
        migrations.AddIndex(
            model_name="statementask",
            index=models.Index(
                condition=models.Q(("answer", ""), ("newest", True)), fields=["organisation"], name="statement_ask_open"
            ),
        ),
        migrations.AddIndex(
            model_name="statementask",
            index=models.Index(
                condition=models.Q(("answer", ""), ("reminded__lt", 2)), fields=["due_at"], name="statement_ask_due"
            ),
        ),
        migrations.AddConstraint(
            model_name="statementask",
            constraint=models.UniqueConstraint(fields=("version", "organisation"), name="statement_ask_once"),
        ),
        migrations.AddConstraint(
            model_name="statementask",
            constraint=models.CheckConstraint(
                condition=models.Q(("answer__in", ["", "agrees", "objects"])), name="statement_ask_answer"
            ),
        ),
        migrations.AddConstraint(
            model_name="statementask",
            constraint=models.CheckConstraint(
                condition=models.Q(("answer", "objects"), ("reason", ""), _negated=True),
                name="statement_ask_objects_why",
            ),
        ),
        migrations.AddConstraint(
            model_name="statementask",
            constraint=models.CheckConstraint(
                condition=models.Q(("organisation", models.F("author")), _negated=True), name="statement_ask_another"
            ),
        ),
        migrations.RunSQL(WRITING + ANSWERING + GRANTS, BACKWARD),
        protect("incidents_statement", Allow("portal_app", "select", STATEMENT)),
        protect("incidents_statementversion", Allow("portal_app", "select", VERSION)),
        protect("incidents_statementask", Allow("portal_app", "select", f"{ME} IN (organisation_id, author_id)")),
    ]
