"""A card portfolio whose causes are known: its tables, its hidden truth, and how real it looks."""

from delinquency.portfolio.blocks import Block, blocks
from delinquency.portfolio.generator import (
    block_parts,
    generate,
    generate_block,
    generate_part,
    join_parts,
)

__all__ = [
    "Block",
    "block_parts",
    "blocks",
    "generate",
    "generate_block",
    "generate_part",
    "join_parts",
]
