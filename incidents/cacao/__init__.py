"""Playbooks as OASIS CACAO 2.0 (CS01, 27 November 2023): reading, checking, signing, writing out."""
