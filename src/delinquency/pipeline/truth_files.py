"""The truth of a generated portfolio on disk: in a folder of its own, which no model reads."""

from pathlib import Path

import numpy as np
import pandas as pd

from delinquency.config import Config, as_dict
from delinquency.synthetic.blocks import Block
from delinquency.synthetic.generator import block_parts
from delinquency.synthetic.hidden_truth import (
    KEYS,
    audit_observations,
    causal_truth,
    hidden_lives,
    present_lives,
)
from delinquency.synthetic.portfolio_options import SyntheticData
from delinquency.synthetic.trait_swaps import swapped_traits
from delinquency.workspace.artifacts import (
    code_digest,
    digest,
    frame_digest,
    read_frame,
    read_json,
    write_frame,
    write_json,
)
from delinquency.workspace.manifests import content_digests, require_whole, written_folder
from delinquency.workspace.progress import Tick, working
from delinquency.workspace.threads import in_order

HIDDEN = "hidden"
"""Folder of the hidden lives: latent traits and contributions of every account and month."""
PART = "part-{:04d}.parquet"
AUDIT = "audit"
"""Name of the causal truth of the audit sample, and of the file that says what it belongs to."""
AUDIT_EXCHANGED = "audit-exchanged"
"""Name of what becomes of the audit accounts when they exchange traits."""


def write_hidden_lives(
    config: Config, options: SyntheticData, *, part_accounts: int, tick: Tick
) -> None:
    """Write what the generator knows of every account and month, part by part.

    What stood in the folder before goes only when all is written.

    Parameters
    ----------
    config : Config
    options : SyntheticData
    part_accounts : int
        Accounts of one part, as in the tables.
    tick : callable
        Called with the parts that are done, and those there will be.
    """

    def write(numbered: tuple[int, tuple[Block, ...]]) -> None:
        number, blocks = numbered
        part = pd.concat([hidden_lives(options, one) for one in blocks], ignore_index=True)
        # Half the bytes, and far more digits than any simulation's own error.
        values = {n: np.float32 for n in part.columns if n not in KEYS}
        write_frame(part.astype(values), fresh / PART.format(number))

    parts = list(enumerate(block_parts(options, chunk=part_accounts)))
    record = {"key": digest(as_dict(options)), "facts": {"parts": len(parts)}}
    with written_folder(config.workspace.truth / HIDDEN, record) as fresh:
        for done, _ in enumerate(in_order(write, parts, n_threads=config.n_threads), start=1):
            tick(done, len(parts))


def read_hidden_lives(folder: Path, *, parts: int) -> pd.DataFrame:
    """Return the first parts of the hidden lives, as they were written."""
    require_whole(folder / HIDDEN, made_by="data")
    files = [folder / HIDDEN / PART.format(number) for number in range(parts)]
    return pd.concat([read_frame(file, made_by="data") for file in files], ignore_index=True)


def audit_truth(
    config: Config, data: SyntheticData, keys: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the causal truth of the audit accounts, simulated once for each portfolio.

    Parameters
    ----------
    config : Config
    data : SyntheticData
    keys : DataFrame
        ``account_id, observation_month`` to draw the sample from.

    Returns
    -------
    tuple of DataFrame
        As of ``portfolio.truth.causal_truth``, and of ``portfolio.exchanges.exchanged_traits`` for
        the same accounts in the same order.
    """
    observations = audit_observations(keys, data)
    folder = config.workspace.truth
    files = folder / f"{AUDIT}.parquet", folder / f"{AUDIT_EXCHANGED}.parquet"
    mark = folder / f"{AUDIT}.json"
    key = digest([as_dict(data), frame_digest(observations), code_digest()])
    known = all(file.exists() for file in (*files, mark))
    record = read_json(mark, made_by="truth_audit") if known else {}
    if record.get("key") == key and record.get("files") == _digests(files):
        effects, exchanged = (read_frame(file, made_by="truth_audit") for file in files)
        return effects, exchanged
    with working(f"simulating {data.audit_paths} futures of {len(observations):,} accounts"):
        present = present_lives(data, observations, n_threads=config.n_threads)
        effects = causal_truth(data, present, n_threads=config.n_threads)
    with working("exchanging traits between them, two and two"):
        exchanged = swapped_traits(data, present, n_threads=config.n_threads)
    # The mark goes first and comes last, so that a stop between cannot pair it with other files.
    mark.unlink(missing_ok=True)
    for frame, file in zip((effects, exchanged), files, strict=True):
        write_frame(frame, file)
    facts = {"accounts": len(effects), "futures": data.audit_paths}
    write_json({"key": key, **facts, "files": _digests(files)}, mark)
    return effects, exchanged


def _digests(files: tuple[Path, Path]) -> dict[str, str]:
    return content_digests({file.name: file for file in files})
