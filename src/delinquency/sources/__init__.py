"""Adapters: each recasts one kind of source into the canonical tables, or into ready features."""
