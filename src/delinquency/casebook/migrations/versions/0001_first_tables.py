"""Cases, events, audit log, overdue records and tombstones, with their guards."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

APPEND_ONLY = ("cases", "events", "audit_log", "erased")
# Whatever leaves the overdue records leaves a tombstone first.
CLEARED = "EXISTS (SELECT 1 FROM erased WHERE digest = OLD.record_id AND kind = 'record')"


def upgrade() -> None:
    """Make the tables, the first end of the chain, and the triggers."""
    _make_tables()
    op.execute(f"INSERT INTO audit_head (id, sequence, entry_hash) VALUES (1, 0, '{'0' * 64}')")
    if op.get_bind().dialect.name == "postgresql":
        _guard_postgresql()
    else:
        _guard_sqlite()


def _guard_sqlite() -> None:
    """Refuse changes and removals on SQLite."""
    for table in APPEND_ONLY:
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
    op.execute(
        "CREATE TRIGGER audit_head_no_delete BEFORE DELETE ON audit_head "
        "BEGIN SELECT RAISE(ABORT, 'audit_head is kept'); END"
    )
    op.execute(
        "CREATE TRIGGER overdue_records_only_cleared BEFORE DELETE ON overdue_records "
        f"WHEN NOT {CLEARED} "
        "BEGIN SELECT RAISE(ABORT, 'overdue_records leave by clearing only'); END"
    )


def _guard_postgresql() -> None:
    """Refuse changes and removals on PostgreSQL, emptying a table among them."""
    op.execute(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
    )
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    op.execute(
        "CREATE TRIGGER audit_head_kept BEFORE DELETE OR TRUNCATE ON audit_head "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        "CREATE TRIGGER overdue_records_no_truncate BEFORE TRUNCATE ON overdue_records "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        "CREATE FUNCTION refuse_uncleared() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN IF NOT {CLEARED} THEN "
        "RAISE EXCEPTION 'overdue_records leave by clearing only'; END IF; RETURN OLD; END $$"
    )
    op.execute(
        "CREATE TRIGGER overdue_records_only_cleared BEFORE DELETE ON overdue_records "
        "FOR EACH ROW EXECUTE FUNCTION refuse_uncleared()"
    )


def _make_tables() -> None:
    """Make the tables."""
    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("entry_hash", sa.String(length=64), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_audit_head_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
        comment="The end of the chain; the row every writer locks",
    )
    op.create_table(
        "audit_log",
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("recorded_at", sa.String(length=32), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("subject_hash", sa.String(length=64), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("previous_hash", sa.String(length=64), nullable=False),
        sa.Column("entry_hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_audit_log")),
        sa.UniqueConstraint("entry_hash", name=op.f("uq_audit_log_entry_hash")),
        comment="Hash chain of every write; holds digests only; append-only",
    )
    op.create_table(
        "cases",
        sa.Column("case_id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=128), nullable=False),
        sa.Column("policy", sa.String(length=64), nullable=False),
        sa.Column("opened_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_cases")),
        comment="One row per case; written once, its state is derived from its events",
    )
    op.create_index(op.f("ix_cases_account_id"), "cases", ["account_id"], unique=False)
    op.create_table(
        "erased",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("cleared_on", sa.String(length=10), nullable=False),
        sa.Column("policy", sa.String(length=64), nullable=False),
        sa.CheckConstraint(
            "kind IN ('record', 'account', 'spell', 'cure')", name=op.f("ck_erased_kind")
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_erased")),
        comment="Tombstones: keyed digests of what was cleared; append-only",
    )
    op.create_table(
        "exports",
        sa.Column("path", sa.String(length=512), nullable=False),
        sa.Column("format", sa.String(length=16), nullable=False),
        sa.Column("as_of", sa.String(length=10), nullable=False),
        sa.Column("needs_consent", sa.Boolean(), nullable=False),
        sa.Column("n_records", sa.Integer(), nullable=False),
        sa.Column("audit_sequence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("path", name=op.f("pk_exports")),
        comment="Export files on this machine, so that clearing can rewrite those it makes stale",
    )
    op.create_table(
        "overdue_records",
        sa.Column("record_id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=128), nullable=False),
        sa.Column("lender", sa.String(length=64), nullable=False),
        sa.Column("origin", sa.String(length=16), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("opened_on", sa.String(length=10), nullable=False),
        sa.Column("closed_on", sa.String(length=10), nullable=True),
        sa.Column("disputed", sa.Boolean(), nullable=False),
        sa.Column("dispute_note", sa.Text(), nullable=False),
        sa.Column("consent", sa.Boolean(), nullable=False),
        sa.Column("source_name", sa.String(length=128), nullable=False),
        sa.Column("source_id", sa.String(length=128), nullable=False),
        sa.Column("received_on", sa.String(length=10), nullable=False),
        sa.CheckConstraint(
            "origin IN ('own', 'elsewhere')", name=op.f("ck_overdue_records_origin")
        ),
        sa.CheckConstraint(
            "closed_on IS NULL OR closed_on >= opened_on",
            name=op.f("ck_overdue_records_closed_after_opened"),
        ),
        sa.PrimaryKeyConstraint("record_id", name=op.f("pk_overdue_records")),
        sa.UniqueConstraint(
            "account_id",
            "lender",
            "opened_on",
            name=op.f("uq_overdue_records_account_id_lender_opened_on"),
        ),
        comment="One row per overdue spell; leaves only by clearing",
    )
    op.create_table(
        "events",
        sa.Column("case_id", sa.String(length=64), nullable=False),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("idempotency_key", sa.String(length=128), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("occurred_at", sa.String(length=32), nullable=False),
        sa.Column("recorded_at", sa.String(length=32), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.CheckConstraint("sequence >= 1", name=op.f("ck_events_sequence")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.case_id"], name=op.f("fk_events_case_id")),
        sa.PrimaryKeyConstraint("case_id", "sequence", name=op.f("pk_events")),
        sa.UniqueConstraint(
            "case_id", "idempotency_key", name=op.f("uq_events_case_id_idempotency_key")
        ),
        comment="What happened in a case, numbered 1, 2, 3 ... without a gap; append-only",
    )
    op.create_table(
        "overdue_buckets",
        sa.Column("record_id", sa.String(length=64), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("days_past_due", sa.Integer(), nullable=False),
        sa.Column("overdue_cents", sa.BigInteger(), nullable=False),
        sa.Column("balance_cents", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("balance_cents >= 0", name=op.f("ck_overdue_buckets_balance_cents")),
        sa.CheckConstraint("days_past_due >= 1", name=op.f("ck_overdue_buckets_days_past_due")),
        sa.CheckConstraint("overdue_cents >= 0", name=op.f("ck_overdue_buckets_overdue_cents")),
        sa.ForeignKeyConstraint(
            ["record_id"],
            ["overdue_records.record_id"],
            name=op.f("fk_overdue_buckets_record_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("record_id", "month", name=op.f("pk_overdue_buckets")),
        comment="One row per month of a spell: how late, and how much",
    )
