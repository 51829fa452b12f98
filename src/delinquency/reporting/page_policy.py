"""The content-security policy of pages: the scripts that the page was written with, and no other.

A page that lies on a disk has no server to send a policy, so it carries its own. Each script of
its own is named by its digest; whatever else gets into the page, by an account number or a text
that holds markup, does not run, and nothing is fetched from anywhere.

References
----------
W3C, Content Security Policy Level 3, section 8.4 (hash sources).
"""

import hashlib
import re
from base64 import b64encode

_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>\n?')
_HEAD = '<meta charset="utf-8">'


def with_policy(page: str) -> str:
    """Return a page with a policy that lets nothing run but its own scripts.

    Parameters
    ----------
    page : str
        HTML that declares its character set; a policy that it has is replaced.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If the page does not declare its character set, so that there is no place for the policy.
    """
    scripts = " ".join(f"'sha256-{_digest(code)}'" for code in _SCRIPT.findall(page)) or "'none'"
    policy = (
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        f"script-src {scripts}; style-src 'unsafe-inline'; img-src data: file: 'self'; "
        "base-uri 'none'; form-action 'none'\">"
    )
    bare = _POLICY.sub("", page)
    if _HEAD not in bare:
        raise ValueError(f"A page must hold {_HEAD}.")
    return bare.replace(_HEAD, f"{_HEAD}\n{policy}", 1)


def _digest(code: str) -> str:
    return b64encode(hashlib.sha256(code.encode()).digest()).decode()
