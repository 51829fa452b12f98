"""The six traits of customers who fall behind: the only place that lists them.

The source article names six traits that are common, and adds that nobody need have all of
them. Everything else in the project that speaks of traits is derived from ``TRAITS``.
"""

from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Trait:
    """One trait of the source article.

    Attributes
    ----------
    key : str
        Name in code, columns and configuration.
    number : str
        Requirement id, T1 to T6.
    label, label_zh : str
        Name of the trait, which says nothing of the side: what is high or low, good or bad, is
        said by the fact's own family (``reasons.sentences``).
    short, short_zh : str
        One or two words, for plots and tables.
    source_words : str
        What the source article says, translated.
    questions, questions_zh : tuple of str
        What the account manager asks first, to confirm or refute the cause.
    treatments : tuple of str
        Names of treatments in order of preference.
    sources : tuple of tuple of str
        Tables that carry the evidence, best first: with all of ``sources[0]`` the evidence is
        strong, with all of ``sources[1]`` partial, otherwise weak.
    """

    key: str
    number: str
    label: str
    label_zh: str
    short: str
    short_zh: str
    source_words: str
    questions: tuple[str, ...]
    questions_zh: tuple[str, ...]
    treatments: tuple[str, ...]
    sources: tuple[tuple[str, ...], tuple[str, ...]]


ECONOMIC_CONDITION = Trait(
    key="economic_condition",
    number="T1",
    label="Economic condition",
    label_zh="经济状况",
    short="Economy",
    short_zh="经济状况",
    source_words="Poor economic condition: unemployment, financial difficulty or other pressure.",
    questions=(
        "Has your work or income changed in the last months?",
        "Do you expect your income to recover, and when?",
        "Has there been an illness, a loss or another large unforeseen cost?",
    ),
    questions_zh=(
        "最近几个月您的工作或收入有变化吗？",
        "您预计收入何时能够恢复？",
        "近期是否有疾病、损失或其他意外的大额支出？",
    ),
    treatments=("instalments", "extension", "hardship_reduction"),
    sources=(("statements", "cashflows"), ("cashflows",)),
)
CREDIT_RECORD = Trait(
    key="credit_record",
    number="T2",
    label="Credit record",
    label_zh="信用记录",
    short="Record",
    short_zh="信用记录",
    source_words="Bad credit record: past late repayment and default make more of it likely.",
    questions=(
        "What made the earlier payments late?",
        "Would a reminder, autopay or another due date help you to pay on time?",
    ),
    questions_zh=(
        "之前几次还款延迟的原因是什么？",
        "提前提醒、自动还款或调整还款日是否对您有帮助？",
    ),
    treatments=("autopay", "due_date_move", "instalments"),
    sources=(("statements",), ("bureau",)),
)
DEBT_BURDEN = Trait(
    key="debt_burden",
    number="T3",
    label="Debt burden",
    label_zh="负债状况",
    short="Debt",
    short_zh="负债",
    source_words="Heavily indebted: several debts whose total cannot be serviced at once.",
    questions=(
        "Which other debts do you pay each month, and how much?",
        "Which bills must be paid first?",
        "Have you taken new credit to pay existing debts?",
    ),
    questions_zh=(
        "您每月还需偿还哪些其他债务？金额是多少？",
        "哪些账单必须优先支付？",
        "您是否借新债来偿还旧债？",
    ),
    treatments=("consolidation", "instalments", "voluntary_limit"),
    sources=(("statements", "bureau"), ("statements",)),
)
REPAYMENT_CAPACITY = Trait(
    key="repayment_capacity",
    number="T4",
    label="Repayment capacity",
    label_zh="还款能力",
    short="Ability",
    short_zh="还款能力",
    source_words="Lack of repayment ability although willing: unstable income, high outgoings.",
    questions=(
        "How much is left each month after rent, food and other essentials?",
        "Is your income the same every month?",
        "What monthly payment could you keep up?",
    ),
    questions_zh=(
        "扣除房租、饮食等必要支出后，每月还剩多少？",
        "您每月的收入是否稳定？",
        "您每月能够持续承担的还款金额是多少？",
    ),
    treatments=("instalments", "extension", "due_date_move", "hardship_reduction"),
    sources=(("statements", "cashflows"), ("statements",)),
)
REPAYMENT_WILLINGNESS = Trait(
    key="repayment_willingness",
    number="T5",
    label="Willingness signals",
    label_zh="还款意愿信号",
    short="Willingness",
    short_zh="还款意愿",
    source_words="Lack of willingness: dissatisfaction with the lender, distrust, evasion.",
    questions=(
        "Is there anything about the account or our service that you disagree with?",
        "How and when would you like us to contact you?",
    ),
    questions_zh=(
        "您对账户或我们的服务是否有异议？",
        "您希望我们以何种方式、在什么时间联系您？",
    ),
    treatments=("grievance_resolution", "autopay", "written_terms"),
    sources=(("statements", "cashflows", "bureau", "contacts"), ("statements", "cashflows")),
)
SPENDING_BEHAVIOR = Trait(
    key="spending_behavior",
    number="T6",
    label="Spending pattern",
    label_zh="消费行为",
    short="Spending",
    short_zh="消费行为",
    source_words="Irrational consumption: promotions, high-value goods bought on credit.",
    questions=(
        "Were there larger purchases than usual, and are more planned?",
        "Would a lower limit or fewer promotions be of help to you?",
    ),
    questions_zh=(
        "近期是否有比平时更大的消费？之后还有计划吗？",
        "降低额度或减少促销信息对您是否有帮助？",
    ),
    treatments=("voluntary_limit", "promotion_opt_out", "instalments"),
    sources=(("statements", "transactions"), ("transactions",)),
)

TRAITS = MappingProxyType(
    {
        trait.key: trait
        for trait in (
            ECONOMIC_CONDITION,
            CREDIT_RECORD,
            DEBT_BURDEN,
            REPAYMENT_CAPACITY,
            REPAYMENT_WILLINGNESS,
            SPENDING_BEHAVIOR,
        )
    }
)
"""The six traits by key, in the order of the source article."""

EVIDENCE_LEVELS = ("none", "weak", "partial", "strong")
"""How well the data support a trait's value, worst first."""
