"""The identity of a store: its number, and a digest that only its own key gives."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of one row."""
    op.create_table(
        "store_identity",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("store_id", sa.String(64), nullable=False),
        sa.Column("key_check", sa.String(64), nullable=False),
        sa.Column("records_since", sa.BigInteger, nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_store_identity_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_store_identity")),
        comment="Which store this is, and which key it belongs to",
    )
