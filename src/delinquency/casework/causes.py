"""H1: from the profile of traits to likely causes, with facts, evidence and open questions."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from delinquency.casework.events import CauseConfirmed, Event
from delinquency.traits import EVIDENCE_LEVELS, TRAITS

ANSWERS = ("confirmed", "refuted", "unclear")


@dataclass(frozen=True)
class Hypothesis:
    """One likely cause, to be confirmed or refuted by asking.

    Attributes
    ----------
    trait : str
    headline, headline_zh : str
    contribution : float
        Log-odds above the reference.
    share : float
        Of all contributions that raise the risk, in [0, 1].
    evidence : str
        A word of ``EVIDENCE_LEVELS``.
    facts : tuple of str
        What the data say.
    questions, questions_zh : tuple of str
        What to ask.
    answer : str
        The customer's last answer, "" while it is open.
    """

    trait: str
    headline: str
    headline_zh: str
    contribution: float
    share: float
    evidence: str
    facts: tuple[str, ...]
    questions: tuple[str, ...]
    questions_zh: tuple[str, ...]
    answer: str = ""


def hypotheses(
    contributions: Mapping[str, float],
    evidence: Mapping[str, str],
    *,
    facts: Mapping[str, tuple[str, ...]] | None = None,
    events: Iterable[Event] = (),
) -> tuple[Hypothesis, ...]:
    """Return the likely causes of an account's difficulty, most likely first.

    Parameters
    ----------
    contributions : mapping of trait key to float
        Log-odds above the reference.
    evidence : mapping of trait key to str
    facts : mapping of trait key to tuple of str
        The reasons found by the explanation.
    events : iterable of Event
        The case so far: a cause that was confirmed comes first, a refuted one last.

    Returns
    -------
    tuple of Hypothesis
        Only traits that raise the risk, or that the customer spoke of. A model's reason is a
        hypothesis until the customer has been asked.

    Examples
    --------
    >>> from delinquency import hypotheses
    >>> likely = hypotheses({"debt_burden": 0.6, "economic_condition": 0.2}, {})
    >>> [(cause.headline, round(cause.share, 2)) for cause in likely]
    [('Debt burden', 0.75), ('Economic condition', 0.25)]
    """
    answers = answers_of(events)
    rising = {key: max(float(contributions.get(key, 0.0)), 0.0) for key in TRAITS}
    total = sum(rising.values())
    found = [
        Hypothesis(
            trait=key,
            headline=trait.label,
            headline_zh=trait.label_zh,
            contribution=float(contributions.get(key, 0.0)),
            share=rising[key] / total if total else 0.0,
            evidence=evidence.get(key, "none"),
            facts=tuple((facts or {}).get(key, ())),
            questions=() if key in answers else trait.questions,
            questions_zh=() if key in answers else trait.questions_zh,
            answer=answers.get(key, ""),
        )
        for key, trait in TRAITS.items()
        if rising[key] > 0 or key in answers
    ]
    order = {"confirmed": 0, "": 1, "unclear": 1, "refuted": 2}
    return tuple(
        sorted(
            found,
            key=lambda h: (
                order[h.answer],
                -h.contribution,
                -EVIDENCE_LEVELS.index(h.evidence),
            ),
        )
    )


def answers_of(events: Iterable[Event]) -> dict[str, str]:
    """Return the last answer on each trait."""
    return {event.trait: event.answer for event in events if isinstance(event, CauseConfirmed)}


def feedback_on_model(cases: Iterable[tuple[str, Iterable[Event]]]) -> dict[str, dict[str, int]]:
    """Return how often customers confirmed the cause that the model named first.

    Parameters
    ----------
    cases : iterable of (trait, events)
        The dominant trait that was proposed, and the case's events.

    Returns
    -------
    dict of trait to dict of answer to count
        With "unasked" where nobody asked yet.
    """
    table: dict[str, Counter[str]] = {}
    for trait, events in cases:
        answer = answers_of(events).get(trait, "unasked")
        table.setdefault(trait, Counter())[answer] += 1
    return {trait: dict(counts) for trait, counts in table.items()}
