"""Answers to tasks that organisations gave by telephone: written down by the lead, confirmed or corrected at home."""
