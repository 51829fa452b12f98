"""What a command of ``stage=case`` works with, and its answer in JSON's types."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from delinquency.casebook.case_options import CaseOptions
from delinquency.casebook.casebook import Casebook
from delinquency.casebook.moments import Moment
from delinquency.casebook.stored_cases import canonical_json
from delinquency.casework.account_facts import AccountFacts
from delinquency.casework.case_file import home_zone
from delinquency.casework.decision import Decision
from delinquency.casework.event import read_amount
from delinquency.casework.proposals import ProposalTerms
from delinquency.errors import ChoiceError, unknown_name
from delinquency.named_choices import Registry
from delinquency.policy import Policy


@dataclass(frozen=True)
class Knowledge:
    """What the commands may ask of the world outside the store.

    Attributes
    ----------
    facts_of : callable of account id
        What the data and the model say of an account, or None where nothing was made yet.
    choices : ProposalTerms
    hold_out : (float, int)
        Share of accounts in the random hold-out, and its seed.
    proposed_traits : callable
        Gives the dominant trait of each account that ``treat`` proposed for.
    """

    facts_of: Callable[[str], AccountFacts | None] = lambda account_id: None
    choices: ProposalTerms = field(default_factory=ProposalTerms)
    hold_out: tuple[float, int] = (0.0, 0)
    proposed_traits: Callable[[], Mapping[str, str]] = dict


@dataclass(frozen=True)
class CommandContext:
    """What a command works with.

    Attributes
    ----------
    options : CaseOptions
    casebook : Casebook
    now : datetime
        Moment of which is spoken, with time zone.
    clock : datetime
        Clock of the machine; in a rehearsal, the moment itself.
    knowledge : Knowledge
    """

    options: CaseOptions
    casebook: Casebook
    now: datetime
    clock: datetime
    knowledge: Knowledge

    @property
    def as_of(self) -> date:
        """The day of clearing and exports."""
        given = self.options.as_of
        return date.fromisoformat(given) if given else self.now.date()

    @property
    def policy(self) -> Policy:
        """The policy of clearing and exports."""
        policies = self.casebook.policies
        if self.options.policy not in policies:
            raise unknown_name("policy", self.options.policy, list(policies))
        return policies[self.options.policy]

    @property
    def time_zone(self) -> str:
        """Where the customer of a new case lives, as far as anybody has said."""
        return self.options.time_zone or home_zone(self.policy)

    def moment(self, *content: object) -> Moment:
        """Return who acts and when; the write is named by what it writes, unless it has a name."""
        once = self.options.once
        if not once:
            key = self.casebook.store.key
            at = self.now.isoformat()
            text = canonical_json(content)
            once = key.digest("once", self.options.do, self.options.actor, at, text)[:32]
        return Moment(self.now, self.options.actor, once, self.clock)

    def need(self, name: str) -> str:
        """Return a text among the choices that this command cannot do without."""
        return str(self._given(name))

    def need_mapping(self, name: str) -> Mapping[str, object]:
        """Return a mapping among the choices that this command cannot do without."""
        given = self._given(name)
        assert isinstance(given, Mapping)  # the choices refuse anything else
        return given

    def _given(self, name: str) -> object:
        value: object = vars(self.options)[name]
        if not value:
            raise ChoiceError(f"case.do={self.options.do} needs case.{name}=...")
        return value


Command = Callable[[CommandContext], object]
COMMANDS: Registry[Command] = Registry("case command")
"""The commands by name."""


def answer_of(decision: Decision) -> dict[str, object]:
    """Return a decision in JSON's types."""
    following = decision.next_allowed_at
    return {
        "action": decision.action,
        "allowed": decision.allowed,
        "rule": decision.rule,
        "rule_source": decision.rule_source,
        "reason": decision.reason,
        "next_allowed_at": None if following is None else following.isoformat(),
        "refusals": [
            {"rule": one.rule, "rule_source": one.rule_source, "reason": one.reason}
            for one in decision.refusals
        ],
        "flags": list(decision.flags),
    }


def require_keys(what: str, given: Mapping[str, object], known: tuple[str, ...]) -> None:
    """Raise when a mapping holds a key that nothing reads."""
    unknown = sorted(set(map(str, given)) - set(known))
    if unknown:
        raise ChoiceError(f"case.{what} has no {', '.join(unknown)}. Known: {', '.join(known)}.")


def amount_of(what: str, raw: object) -> Decimal:
    """Return an amount that was typed.

    Raises
    ------
    ChoiceError
        Naming the choice, such as ``promise.amount``.
    """
    try:
        return read_amount(str(raw))
    except ValueError as error:
        raise ChoiceError(f"case.{what}: {error}.") from None


def in_plain_types(value: object) -> object:
    """Return a record in JSON's types."""
    if isinstance(value, dict):
        return {key: in_plain_types(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [in_plain_types(one) for one in value]
    if isinstance(value, datetime | date):
        return value.isoformat()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return str(value)
