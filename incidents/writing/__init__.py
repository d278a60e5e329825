"""Writing a playbook without seeing JSON: an outline of steps and blocks, to CACAO 2.0 and back. Pure, no database."""
