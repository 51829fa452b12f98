"""Canonical monthly data: schema, checks, windows, event sums, outcomes and roll rates."""
