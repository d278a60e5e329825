"""Importing into the register: a file is read, columns are matched, each row's fate is worked out, all is written.

Reading order: `reading` (bytes to rows), `matching` (columns to fields), `kinds` and `values` (what a row can say),
`fates` (what would become of each row), `checking` (the job that asks so for a whole file), `writing` (all or nothing).
"""
