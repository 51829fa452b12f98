"""Look at a file before anything is trained on it: a profile, suspects, and a draft mapping."""

from delinquency.inspection.draft import draft_yaml
from delinquency.inspection.files import inspect_options, inspect_path
from delinquency.inspection.page import as_html, as_json, as_text
from delinquency.inspection.profile import FileProfile, Finding, profile_file

__all__ = [
    "FileProfile",
    "Finding",
    "as_html",
    "as_json",
    "as_text",
    "draft_yaml",
    "inspect_options",
    "inspect_path",
    "profile_file",
]
