"""Pages run their own scripts and nothing else."""

import hashlib
import re
from base64 import b64encode
from importlib.resources import files

import pytest

from delinquency.reporting.page_policy import with_policy

PAGE = '<html><head><meta charset="utf-8"></head><body>{}</body></html>'


def policy_of(page):
    return re.search(r'Content-Security-Policy" content="([^"]*)"', page).group(1)


def test_a_script_of_the_page_is_named_by_its_digest_and_none_is_allowed_inline():
    code = "document.title = 'x'"
    policy = policy_of(with_policy(PAGE.format(f"<script>{code}</script>")))
    expected = b64encode(hashlib.sha256(code.encode()).digest()).decode()
    assert f"script-src 'sha256-{expected}';" in policy
    assert "default-src 'none'" in policy
    assert "script-src 'unsafe-inline'" not in policy


def test_a_page_without_scripts_runs_none_and_an_older_policy_is_replaced():
    old = '<meta http-equiv="Content-Security-Policy" content="script-src *">'
    page = with_policy(PAGE.format("").replace("</head>", f"{old}</head>"))
    assert "script-src 'none'" in policy_of(page)
    assert page.count("Content-Security-Policy") == 1


def test_a_page_without_a_place_for_it_is_refused():
    with pytest.raises(ValueError, match="charset"):
        with_policy("<html></html>")


def test_no_template_holds_what_a_policy_would_stop():
    """Handlers in attributes and addresses of scripts never run under such a policy."""
    folder = files("delinquency.reporting").joinpath("templates")
    pages = [f for f in folder.iterdir() if f.name.endswith(".html")]
    assert pages
    for page in pages:
        text = page.read_text("utf-8")
        assert not re.search(r"\son[a-z]+=|javascript:|\|\s*safe\b|https?://", text), page.name
