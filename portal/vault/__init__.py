"""Secrets at rest: `portal.vault.sealing` seals and opens, `portal.vault.columns` says where sealed values stand."""
