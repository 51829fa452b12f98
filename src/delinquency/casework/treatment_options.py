"""Choices for proposing treatments; the policy bounds them all."""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from delinquency.errors import ChoiceError


@dataclass
class TreatmentOptions:
    """What the lender chooses within the policy.

    Attributes
    ----------
    cut_off : float or None
        None for ``reasons.cut_off``. Probability from which an account gets a proposal, in [0, 1].
    time_zone : str
        IANA zone of customers whose own is not known; "" means that of the policy's jurisdiction
        (``case_file.home_zone``).
    contact_at : str
        Moment for which "may I contact now" is answered, ISO 8601 with zone; "" means ten
        o'clock on the day after the last observation month ends, in ``time_zone``.
    against : str
        For stage ``policy_diff``: name of the policy that the chosen one is compared with.
    plan_annual_rate, plan_fee_rate : str
        Asked during a plan, as exact decimals in text.
    plan_months_max : int
        Longest plan where the policy sets no limit.
    discount_rate : float
        Yearly, for the present value to the bank.
    keep_probability : float
        Chance that an affordable instalment is paid, each month. An assumption.
    recovery_without_plan : float
        Share recovered without any plan. An assumption.
    recovery_months : int
        When that comes in, on average. An assumption.
    contract_rate : str
        Yearly rate that the account bears without relief, as an exact decimal in text: what a
        freeze of interest gives up. An assumption.
    capacity : int
        Most items of the worklist that is written; 0: all.
    hold_out_share : float
        Share of accounts in a random hold-out, which measures what small help does. A plan or
        relief is never withheld, nor anything from who cannot pay.
    hold_out_seed : int
    """

    cut_off: float | None = None
    time_zone: str = ""
    contact_at: str = ""
    against: str = "cn_2026"
    plan_annual_rate: str = "0"
    plan_fee_rate: str = "0"
    plan_months_max: int = 60
    discount_rate: float = 0.08
    keep_probability: float = 0.985
    recovery_without_plan: float = 0.35
    recovery_months: int = 18
    contract_rate: str = "0.1825"
    capacity: int = 0
    hold_out_share: float = 0.0
    hold_out_seed: int = 0

    def __post_init__(self) -> None:
        for name in (
            "cut_off",
            "hold_out_share",
            "keep_probability",
            "recovery_without_plan",
        ):
            value = getattr(self, name)
            if value is not None and not 0.0 <= value <= 1.0:
                raise ChoiceError(f"treatment.{name} must be from 0 to 1. Got {value}.")
        for name in ("plan_annual_rate", "plan_fee_rate", "contract_rate"):
            text = getattr(self, name)
            try:
                value = Decimal(text)
            except InvalidOperation:
                value = Decimal(-1)
            if not value.is_finite() or value < 0:
                raise ChoiceError(
                    f'treatment.{name} must be a decimal >= 0 such as "0.12". Got {text!r}.'
                )
        for name in ("plan_months_max", "recovery_months"):
            if getattr(self, name) < 1:
                raise ChoiceError(f"treatment.{name} must be >= 1. Got {getattr(self, name)}.")
        if not self.discount_rate >= 0:
            raise ChoiceError(f"treatment.discount_rate must be >= 0. Got {self.discount_rate}.")
