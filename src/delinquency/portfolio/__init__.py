"""A card portfolio whose causes are known: its tables, its hidden truth, and how real it looks."""

from delinquency.portfolio.blocks import Block, blocks
from delinquency.portfolio.generator import generate, generate_block, iter_parts, join_parts

__all__ = ["Block", "blocks", "generate", "generate_block", "iter_parts", "join_parts"]
