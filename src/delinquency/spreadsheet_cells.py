"""Cells of a CSV file that no spreadsheet runs as a formula."""

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""First marks that make a spreadsheet run a cell (OWASP, CSV injection)."""


def guard_cell(text: str) -> str:
    """Return a text that no spreadsheet runs as a formula.

    Examples
    --------
    >>> guard_cell("=1+1"), guard_cell("paid"), guard_cell("'=1")
    ("'=1+1", 'paid', "''=1")
    """
    return f"'{text}" if text.startswith((*FORMULA, "'")) else text


def restore_cell(text: str) -> str:
    """Return what ``guard_cell`` was given.

    Examples
    --------
    >>> restore_cell("'=1+1"), restore_cell("''=1"), restore_cell("'tis")
    ('=1+1', "'=1", "'tis")
    """
    return text[1:] if text[:1] == "'" and text[1:].startswith((*FORMULA, "'")) else text
