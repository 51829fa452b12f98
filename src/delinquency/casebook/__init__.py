"""The SQL store: cases and their events, the audit chain, shared overdue records, clearing.

``database`` opens SQLite or PostgreSQL and brings it to the newest schema; ``tables`` declares the
schema; ``audit`` is the hash chain; ``cases`` keeps cases and events; ``overdue`` keeps the shared
overdue records; ``exchange`` moves them in and out as CSV, Parquet and JSON lines; ``clearing``
takes them out after cure; ``casebook`` is the one door for account managers.
"""
