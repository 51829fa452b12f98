"""The page of the public names, from their docstrings: `make docs` writes docs/api.md."""

import contextlib
import doctest
import inspect
import io
import re
import sys

import delinquency
from delinquency import events

HEAD = """\
# Python API

This page is generated from the docstrings by `make docs`. A test runs every example on it.

```python
from delinquency import DelinquencyClassifier, ReasonExplainer, TraitExplainer
```

`import delinquency` takes a few milliseconds: a name is loaded when it is first used.

## Your own LightGBM model, explained in eight lines

`X` and `y` stand for your table and your outcome; here they are made up.

```python
>>> import numpy as np, pandas as pd
>>> names = ["salary_gap", "late_months", "debts", "spare_cash", "part_payments", "cash_share"]
>>> X = pd.DataFrame(np.random.default_rng(0).normal(size=(500, 6)), columns=names)
>>> y = X.sum(axis=1) > 2

```

```python
>>> import shap
>>> from lightgbm import LGBMClassifier
>>> from delinquency import TRAITS, ReasonExplainer, TraitExplainer
>>> traits = dict(zip(X.columns, TRAITS))
>>> model = LGBMClassifier(n_estimators=60, verbose=-1).fit(X, y)
>>> reasons = ReasonExplainer(model, traits).fit(X).explain(X)
>>> print(*reasons.sort_values("pd_hat").iloc[-1][["reason_1", "reason_zh_1"]], sep="\\n")
{reason}
>>> explanation = TraitExplainer(model, traits, background=X).explain(X).to_shap()
>>> axes = shap.plots.waterfall(explanation[0], show=False)

```

Words of your own, and units, come with `FeatureMeaning.of(name, trait, phrase=..., phrase_zh=...)`
in the place of the bare trait.
"""

TRAITS_TEXT = """\
The six traits by key, in the order of the source article: `Trait` records with the number, both
labels, the questions to ask first, and the tables that carry the evidence.

```python
>>> from delinquency import TRAITS
>>> [trait.number for trait in TRAITS.values()]
['T1', 'T2', 'T3', 'T4', 'T5', 'T6']

```
"""

EVENTS_TEXT = """\
What can happen in a case: a module with one small record each. Every record has `at` (a moment
with time zone) and `actor` (a pseudonym), and the fields that its docstring names.

```python
>>> from datetime import UTC, datetime
>>> from delinquency import events
>>> lost = events.HardshipDeclared(
...     at=datetime(2026, 3, 11, 2, tzinfo=UTC), actor="customer", reason="loss of work"
... )
>>> lost.kind
'hardship_declared'

```

"""

_UNDERLINED = re.compile(r"^(.+)\n-{3,}$", re.MULTILINE)


def api_page() -> str:
    """Return the page as Markdown."""
    parts = [HEAD.replace("{reason}", _first_reason())]
    for name in delinquency.__all__:
        value = getattr(delinquency, name)
        text = _SPECIAL[name]() if name in _SPECIAL else _described(name, value)
        parts += [f"## {name}\n", text]
    return "\n".join(parts).rstrip() + "\n"


def _every_event() -> str:
    """Return the kinds of events, each with the first line of its docstring."""
    kinds = sorted(events.EVENTS.values(), key=lambda kind: kind.__name__)
    lines = [
        f"- `{kind.__name__}`: {(inspect.getdoc(kind) or '').splitlines()[0]}" for kind in kinds
    ]
    return EVENTS_TEXT + "\n".join(lines) + "\n"


_SPECIAL = {"TRAITS": lambda: TRAITS_TEXT, "events": _every_event}


def _described(name: str, value: object) -> str:
    """Return the signature, the docstring's sections and, of a class, its methods."""
    signature = re.sub(r"-> '([^']+)'", r"-> \1", str(inspect.signature(value)))
    signature = re.sub(r"(delinquency|pandas|numpy|collections|pathlib)(\.\w+)*\.", "", signature)
    signature = re.sub(r" -> None$", "", signature)
    text = [f"```python\n{name}{signature}\n```\n", _sections(inspect.getdoc(value) or "")]
    if inspect.isclass(value):
        methods = [
            f"- `{each}{'' if isinstance(member, property) else '()'}`: "
            f"{_plain(inspect.getdoc(getattr(value, each)) or '').splitlines()[0]}"
            for each, member in vars(value).items()
            if not each.startswith("_")
            and (callable(member) or isinstance(member, (property, classmethod)))
        ]
        text += ["**Methods and properties**\n", *methods, ""] if methods else []
    return "\n".join(text)


def _sections(doc: str) -> str:
    """Return a numpydoc docstring as Markdown."""
    pieces = _UNDERLINED.split(doc)
    out = [_plain(pieces[0]).strip(), ""]
    for title, body in zip(pieces[1::2], pieces[2::2], strict=True):
        body = body.strip("\n")
        if title == "Examples":
            out += ["```python", body, "", "```", ""]
        elif title in ("Notes", "References"):
            out += [f"**{title}**", "", _plain(body), ""]
        else:
            out += [f"**{title}**", "", *_entries(_plain(body)), ""]
    return "\n".join(out)


def _entries(body: str) -> list[str]:
    """Return the entries of a section as a list, each with its description."""
    out: list[str] = []
    for line in body.splitlines():
        if line and not line.startswith(" "):
            head, colon, rest = line.partition(" : ")
            out.append(f"- `{head}`" + (f" ({rest})" if colon else ""))
        elif line.strip():
            joint = " " if "): " in out[-1] or "`: " in out[-1] else ": "
            out[-1] += joint + line.strip()
    return out


def _plain(text: str) -> str:
    return text.replace("``", "`")


def _first_reason() -> str:
    """Return what the example at the top prints, by running it."""
    names: dict[str, object] = {}
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        for example in doctest.DocTestParser().get_examples(HEAD):
            exec(example.source, names)
            if printed.getvalue():
                break
    return printed.getvalue().rstrip()


if __name__ == "__main__":
    sys.stdout.write(api_page())
