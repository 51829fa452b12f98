"""Every command that a page, the Makefile or an error text names composes today."""

import ast
import re
import shlex
from functools import cache
from pathlib import Path

import pytest
from hydra.errors import HydraException

from delinquency.config import load
from delinquency.errors import DelinquencyError
from delinquency.stages import STAGES

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
MAKEFILE = ROOT / "Makefile"
TARGETS = set(re.findall(r"^([a-z][a-z_-]*):", MAKEFILE.read_text(encoding="utf-8"), re.MULTILINE))
OWN_FILES = {"data=cards", "policy=my_bank", "data=my_bank", "data=own"}
"""Files that a page tells its reader to write first."""
PLACEHOLDERS = re.compile(r"<[^<>\s]+>|\.\.\.|…|\{[^{}]*\}|\bNAME\b|\bFILE\b|\bYYYY-MM(-DD)?\b")
ASSIGNMENT = re.compile(r"^[+~]{0,2}[a-z_]+([./@][\w@.]+)*=")
ENGLISH = {"sure", "it", "the", "a", "them", "one", "up", "of", "no", "for", "his", "its"}
"""What follows the word make in a sentence that wraps."""
# Spelled out as code: `stage=x`, and the name of a target after make.
STAGE = re.compile(r"\bstage=([a-z_]+)")


@cache
def texts():
    """Return place and text of whatever people read: pages, Makefile, strings in the code."""
    return tuple(_texts())


def _texts():
    for path in [*PAGES, MAKEFILE]:
        if path.exists() and "research" not in path.parts:
            yield path.name, path.read_text(encoding="utf-8").replace("\\\n", " ")
    for path in sorted((ROOT / "src").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                parts = [
                    value.value if isinstance(value, ast.Constant) else "{x}"
                    for value in node.values
                ]
                yield path.name, "".join(map(str, parts))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield path.name, node.value


def commands(text):
    """Yield the overrides of each command in a text."""
    for found in re.finditer(r"make ([a-z][a-z_-]*)((?: ARGS=(\"[^\"]*\"|'[^']*'))?)", text):
        target, _, arguments = found.groups()
        if target in TARGETS and arguments:
            yield target, arguments[1:-1]
    for found in re.finditer(
        r"(?:python -m delinquency|(?<![\w./-])delinquency) ([^`\n;|>]+)", text
    ):
        if "stage=" in found.group(1):
            yield "", found.group(1)


def overrides(arguments):
    """Return the overrides of a command, without placeholders; None where it is cut off."""
    try:
        words = shlex.split(arguments.replace("\\'", "'"), comments=True)
    except ValueError:  # the text breaks off within quotes
        words = arguments.split()
    taken = []
    for word in words:
        if not ASSIGNMENT.match(word):
            break
        taken.append(word.rstrip(".,:)") if not word.endswith("]") else word)
    return [
        word
        for word in taken
        if not PLACEHOLDERS.search(word) and "<" not in word and word not in OWN_FILES
    ]


def named():
    """Return each distinct command with where it stands."""
    out = {}
    for place, text in texts():
        for target, arguments in commands(text):
            chosen = overrides(arguments)
            stage = [] if not target or target.replace("-", "_") not in STAGES else (
                [f"stage={target.replace('-', '_')}"]
            )  # fmt: skip
            if target == "audit":
                stage = ["stage=truth_audit"]
            if chosen or stage:
                out.setdefault((*stage, *chosen), place)
    return sorted(out.items())


@pytest.fixture(scope="module")
def every_command():
    return named()


def together(every_command):
    """Return commands in few groups, within which no key has two values.

    Composing takes most of a second, so commands that do not contradict each other are composed
    at once; the stage, which every command has, is looked up apart, and what a stage is to do is
    a word that no other key hangs on.
    """
    groups = []
    for command, place in every_command:
        if any(
            word.startswith(("hydra", "+experiment", "experiment=", "bench."))  # bench: its own
            for word in command
        ):
            continue
        chosen = dict(word.split("=", 1) for word in command)
        stage = chosen.pop("stage", "")
        assert not stage or stage in STAGES, f"{place}: stage={stage}"
        choices = {key: value for key, value in chosen.items() if "." not in key}
        for values, members in groups:
            # The same choice of files: a value of data= decides which keys of data. exist.
            same = choices == {key: value for key, value in values.items() if "." not in key}
            agree = all(
                values.get(key, value) == value or key.endswith(".do")
                for key, value in chosen.items()
            )
            if same and agree:
                values.update(chosen)
                members.append(place)
                break
        else:
            groups.append((chosen, [place]))
    return groups


def test_every_named_command_composes(every_command, tmp_path):
    assert len(every_command) > 25
    faults = []
    for values, places in together(every_command):
        command = [f"{key}={value}" for key, value in values.items()]
        try:
            load([*command, f"paths.root={tmp_path}"])
        except (DelinquencyError, HydraException) as error:
            faults.append(f"{', '.join(places)}: {' '.join(command)}: {error}")
    assert not faults, "\n".join(faults)


def test_a_command_that_does_not_compose_is_found(tmp_path):
    named_wrong = [
        (("stage=train", "data=taiwan", "model.n_estimators=300"), "one.md"),
        (("stage=train", "data=taiwan", "model.learning_speed=2"), "two.md"),
    ]
    ((values, places),) = together(named_wrong)
    assert places == ["one.md", "two.md"]
    with pytest.raises(HydraException, match="learning_speed"):
        load([f"{key}={value}" for key, value in values.items()])
    with pytest.raises(AssertionError, match=r"three\.md: stage=trane"):
        together([(("stage=trane",), "three.md")])


def test_every_named_stage_and_target_exists():
    faults = set()
    for place, text in texts():
        faults |= {f"{place}: stage={n}" for n in STAGE.findall(text) if n not in STAGES}
        for target in re.findall(r"(?:`|^\s*|Next +|run )make ([a-z][a-z_-]+)\b", text, re.M):
            if target not in TARGETS | ENGLISH:
                faults.add(f"{place}: make {target}")
    assert not faults, sorted(faults)


def test_every_key_named_in_a_text_exists(every_command):
    """A key such as ``case.do=verify`` in a sentence is one that the configuration has."""
    config = load(["stage=case"])
    groups = {"case", "score", "inspect", "treatment", "cards", "reasons", "audit", "split"}
    faults = set()
    for place, text in texts():
        for group, key in re.findall(r"\b([a-z]+)\.([a-z_]+)=", text):
            if group in groups and not hasattr(getattr(config, group), key):
                faults.add(f"{place}: {group}.{key}")
    assert not faults, sorted(faults)
