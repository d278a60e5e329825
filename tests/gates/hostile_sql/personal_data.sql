-- roles: portal_app portal_worker

-- everybody: says how things stand where it does not take part
SELECT sec.say_data_position(%(apart)s, 'assessing', '{}', '', '', '{}', '', '');

-- everybody: has personal data of no kind
SELECT sec.say_data_position(%(incident)s, 'personal', '{}', '', '', '{}', '', '');

-- everybody: has none, and does not say how it knows
SELECT sec.say_data_position(%(incident)s, 'none', '{}', '', '', '{}', ' ', '');

-- everybody: shares with whom there is no word for
SELECT sec.say_data_position(%(incident)s, 'assessing', '{}', '', '', '{}', '', 'press');

-- everybody: says nothing at all
SELECT sec.say_data_position(%(incident)s, NULL, NULL, NULL, NULL, NULL, NULL, NULL);

-- everybody: tells somebody whom it shares no incident with
SELECT sec.send_data_notice(%(apart)s, 'eastwick', 'Letters', 'Little', now(), '', NULL);

-- everybody: tells nobody
SELECT sec.send_data_notice(%(incident)s, 'nobody', 'Letters', 'Little', now(), '', NULL);

-- everybody: tells itself
SELECT sec.send_data_notice(%(incident)s, o.slug, 'Letters', 'Little', now(), '', NULL) FROM partners_organisation o
 WHERE o.id = %(me)s;

-- everybody: corrects what somebody else sent
SELECT sec.send_data_notice(%(incident)s, 'coldharbour', 'Letters', 'Little', now(), '', %(notice)s);

-- everybody: has read what was not sent to it
SELECT sec.acknowledge_data_notice(%(notice)s);

-- everybody: told the future
SELECT sec.put_outside_report(%(incident)s, 'ncsc', '', '', '', now() + interval '1 day', 'Grace', '', NULL, '');

-- everybody: writes down a report where it does not take part
SELECT sec.put_outside_report(%(apart)s, 'ncsc', '', '', '', now(), 'Grace', '', NULL, '');

-- everybody: shares a report that is not its own
SELECT sec.share_outside_report(%(report)s, 'all');

-- everybody: tells everybody that somebody said something
SELECT sec.data_told(i, 'data_position.said', i.id, i.participants, '{}') FROM incidents_incident i;

-- everybody: shares what others keep
UPDATE incidents_dataposition SET shared = 'all';

-- everybody: unsays what was said before
DELETE FROM incidents_dataposition;

-- everybody: acknowledges by hand
UPDATE incidents_datanotice SET acknowledged_at = now();

-- everybody: takes a report away
DELETE FROM incidents_outsidereport;

-- everybody: writes in another's words
UPDATE incidents_outsidereportnote SET words = 'x';

-- everybody: says that another heard of a sharing, or lost it
SELECT sec.data_shared(i, 'outside_report.shared', 'outside_report.unshared', i.id, 'all', 'lead'),
       sec.data_lost(i, 'data_position.unshared', i.id, 'all', '')
  FROM incidents_incident i;
