"""The database schema: what each table holds and which of them may only grow.

Money is whole cents in a 64-bit integer. Moments are ISO 8601 text in UTC with microseconds, so
that both databases sort and compare them alike. Contents are canonical JSON text.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
"""Every constraint has a name, so that a migration can name it on both databases."""

HASH = String(64)
MOMENT = String(32)
DAY = String(10)
MONTH = String(7)

CASES = Table(
    "cases",
    METADATA,
    Column("case_id", String(64), primary_key=True),
    Column("account_id", String(128), nullable=False),
    Column("policy", String(64), nullable=False),
    Column("opened_at", MOMENT, nullable=False),
    Index(None, "account_id"),
    comment="One row per case; written once, its state is derived from its events",
)

EVENTS = Table(
    "events",
    METADATA,
    Column("case_id", String(64), ForeignKey("cases.case_id"), primary_key=True),
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("idempotency_key", String(128), nullable=False),
    Column("kind", String(64), nullable=False),
    Column("occurred_at", MOMENT, nullable=False),
    Column("recorded_at", MOMENT, nullable=False),
    Column("body", Text, nullable=False),
    UniqueConstraint("case_id", "idempotency_key"),
    CheckConstraint("sequence >= 1", name="sequence"),
    comment="What happened in a case, numbered 1, 2, 3 ... without a gap; append-only",
)

AUDIT = Table(
    "audit_log",
    METADATA,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("recorded_at", MOMENT, nullable=False),
    Column("action", String(64), nullable=False),
    Column("subject_hash", HASH, nullable=False),
    Column("content_hash", HASH, nullable=False),
    Column("previous_hash", HASH, nullable=False),
    Column("entry_hash", HASH, nullable=False, unique=True),
    comment="Hash chain of every write; holds digests only; append-only",
)

AUDIT_HEAD = Table(
    "audit_head",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("sequence", BigInteger, nullable=False),
    Column("entry_hash", HASH, nullable=False),
    CheckConstraint("id = 1", name="single"),
    comment="The end of the chain; the row every writer locks",
)

IDENTITY = Table(
    "store_identity",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("store_id", String(64), nullable=False),
    Column("key_check", HASH, nullable=False),
    Column("records_since", BigInteger, nullable=False),
    CheckConstraint("id = 1", name="single"),
    comment="Which store this is, and which key it belongs to",
)

OVERDUE = Table(
    "overdue_records",
    METADATA,
    Column("record_id", String(64), primary_key=True),
    Column("account_id", String(128), nullable=False),
    Column("lender", String(64), nullable=False),
    Column("origin", String(16), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("opened_on", DAY, nullable=False),
    Column("closed_on", DAY),
    Column("disputed", Boolean, nullable=False),
    Column("dispute_note", Text, nullable=False),
    Column("consent", Boolean, nullable=False),
    Column("source_name", String(128), nullable=False),
    Column("source_id", String(128), nullable=False),
    Column("received_on", DAY, nullable=False),
    CheckConstraint("closed_on IS NULL OR closed_on >= opened_on", name="closed_after_opened"),
    CheckConstraint("origin IN ('own', 'elsewhere')", name="origin"),
    UniqueConstraint("account_id", "lender", "opened_on"),
    comment="One row per overdue spell; leaves only by clearing",
)

BUCKETS = Table(
    "overdue_buckets",
    METADATA,
    Column(
        "record_id",
        String(64),
        ForeignKey("overdue_records.record_id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("month", MONTH, primary_key=True),
    Column("days_past_due", Integer, nullable=False),
    Column("overdue_cents", BigInteger, nullable=False),
    Column("balance_cents", BigInteger, nullable=False),
    CheckConstraint("days_past_due >= 1", name="days_past_due"),
    CheckConstraint("overdue_cents >= 0", name="overdue_cents"),
    CheckConstraint("balance_cents >= 0", name="balance_cents"),
    comment="One row per month of a spell: how late, and how much",
)

ERASED = Table(
    "erased",
    METADATA,
    Column("digest", HASH, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("cleared_on", DAY, nullable=False),
    Column("policy", String(64), nullable=False),
    CheckConstraint("kind IN ('record', 'account', 'spell', 'cure')", name="kind"),
    comment="Tombstones: keyed digests of what was cleared; append-only",
)

EXPORTS = Table(
    "exports",
    METADATA,
    Column("path", String(512), primary_key=True),
    Column("format", String(16), nullable=False),
    Column("as_of", DAY, nullable=False),
    Column("needs_consent", Boolean, nullable=False),
    Column("n_records", Integer, nullable=False),
    Column("audit_sequence", BigInteger, nullable=False),
    comment="Export files on this machine, so that clearing can rewrite those it makes stale",
)

APPEND_ONLY = ("cases", "events", "audit_log", "erased")
"""Tables whose rows can be neither changed nor removed; triggers refuse it."""
