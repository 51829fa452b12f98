"""H2: friendly texts by step, channel and language; every one offers help and passes the tone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from types import MappingProxyType

from delinquency.casework.tone import tone_faults
from delinquency.errors import CaseworkError, unknown_name


@dataclass(frozen=True)
class Text:
    """A text that is ready to go out, or to be read out.

    Attributes
    ----------
    text_id : str
        "H2.letter.zh".
    step, channel, language : str
    subject, body : str
    """

    text_id: str
    step: str
    channel: str
    language: str
    subject: str
    body: str


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
    """

    amount: Decimal
    currency: str
    due: date
    lender: str
    months: int = 0
    total: Decimal = Decimal(0)


# A short message and an app notice can be read over a shoulder: they name no amount.
_TEXTS: Mapping[tuple[str, str, str], tuple[str, str]] = MappingProxyType(
    {
        ("H1", "phone", "en"): (
            "Opening of the call",
            "Good day, this is {lender}. May I first make sure that I am speaking with the right"
            " person? Is this a good moment? We noticed that paying may have become harder of"
            " late, and we would like to help. Has anything changed for you? Whatever you tell me"
            " is used only to find an arrangement that suits you.",
        ),
        ("H1", "phone", "zh"): (
            "通话开场",
            "您好，这里是{lender}。为保护您的信息，请允许我先核对一下身份。请问您现在方便通话吗？"
            "我们注意到您近期还款可能有些压力，想了解一下您是否遇到了困难，"
            "看看我们能提供哪些帮助。"
            "您告诉我们的情况只用于为您寻找合适的还款安排。",
        ),
        ("H2", "phone", "en"): (
            "Call",
            "Good day, this is {lender}. May I first make sure that I am speaking with the right"
            " person? A payment of {amount} {currency} was due on {due} and is still open. If"
            " it is"
            " on its way, thank you, and please disregard this call. If something has come up, is"
            " there any difficulty that we can help with? We can look at another due date, at"
            " autopay, or at instalments together.",
        ),
        ("H2", "phone", "zh"): (
            "电话提醒",
            "您好，这里是{lender}。为保护您的信息，请允许我先核对一下身份。"
            "您有一笔{amount} {currency}"
            "的款项原定于{due}还款，目前尚未入账。如您已经还款，感谢您，请忽略本次来电。"
            "如果遇到了困难，请告诉我们，我们可以一起看看调整还款日、自动还款或分期等安排。",
        ),
        ("H2", "sms", "en"): (
            "",
            "{lender}: a payment due on {due} is still open. Already paid? Thank you. If anything"
            " makes it difficult, reply HELP or call the number on your card: we are glad to"
            " help.",
        ),
        ("H2", "sms", "zh"): (
            "",
            "【{lender}】您有一笔款项原定于{due}还款，目前尚未入账。如已还款请忽略。"
            "如有困难，可回复“帮助”或拨打卡片背面的客服电话，我们愿意协助您。",
        ),
        ("H2", "app", "en"): (
            "A payment is open",
            "A payment due on {due} is still open. Details are in your account. If it is difficult"
            " at the moment, tap Help: we will look for an arrangement that suits you.",
        ),
        ("H2", "app", "zh"): (
            "还款提醒",
            "您有一笔原定于{due}的款项尚未入账，详情请在账户中查看。如目前还款有困难，"
            "请点击“帮助”，我们会与您一起寻找合适的安排。",
        ),
        ("H2", "email", "en"): (
            "Your payment of {due}: can we help?",
            "Dear customer,\n\na payment of {amount} {currency} was due on {due}, and we have not"
            " received it yet. If it is on its way, thank you, and please disregard this message."
            "\n\nSometimes things come up. If paying is difficult at present, please tell us:"
            " we can"
            " look at another due date, autopay, or instalments that fit what you have left each"
            " month. You may also ask us to explain any amount on your statement.\n\nYou reach"
            " us by"
            " replying to this message or by the number on your card.\n\nKind regards\n{lender}",
        ),
        ("H2", "email", "zh"): (
            "关于您{due}的还款：我们能帮您什么？",
            "尊敬的客户：\n\n您有一笔{amount} {currency}的款项原定于{due}还款，目前尚未入账。"
            "如您已经还款，感谢您，请忽略本邮件。\n\n如果您目前还款有困难，请告诉我们。"
            "我们可以根据您每月的实际结余，与您协商调整还款日、自动还款或分期还款。"
            "对账单中的任何一笔金额，您都可以要求我们说明。\n\n"
            "您可以直接回复本邮件，或拨打卡片背面的客服电话与我们联系。\n\n此致\n{lender}",
        ),
        ("H2", "letter", "en"): (
            "Your payment of {due}",
            "Dear customer,\n\nwe have not yet received the payment of {amount} {currency}"
            " that was"
            " due on {due}. If you have paid in the meantime, thank you, and please disregard this"
            " letter.\n\nIf something has made it difficult to pay, we would like to help. We can"
            " talk about another due date, about autopay, or about instalments that fit your"
            " means."
            " There is no charge for talking to us.\n\nPlease write to us, or call the number"
            " on your"
            " card, whenever it suits you.\n\nYours sincerely\n{lender}",
        ),
        ("H2", "letter", "zh"): (
            "关于您{due}的还款",
            "尊敬的客户：\n\n您原定于{due}归还的款项{amount} {currency}目前尚未入账。"
            "如您在此期间已经还款，感谢您，请忽略本函。\n\n"
            "如果您在还款上遇到困难，我们愿意提供帮助：可以商量调整还款日、办理自动还款，"
            "或根据您的实际情况分期还款。咨询不收取任何费用。\n\n"
            "您可以在方便的时候来信，或拨打卡片背面的客服电话。\n\n此致\n{lender}",
        ),
        ("H3", "letter", "en"): (
            "An arrangement for your account",
            "Dear customer,\n\nthank you for telling us about your situation. From it we have"
            " drawn"
            " up an offer: {months} monthly instalments of up to {amount} {currency}, the first on"
            " {due}, {total} {currency} in all. The schedule is enclosed. While you keep it, our"
            " reminders stop.\n\nThe offer is free to accept or not. If it does not fit, or if"
            " your"
            " situation changes, tell us: we will help to find another.\n\nYours"
            " sincerely\n{lender}",
        ),
        ("H3", "letter", "zh"): (
            "您的还款安排方案",
            "尊敬的客户：\n\n感谢您告知目前的情况。据此我们为您拟定了以下方案："
            "分{months}期按月还款，每期不超过{amount} {currency}，首期还款日为{due}，"
            "合计{total} {currency}，明细见附表。协议正常履行期间，我们不再进行还款提醒。\n\n"
            "是否接受由您自愿决定。如方案不合适，或情况有变化，请告诉我们，"
            "我们会协助您另行商定。\n\n"
            "此致\n{lender}",
        ),
        ("H5", "email", "en"): (
            "Your question",
            "Dear customer,\n\nthank you for your question. We have noted it and will answer by"
            " {due}. If you need documents meanwhile, such as a statement, the calculation of an"
            " amount or your plan, reply to this message and we will send them.\n\nKind regards"
            "\n{lender}",
        ),
        ("H5", "email", "zh"): (
            "关于您的咨询",
            "尊敬的客户：\n\n您的问题我们已收到并记录，将于{due}前答复您。"
            "在此期间如需对账单、金额计算说明或还款方案等资料，回复本邮件即可，我们会尽快提供。"
            "\n\n"
            "此致\n{lender}",
        ),
    }
)


def texts_known() -> tuple[tuple[str, str, str], ...]:
    """Return every text as (step, channel, language)."""
    return tuple(_TEXTS)


def text_for(step: str, channel: str, language: str, facts: ReminderFacts) -> Text:
    """Return a text for a step, channel and language.

    Parameters
    ----------
    step, channel, language : str
        A triple of ``texts_known``.
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
    """
    key = (step, channel, language)
    if key not in _TEXTS:
        known = [".".join(triple) for triple in _TEXTS]
        raise unknown_name("text", ".".join(key), known)
    words = {
        "amount": f"{facts.amount:,.2f}",
        "total": f"{facts.total:,.2f}",
        "currency": facts.currency,
        "due": _day(facts.due, language),
        "lender": facts.lender,
        "months": str(facts.months),
    }
    subject, body = (part.format_map(words) for part in _TEXTS[key])
    faults = tone_faults(f"{subject}\n{body}", help_needed=step != "H5")
    if faults:
        found = "; ".join(f"{fault.kind} {fault.words!r}" for fault in faults)
        raise CaseworkError(f"The text {'.'.join(key)} may not go out: {found}.")
    return Text(".".join(key), step, channel, language, subject, body)


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
