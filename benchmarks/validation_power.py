"""How often each check calls a right model red, and how often it catches its planted fault.

    make validation-power ARGS="--portfolios 100 --workers 2"

Every portfolio is simulated with a seed of its own (``validation/simulated_evidence.py``) and
has a model that is right by construction; then every fault of ``validation/planted_faults.py``
is planted into it and the item that must catch it is run. A hundred portfolios take about ten
minutes on two idle cores. The table goes to docs/validation-power.md; the page around it is kept.
"""

import argparse
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from scipy.stats import beta

from delinquency.config import load
from delinquency.validation.check_record import AMBER, NOT_APPLICABLE, RED
from delinquency.validation.planted_faults import FAULTS, SEEN_AGAIN, WITHOUT_DOCUMENTS
from delinquency.validation.registered_checks import NUMBERS, all_checks, run_checks
from delinquency.validation.simulated_evidence import WHOLE_PAPERS, Portfolio, right_evidence
from delinquency.validation.validation_options import Documents, ValidationOptions

MOST_FALSE, LEAST_CAUGHT = 0.05, 0.95
BEGIN, END = "<!-- table of make validation-power -->", "<!-- end of the table -->"


def one_portfolio(seed: int, options: ValidationOptions) -> tuple[dict[int, str], dict[str, str]]:
    """Return the states of a right model by item, and of the catching item by fault."""
    bare = replace(options, documents=Documents())
    evidence = right_evidence(seed)
    other = {
        number: plant(evidence, np.random.default_rng([seed, 1_000 + number]))
        for number, plant in SEEN_AGAIN.items()
    }
    usual = tuple(number for number in NUMBERS if number not in other)
    items = run_checks(evidence, options, numbers=usual)
    for number, one in other.items():
        items += run_checks(one, options, numbers=(number,))
    states = {one.check.number: one.finding.state for one in items}
    caught = {}
    for number, fault in enumerate(FAULTS.values()):
        right = other.get(fault.caught_by, evidence)
        planted = fault.plant(right, np.random.default_rng([seed, number]))
        chosen = bare if fault.name in WITHOUT_DOCUMENTS else options
        (item,) = run_checks(planted, chosen, numbers=(fault.caught_by,))
        caught[fault.name] = item.finding.state
    return states, caught


def share(count: int, n: int) -> str:
    """Return a share with its exact 95 % interval."""
    low = beta.ppf(0.025, count, n - count + 1) if count else 0.0
    high = beta.ppf(0.975, count + 1, n - count) if count < n else 1.0
    return f"{count / n:.0%} [{low:.0%}, {high:.0%}]"


def table(found: list[tuple[dict[int, str], dict[str, str]]]) -> tuple[str, list[str]]:
    """Return the table as Markdown, and where a check does not keep what it promises."""
    n, size = len(found), Portfolio()
    lines = [
        f"Measured on {n} simulated portfolios of {size.n_train:,} accounts in development and"
        f" {size.n_test:,} in the test, 10 % bad; shares with exact 95 % intervals.",
        "",
        "| no | check | right model red | right model amber | planted fault | caught |",
        "|---|---|---|---|---|---|",
    ]
    broken = []
    for check in all_checks():
        states = Counter(one[0][check.number] for one in found)
        if states[RED] / n > MOST_FALSE:
            broken.append(f"item {check.number} calls a right model red in {states[RED]} of {n}")
        if states[NOT_APPLICABLE]:
            broken.append(f"item {check.number} could not be applied to a right model")
        for fault in (one for one in FAULTS.values() if one.caught_by == check.number):
            caught = sum(one[1][fault.name] == fault.state for one in found)
            if caught / n < LEAST_CAUGHT:
                broken.append(f"item {check.number} misses {fault.name!r} in {n - caught} of {n}")
            lines.append(
                f"| {check.number} | {check.item} | {share(states[RED], n)} |"
                f" {share(states[AMBER], n)} | {fault.name} |"
                f" {share(caught, n)}{', amber' if fault.state == AMBER else ''} |"
            )
    return "\n".join(lines) + "\n", broken


def into_page(page: str, text: str) -> str:
    """Return the page with another table between its marks."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{text}{END}{after}"


def main() -> None:
    """Run the harness, print the table, and fail where a check breaks its promise."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--portfolios", type=int, default=100)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1_000)
    parser.add_argument("--n-boot", type=int, default=100)
    parser.add_argument("--out", type=Path, default=None)
    chosen = parser.parse_args()
    seeds = range(chosen.seed, chosen.seed + chosen.portfolios)
    options = load([f"validation.n_boot={chosen.n_boot}"]).validation
    options = replace(options, documents=WHOLE_PAPERS)
    found = []
    with ProcessPoolExecutor(chosen.workers) as pool:
        for one in pool.map(partial(one_portfolio, options=options), seeds):
            found.append(one)
            print(f"{len(found)} of {len(seeds)}", flush=True)
    text, broken = table(found)
    print(text)
    if chosen.out:
        page = chosen.out.read_text("utf-8") if chosen.out.exists() else ""
        chosen.out.write_text(into_page(page, text), encoding="utf-8")
    print("\n".join(broken) or "Every check keeps its promise.")
    raise SystemExit(1 if broken else 0)


if __name__ == "__main__":
    main()
