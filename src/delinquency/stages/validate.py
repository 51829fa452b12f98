"""Stage ``validate``: the forty checks, as a page, a Word file and JSON."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from delinquency.atomic_files import write_bytes, write_text
from delinquency.config import Config
from delinquency.errors import ChoiceError, DataError
from delinquency.log_odds import log_odds
from delinquency.modeling.level_shift import from_matured_month
from delinquency.pipeline import saved_model
from delinquency.pipeline.prepared_features import prepare
from delinquency.pipeline.training_runs import open_run
from delinquency.pipeline.validation_evidence import gather
from delinquency.reporting.model_card import model_papers
from delinquency.reporting.validation_document import pictures, validation_page, validation_record
from delinquency.validation.check_inputs import Evidence
from delinquency.validation.check_record import AMBER, RED, STATES
from delinquency.validation.registered_checks import NUMBERS, run_checks
from delinquency.workspace.artifacts import write_csv, write_json
from delinquency.workspace.progress import say, working

LEVEL = "level.json"
COMMENTS = "validation_comments.yaml"
COMMENTS_HEAD = """\
# Comments of an analyst, by number of the item; kept over every rerun, shown beside the item.
# 20: The level was recalibrated on 2026-11-01; see the minutes of the model committee.
"""
SHOWN = 12
"""Items that are not a pass and are printed."""


def run(config: Config) -> None:
    """Validate the trained model and write the documents."""
    prepared = prepare(config)
    fitted = saved_model.load(config)
    space = config.workspace
    comments = read_comments(space.reports / COMMENTS)
    evidence = gather(config, fitted, prepared)
    with working("running the forty checks") as tick:
        items = run_checks(evidence, config.validation, progress=tick)
    size = fitted.model.metadata["size"]
    about = {
        "rows of development": fitted.model.metadata["rows"],
        "bads of development": fitted.model.metadata["bads"],
        "features": len(fitted.model.features),
        "trees": size["n_estimators"],
        "length of steps": size["learning_rate"],
        "calibration": fitted.model.calibration.kind,
        "learnt from": fitted.model.metadata["target"],
    }
    if sample := fitted.model.metadata.get("sample"):
        about["sample"] = sample
    record = validation_record(items, evidence, config.validation, model=about, comments=comments)
    write_documents(record, pictures(evidence), space.reports, word=config.validation.word)
    level = recalibration(evidence)
    if level is not None:
        write_json(level, space.reports / LEVEL)
    write_csv(evidence.scorecard, space.reports / "scorecard.csv")
    with open_run(
        config, prepared, purpose="validate", run_id=fitted.facts.get("run_id", "")
    ) as active:
        active.metrics({f"validation_{s.replace(' ', '_')}": record["summary"][s] for s in STATES})
        active.file(space.reports / "validation.json", "validation")
        active.file(space.reports / "validation.html", "validation")
    _tell(record, space.reports, word=config.validation.word)
    if level is not None and not level["low"] <= 0 <= level["high"]:
        say(
            f"Level     {level['shift']:+.3f} [{level['low']:+.3f}, {level['high']:+.3f}] log-odds"
            f" would set {level['month']} right: {space.reports / LEVEL} (score.level applies it)"
        )


def recalibration(evidence: Evidence) -> dict[str, Any] | None:
    """Return the shift of the level by the newest month of the test, dated and of this model.

    Returns
    -------
    dict or None
        Nothing is changed by it: it is a record beside the model. None where the test has no
        month, or too few bads to tell a level.
    """
    rows = evidence.test
    known = rows.months[~np.isnat(rows.months)]
    if not len(known):
        return None
    month = known.max()
    newest = rows.months == month
    try:
        found = from_matured_month(log_odds(rows.pd_hat[newest]), rows.bad[newest])
    except DataError:
        return None
    return {
        **asdict(found),
        "unit": "log-odds, added to every account's",
        "month": str(month),
        "outcomes_known_after_months": evidence.performance_months,
        "model_digest": evidence.record.get("model_digest", ""),
        "explanations": "the base value moves by the shift; no trait's value changes",
        "applied": False,
    }


def write_documents(
    record: Mapping[str, Any], drawn: Mapping[str, str], folder: Path, *, word: bool
) -> None:
    """Write page, Word file and JSON; the JSON last, as what others read."""
    write_text(validation_page(record, drawn), folder / "validation.html")
    if word:
        from delinquency.reporting.validation_word import validation_word

        write_bytes(validation_word(record, drawn), folder / "validation.docx")
    for name, text in model_papers(record).items():
        write_text(text, folder / name)
    write_json(record, folder / "validation.json")


def read_comments(path: Path) -> dict[int, str]:
    """Return an analyst's comments by number of the item; the file is begun when it is absent.

    Raises
    ------
    ChoiceError
        If the file is not a mapping of numbers from 1 to 40 to text.
    """
    if not path.exists():
        write_text(COMMENTS_HEAD, path)
        return {}
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise ChoiceError(f"{path} is not YAML: {error}") from error
    if found is None:
        return {}
    right = isinstance(found, dict) and all(
        isinstance(number, int) and number in NUMBERS and isinstance(text, str)
        for number, text in found.items()
    )
    if not right:
        raise ChoiceError(
            f"{path} must map the number of an item, 1 to {NUMBERS[-1]}, to text. Got "
            f"{str(found)[:80]!r}. Write for example:  20: The level was recalibrated."
        )
    return dict(found)


def _tell(record: Mapping[str, Any], folder: Path, *, word: bool) -> None:
    """Print the summary, and what is not a pass."""
    say(f"{record['data']}: validated {record['how']}")
    say("  " + "   ".join(f"{state}: {n}" for state, n in record["summary"].items()))
    wrong = [one for state in (RED, AMBER) for one in record["items"] if one["state"] == state]
    for one in wrong[:SHOWN]:
        say(
            f"  {one['state']:5s} {one['number']:2d} {one['item']}: {one['shown']}"
            f" ({one['threshold']})"
        )
    if len(wrong) > SHOWN:
        say(f"  and {len(wrong) - SHOWN} more")
    say(f"Document  {folder / 'validation.html'}{' and .docx' if word else ''}; figures in .json")
    say(f"Papers    {folder / 'model_card.md'}, development.md")
    say(f"Scorecard {folder / 'scorecard.csv'}: points of the challenger")
    say(f"Comments  {folder / COMMENTS} (kept over reruns)")
