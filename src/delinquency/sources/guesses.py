"""Guess from a column's name what it may mean: for drafts and error texts, never for use.

A guess saves typing; its reader confirms or changes it. Nothing in the project acts on one.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from delinquency.sources.guess_titles import title_keys
from delinquency.sources.name_words import quoted, words_of
from delinquency.traits import TRAITS

CHINESE_PROTECTED = {
    "age": ("年龄", "出生", "生日"),
    "sex": ("性别",),
    "marital_status": ("婚姻", "配偶"),
    "ethnicity": ("民族", "种族"),
    "nationality": ("国籍", "户籍"),
    "religion": ("宗教",),
    "disability": ("残疾",),
}
PROTECTED = {
    "age": ("age", "birth", "dob", "birthday", "birthdate", "yob"),
    "sex": ("sex", "gender", "female", "male", "sexo", "sexe", "genero"),
    "marital_status": ("marriage", "marital", "married", "spouse", "divorced", "widowed", "civil"),
    "ethnicity": ("race", "ethnic", "ethnicity", "caste", "tribe", "skin", "minority"),
    "nationality": (
        "nationality",
        "citizen",
        "citizenship",
        "foreign",
        "foreigner",
        "immigrant",
        "birthplace",
        "hukou",
    ),
    "religion": ("religion", "religious", "faith", "church"),
    "disability": ("disability", "disabled", "handicap"),
    "pregnancy": ("pregnant", "pregnancy"),
    "orientation": ("orientation",),
    "politics": ("political", "party"),
    "language": ("language", "tongue"),
    "region": ("zip", "zipcode", "postcode", "postal", "neighborhood", "neighbourhood"),
}
"""Protected attribute -> whole words that speak of it."""
RUN_TOGETHER_PROTECTED = (
    ("birthplace", "nationality"), ("birth", "age"), ("gender", "sex"), ("geschlecht", "sex"),
    ("marital", "marital_status"), ("familienstand", "marital_status"), ("ethnic", "ethnicity"),
    ("religio", "religion"), ("nationality", "nationality"), ("nacionalidad", "nationality"),
    ("citizen", "nationality"), ("disabilit", "disability"), ("pregnan", "pregnancy"),
    ("postcode", "region"), ("zipcode", "region"),
)  # fmt: skip
"""Marks that tell an attribute also within a name whose words run together."""
NOT_A_PERSONS_AGE = ("account", "oldest", "trade", "loan", "car", "vehicle", "file", "average")

TRAIT_WORDS: tuple[tuple[str, int, tuple[str, ...]], ...] = (
    ("credit_record", -1, ("since", "recent delq", "never delq", "satisfactory", "score")),
    ("credit_record", -1, ("never delinq", "never late", "on time", "paid on time", "no delinq")),
    ("credit_record", -1, ("risk estimate", "oldest", "in file", "length of history")),
    ("credit_record", 1, ("delinq", "delq", "past due", "dpd", "late", "overdue", "derog")),
    ("credit_record", 1, ("default", "bankrupt", "worst", "arrears", "write off", "days late")),
    ("credit_record", 1, ("public rec", "status", "pay 0", "pay 1", "pay 2", "pay 3", "pay 4")),
    ("credit_record", 1, ("pay 5", "pay 6")),
    ("repayment_willingness", 1, ("promise", "broken", "contact", "complaint", "refus")),
    ("repayment_willingness", -1, ("autopay", "kept")),
    ("spending_behavior", 1, ("spend", "purchase", "cash adv", "promo", "luxury", "gambl")),
    ("repayment_capacity", -1, ("paid", "pay amt", "payment", "saving", "deposit", "residual")),
    ("repayment_capacity", -1, ("afford", "surplus", "cover")),
    ("repayment_capacity", 1, ("expens", "outgoing", "dependent", "dependant")),
    ("debt_burden", 1, ("debt", "dti", "utili", "burden", "balance", "owed", "inq", "enquir")),
    ("debt_burden", 0, ("bill", "loan", "credit line", "open trade", "instal", "install")),
    ("debt_burden", 0, ("lines", "revolving", "trade", "amount")),
    ("debt_burden", -1, ("limit",)),
    ("economic_condition", -1, ("income", "salary", "wage", "employ", "job", "tenure", "asset")),
    ("economic_condition", -1, ("occupation", "education", "housing", "home", "property")),
    ("economic_condition", 1, ("unemploy",)),
)
"""Trait, direction, and the word starts that speak of them; the first match wins."""
LABEL_WORDS = ("default", "bad", "target", "label", "y", "delinquent", "dlq", "outcome", "repaid",
               "nondefault", "performing", "good")  # fmt: skip
LABEL_WHOLE = ("riskperformance", "seriousdlqin2yrs")
RUN_TOGETHER = 10
"""Letters from which a name may be several words without a mark between them."""
QUESTION = "'???'"
"""A value that the configuration refuses until it is filled in."""
ACCOUNT_WORDS = ("id", "account", "acct", "nbr", "seq", "key", "no", "number", "index", "unnamed",
                 "rownames", "rownum", "row", "rowid")  # fmt: skip


@dataclass(frozen=True)
class Guess:
    """What a column's name suggests.

    Attributes
    ----------
    trait : str
        Key of a trait; the nearest there is when nothing matched.
    direction : int
    because : str
        The word that suggested it; empty when nothing did.
    """

    trait: str
    direction: int
    because: str


def guess_trait(name: str) -> Guess:
    """Return the trait and direction that a column's name suggests.

    Examples
    --------
    >>> guess_trait("MonthlyIncome")
    Guess(trait='economic_condition', direction=-1, because='income')
    >>> guess_trait("x17")
    Guess(trait='', direction=0, because='')
    >>> guess_trait("NETFRACTIONREVOLVINGBURDEN")  # words run together: looked for anywhere
    Guess(trait='debt_burden', direction=1, because='burden')
    """
    text = " " + " ".join(words_of(name))
    for trait, direction, starts in TRAIT_WORDS:
        for start in starts:
            if f" {start}" in text:
                return Guess(trait, direction, start)
    together = "".join(words_of(name))
    if len(together) < RUN_TOGETHER:
        return Guess("", 0, "")
    for trait, direction, starts in TRAIT_WORDS:
        for start in starts:
            if start.replace(" ", "") in together:
                return Guess(trait, direction, start)
    return Guess("", 0, "")


def guess_protected(name: str) -> str:
    """Return the protected attribute that a column's name suggests, or ""."""
    for attribute, marks in CHINESE_PROTECTED.items():
        if any(mark in name for mark in marks):
            return attribute
    words = words_of(name)
    if {"family", "status"} <= set(words) or {"personal", "status"} <= set(words):
        return "marital_status"
    for attribute, marks in PROTECTED.items():
        if not set(words) & set(marks):
            continue
        if attribute == "age" and set(words) & set(NOT_A_PERSONS_AGE):
            continue
        return attribute
    together = "".join(words)
    return next((told for mark, told in RUN_TOGETHER_PROTECTED if mark in together), "")


def guess_label(names: list[str], binary: list[str]) -> str:
    """Return the column that may be the label: a named one, else the only binary one, else "".

    Parameters
    ----------
    names : list of str
        All columns.
    binary : list of str
        Those with exactly two values.
    """
    for name in names:
        if "".join(words_of(name)) in LABEL_WHOLE:
            return name
    named = [name for name in binary if set(words_of(name)) & set(LABEL_WORDS)]
    if named:
        return named[-1]
    return binary[0] if len(binary) == 1 else ""


def is_account_name(name: str) -> bool:
    """Return whether a column's name speaks of an account or row number."""
    words = words_of(name)
    return not words or words[-1] in ACCOUNT_WORDS or words[0] in ("id", "unnamed", "index")


def column_lines(
    names: list[str],
    *,
    extras: Mapping[str, str] | None = None,
    doubts: Mapping[str, str] | None = None,
) -> str:
    """Return YAML lines that give each column a role, to paste and to confirm.

    Parameters
    ----------
    names : list of str
    extras : mapping of str to str, optional
        Column -> further keys of its entry.
    doubts : mapping of str to str, optional
        Column -> what speaks against the guess.

    Notes
    -----
    A protected attribute is proposed as such; a column whose name says nothing gets ``trait:
    ???``, which the configuration refuses until it is filled in.
    """
    protected = {name: attribute for name in names if (attribute := guess_protected(name))}
    lines = ["columns:"] if len(protected) < len(names) else []
    for name in names:
        if name in protected:
            continue
        guess = guess_trait(name)
        entry = f"trait: {guess.trait or QUESTION}, direction: {guess.direction}"
        entry += f", {title_keys(name)}"
        entry += f", {extras[name]}" if extras and name in extras else ""
        note = f"guessed from {guess.because!r}" if guess.because else _choose()
        note += f"; {doubts[name]}" if doubts and name in doubts else ""
        lines.append(f"  {quoted(name)}: {{{entry}}}  # {note}")
    if protected:
        lines.append("protected:")
        given: dict[str, int] = {}
        for name, attribute in protected.items():
            given[attribute] = given.get(attribute, 0) + 1
            key = attribute if given[attribute] == 1 else f"{attribute}_{given[attribute]}"
            lines.append(f"  {key}: {quoted(name)}")
    return "\n".join(lines)


def _choose() -> str:
    return f"choose one of {', '.join(TRAITS)}"
