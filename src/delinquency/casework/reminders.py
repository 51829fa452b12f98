"""H2 to H5: the approved texts by name, channel and language, filled in with an account's facts.

The words stand in ``approved_texts.yaml``, each with its version and the notices that belong to
it. A text that is filled in here is known again: ``is_approved`` compares what is about to go out
with what was approved, word by word.
"""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from difflib import SequenceMatcher
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

import yaml

from delinquency.casework.money import digits_of
from delinquency.casework.tone import tone_faults
from delinquency.errors import CaseworkError, unknown_name

NAME_OF_STEP = MappingProxyType(
    {"H1": "first_talk", "H2": "reminder", "H3": "plan_offer", "H5": "question_received"}
)
"""The text that is meant where only a step is named."""
SHORT = ("sms", "app", "phone")
"""Channels without room for notices in full: there the way out stands in the text itself."""
_PLACE = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class ApprovedText:
    """An approved text of one channel and language.

    Attributes
    ----------
    name, version : str
    step, purpose, channel, language : str
    subject, body : str
        With places in braces.
    notices : tuple of str
        Names of the notices that stand at its end.
    """

    name: str
    version: str
    step: str
    purpose: str
    channel: str
    language: str
    subject: str
    body: str
    notices: tuple[str, ...]

    @property
    def reference(self) -> str:
        """Name and version, as a message cites it: "bereavement:1"."""
        return f"{self.name}:{self.version}"


@dataclass(frozen=True)
class Text:
    """A text that is ready to go out, or to be read out.

    Attributes
    ----------
    text_id : str
        "H2.letter.zh".
    step, channel, language : str
    subject, body : str
    template : str
        Name and version of the approved text.
    purpose : str
    """

    text_id: str
    step: str
    channel: str
    language: str
    subject: str
    body: str
    template: str = ""
    purpose: str = "reminder"


@dataclass(frozen=True)
class ReminderFacts:
    """What a text may say of an account. Nothing in it names the customer.

    Attributes
    ----------
    amount : Decimal
        The payment that is open, or the instalment that is offered.
    currency : str
    due : date
        Day it was due, or the first instalment is due.
    lender : str
        Name of the lender.
    months : int
        Instalments offered, for step H3.
    total : Decimal
        Sum of the instalments, for step H3.
    reminders_stop : bool
        Whether reminders stop while the plan is kept, under the policy that decides.
    deadline : date or None
        Day until which something is answered or nothing is done.
    relief : str
        Relief that is offered, in words.

    Examples
    --------
    >>> from datetime import date
    >>> from decimal import Decimal
    >>> from delinquency import ReminderFacts
    >>> ReminderFacts(Decimal("640.00"), "CNY", date(2026, 3, 5), "Example Bank").months
    0
    """

    amount: Decimal
    currency: str
    due: date
    lender: str
    months: int = 0
    total: Decimal = Decimal(0)
    reminders_stop: bool = False
    deadline: date | None = None
    relief: str = ""


@lru_cache(maxsize=1)
def _store() -> dict[str, Any]:
    """Return the file of approved texts as it was read."""
    text = files("delinquency.casework").joinpath("approved_texts.yaml").read_text("utf-8")
    read: dict[str, Any] = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return read


@lru_cache(maxsize=1)
def approved_texts() -> MappingProxyType[tuple[str, str, str], ApprovedText]:
    """Return every approved text by (name, channel, language)."""
    out = {}
    for name, head in _store()["texts"].items():
        for channel, languages in head["words"].items():
            for language, words in languages.items():
                out[name, channel, language] = ApprovedText(
                    name=name,
                    version=str(head["version"]),
                    step=head["step"],
                    purpose=head["purpose"],
                    channel=channel,
                    language=language,
                    subject=words["subject"],
                    body=words["body"],
                    notices=tuple(head["notices"]),
                )
    return MappingProxyType(out)


def texts_known() -> tuple[tuple[str, str, str], ...]:
    """Return the texts that a step alone names, as (step, channel, language)."""
    steps = {name: step for step, name in NAME_OF_STEP.items()}
    return tuple(
        (steps[name], channel, language)
        for name, channel, language in approved_texts()
        if name in steps
    )


def text_for(step: str, channel: str, language: str, facts: ReminderFacts) -> Text:
    """Return a text for a step, or for a name of ``approved_texts``, channel and language.

    Parameters
    ----------
    step : str
        A step, or the name of a text: "H2", "bereavement".
    channel, language : str
    facts : ReminderFacts

    Returns
    -------
    Text

    Raises
    ------
    ChoiceError
        If there is no such text.
    CaseworkError
        If the filled text does not pass the tone check (a lender's name, say, may not).

    Examples
    --------
    >>> from datetime import date
    >>> from decimal import Decimal
    >>> from delinquency import ReminderFacts, text_for
    >>> facts = ReminderFacts(Decimal("640.00"), "CNY", date(2026, 3, 5), "Example Bank")
    >>> text_for("H2", "letter", "en", facts).text_id
    'H2.letter.en'
    """
    key = (NAME_OF_STEP.get(step, step), channel, language)
    known = approved_texts()
    if key not in known:
        listed = [".".join(triple) for triple in (*texts_known(), *known)]
        raise unknown_name("text", ".".join((step, channel, language)), listed)
    approved = known[key]
    words = _words(facts, language)
    subject, body = (part.format_map(words) for part in (approved.subject, approved.body))
    body += _notices(approved)
    _require_kind_words(approved, {**words, "pause": "", "relief": words["relief"]})
    return Text(
        ".".join((step, channel, language)),
        approved.step,
        channel,
        language,
        subject,
        body,
        approved.reference,
        approved.purpose,
    )


def _words(facts: ReminderFacts, language: str) -> dict[str, str]:
    """Return what is put into the places of a text."""
    digits = digits_of(facts.currency)
    pauses = {
        "en": " While you keep it, our reminders stop.",
        "zh": "协议正常履行期间，我们不再进行还款提醒。",
    }
    return {
        "amount": f"{facts.amount:,.{digits}f}",
        "total": f"{facts.total:,.{digits}f}",
        "currency": facts.currency,
        "due": _day(facts.due, language),
        "deadline": _day(facts.deadline or facts.due, language),
        "lender": facts.lender,
        "months": str(facts.months),
        "relief": facts.relief,
        "pause": pauses[language] if facts.reminders_stop else "",
    }


def _notices(approved: ApprovedText) -> str:
    """Return the notices of a written text, each a line at its end."""
    if approved.channel in SHORT or not approved.notices:
        return ""
    words = _store()["notices"]
    return "\n\n" + "\n".join(words[name][approved.language] for name in approved.notices)


def _require_kind_words(approved: ApprovedText, words: dict[str, str]) -> None:
    """Raise when what is filled in brings a threat: the approved words themselves were read."""
    for place, value in words.items():
        faults = tone_faults(value) if value else ()
        if faults:
            found = "; ".join(f"{fault.kind} {fault.words!r}" for fault in faults)
            raise CaseworkError(f"The text {approved.reference} may not go out: {place}: {found}.")


def approved_text(reference: str, channel: str, language: str) -> ApprovedText | None:
    """Return the approved text that a message cites, or None when there is none."""
    name, _, version = reference.partition(":")
    found = approved_texts().get((name, channel, language))
    return found if found is not None and version in ("", found.version) else None


def is_approved(text: str, approved: ApprovedText) -> bool:
    """Return whether a text is an approved one with its places filled in, notices included.

    Notes
    -----
    The words between the places must stand as approved, in order; a place takes at most 120
    characters and no line end, so that nothing can be written into it.
    """
    whole = " ".join((approved.body + _notices(approved)).split())
    plain = " ".join(text.split())
    at = 0
    parts = _PLACE.split(whole)
    fixed, places = parts[::2], parts[1::2]
    if not plain.startswith(fixed[0]):
        return False
    at = len(fixed[0])
    for part, place in zip(fixed[1:], places, strict=True):
        found = len(plain) if not part else plain.find(part, at)
        if part == "" and place != places[-1]:
            found = at
        most = 400 if place == "relief" else 120
        if found < 0 or found - at > most or tone_faults(plain[at:found]):
            return False
        at = found + len(part)
    return at == len(plain)


def find_approved(text: str, channel: str) -> ApprovedText | None:
    """Return the approved text that a text is, filled in, in either language; None when none."""
    return next(
        (
            approved
            for (_, way, _), approved in approved_texts().items()
            if way == channel and is_approved(text, approved)
        ),
        None,
    )


def nearest_approved(text: str, channel: str) -> tuple[ApprovedText, float] | None:
    """Return the approved text that a free text is nearest to, and how near, in [0, 1].

    Notes
    -----
    Shared words in order over all words (Ratcliff and Obershelp), for whoever reviews it.
    """
    words = _tokens(text)
    best: tuple[ApprovedText, float] | None = None
    for (_, way, _), approved in approved_texts().items():
        if way != channel:
            continue
        score = SequenceMatcher(None, words, _tokens(approved.body), autojunk=False).ratio()
        if best is None or score > best[1]:
            best = (approved, score)
    return best


@lru_cache(maxsize=4)
def _vocabulary(language: str) -> frozenset[str]:
    """Return the words, or Chinese signs, of the approved texts of a language."""
    words: set[str] = set(_store()["everyday_words"].split())
    for (_, _, tongue), approved in approved_texts().items():
        if tongue == language and approved.step in ("H1", "H2", "H3"):
            words |= set(_tokens(f"{approved.subject} {approved.body}"))
    return frozenset(words)


def words_unread(text: str) -> tuple[str, ...]:
    """Return the words of a text that no approved friendly text holds.

    Notes
    -----
    A list of bad words knows only the threats that somebody thought of. What is said in the
    words of approved texts needs no reader; anything else does.
    """
    known = _vocabulary("en") | _vocabulary("zh")
    return tuple(dict.fromkeys(word for word in _tokens(text) if word not in known))


def _tokens(text: str) -> list[str]:
    """Return the words of a text; of Chinese, the signs."""
    return re.findall(r"[\u3400-\u9fff]|[A-Za-z']+", text.lower())


def _day(day: date, language: str) -> str:
    """Return a day in the customer's language."""
    if language == "zh":
        return f"{day.year}年{day.month}月{day.day}日"
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
