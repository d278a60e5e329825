-- roles: portal_app portal_worker

-- everybody: says something of another's duty
SELECT sec.say_duty(%(duty)s, 'share', NULL, 'x', '', '', '', 'all');

-- everybody: begins another's assessment
SELECT sec.begin_assessment(%(incident)s, %(other)s, 'x');

-- everybody: begins an assessment in what it knows nothing of
SELECT sec.begin_assessment(%(apart)s, %(me)s, 'x');

-- unseeing: brings duties up for others
SELECT sec.begin_duties(%(incident)s, ARRAY[%(other)s]::uuid[]);

-- everybody: keeps another's catalogue
SELECT sec.keep_duty_entry(%(entry)s, 'x', 'x', 'aware', 1, 'clock', 'administrator', false);

-- everybody: says when something is due
SELECT sec.duty_due(now(), 1, 'clock');

-- everybody: writes down what was said of a duty
SELECT sec.duty_said(d, 'close', 'x', now()) FROM incidents_duty d;

-- everybody: asks who judges
SELECT sec.judges_duty(d) FROM incidents_duty d;

-- everybody: writes another's catalogue
SELECT sec.put_standard_duties(%(other)s, 'council');

-- everybody: changes what was said
UPDATE incidents_dutyrevision SET words = 'x';

-- everybody: forgets what was said
DELETE FROM incidents_dutyrevision;

-- everybody: sets its own clock past the function
UPDATE incidents_duty SET aware_at = now(), due_at = now();

-- everybody: switches a duty off past the function
UPDATE partners_dutyentry SET is_on = false;
