"""Running a playbook: the rules without a database (`graph`, `engine`, `ahead`), and the rows around them.

How a step begins, ends and leads on is written down in `docs/running.md`; `tests/running_rules.py` is the same rules
once more, written by hand, that random playbooks are held against.
"""
