"""The schema's history, one file a step; run by ``delinquency.records.database``."""
