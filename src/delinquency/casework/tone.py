"""Check the tone of outgoing texts: no threats, no moral labels, no law before its time.

The lists are narrow on purpose where a word has a harmless use, and wide where it has none; a
text that is refused can be put more kindly, a text that hurt somebody cannot be taken back.
"""

import re
import unicodedata
from dataclasses import dataclass
from types import MappingProxyType

from delinquency.casework.identifiers import find_identifiers


@dataclass(frozen=True)
class ToneFault:
    """One thing in a text that may not go out.

    Attributes
    ----------
    kind : str
        "threat", "moral label", "legal word before step 4", "pressure", "other people",
        "personal identifier", "no offer of help".
    words : str
        What was found, as it stands in the cleaned text; "" when something is missing.
    mend : str
        What to write instead.
    """

    kind: str
    words: str
    mend: str


_ENGLISH = MappingProxyType(
    {
        "threat": (
            r"or else",
            r"(?:you )?will (?:be )?regret",
            r"(?:last|final) (?:warning|chance)",
            r"(?:severe|serious|dire) consequences?",
            r"arrest(?:ed)?",
            r"\bjail",
            r"\bprison",
            r"\bpolice",
            r"criminal",
            r"(?:ruin|destroy|blacken|wreck) your",
            r"black ?list",
            r"we know where",
            r"come to your (?:home|house|work\w*|office|door)",
            r"(?:tell|inform|contact|call|notify) (?:your )?(?:boss|employer|landlord)",
            r"seize|\bgarnish",
            r"force you",
            r"you will lose",
        ),
        "moral label": (
            r"deadbeat",
            r"dishonest",
            r"irresponsib\w+",
            r"\blaz(?:y|iness)",
            r"\bliars?\b|\blying\b",
            r"\bcheat\w*",
            r"\bfraud\w*",
            r"\bshame\w*|asham\w+",
            r"disgrac\w+",
            r"\bdebt dodger\w*|\bdodg(?:e|ing)\b",
            r"bad faith|malicious\w*",
            r"untrustworthy",
            r"your fault",
            r"\bexcuses\b",
            r"careless\w*|reckless\w*",
            r"\brefuse to pay\b",
        ),
        "pressure": (
            r"immediately|at once|right now|without delay",
            r"within (?:the next )?\d+ hours?",
            r"you must pay",
            r"demand(?:s|ed)? (?:immediate )?payment|we demand",
            r"no more delay\w*",
            r"urgent\w*",
            r"act now",
            r"[!?]{2,}",
        ),
        "legal word before step 4": (
            r"\blaw ?suits?\b",
            r"\bsu(?:e|ed|ing)\b",
            r"\bcourts?\b",
            r"lawyer\w*|attorney\w*|solicitor\w*",
            r"legal (?:action|steps?|means|proceedings?|department|consequences?)",
            r"litigat\w+",
            r"\bjudg(?:e)?ments?\b",
            r"bailiff\w*",
            r"summons",
            r"prosecut\w+",
            r"enforcement (?:order|officer|action)",
        ),
        "other people": (
            r"your (?:family|wife|husband|spouse|partner|parents?|mother|father|children|son|"
            r"daughter|relatives?|friends?|neighbou?rs?|colleagues?|employer|boss|contacts)",
            r"(?:family|emergency) contact|contact list|address book",
        ),
    }
)
_CHINESE = MappingProxyType(
    {
        "threat": (
            "后果自负",
            "严重后果",
            "不堪设想",
            "最后通牒",
            "最后警告",
            "最后一次机会",
            "别怪",
            "等着瞧",
            "坐牢",
            "拘留",
            "逮捕",
            "抓你",
            "报警",
            "公安",
            "警方",
            "刑事",
            "上门催",
            "上门找",
            "黑名单",
            "曝光",
            "让你好看",
            "影响子女",
            "影响孩子",
            "查封",
            "冻结你",
            "冻结您",
        ),
        "moral label": (
            "老赖",
            "恶意",
            "无赖",
            "赖账",
            "赖帐",
            "不要脸",
            "丢人",
            "可耻",
            "羞耻",
            "骗子",
            "欺诈",
            "诈骗",
            "失信",
            "不讲信用",
            "没有信用",
            "不负责任",
            "没责任",
            "人品",
            "良心",
            "懒",
            "逃债",
            "躲债",
            "不诚信",
            "拒不还款",
            "故意拖欠",
            "找借口",
        ),
        "pressure": (
            "立即还款",
            "马上还款",
            "立刻还款",
            "立即还清",
            "限你",
            "限您",
            r"\d+小时内",
            "勒令",
            "责令",
            "催收",
            "追讨",
            "必须还",
            "赶紧",
            "最后期限",
            r"[!?]{2,}",
        ),
        "legal word before step 4": (
            "起诉",
            "诉讼",
            "法院",
            "法庭",
            "律师",
            "法务",
            "司法",
            "立案",
            "传票",
            "开庭",
            "判决",
            "强制执行",
            "仲裁",
            "法律手段",
            "法律程序",
            "法律责任",
            "支付令",
        ),
        "other people": (
            "您的家人",
            "你的家人",
            "家属",
            "父母",
            "配偶",
            "妻子",
            "丈夫",
            "子女",
            "亲友",
            "亲属",
            "朋友",
            "邻居",
            "同事",
            "单位领导",
            "您的单位",
            "你单位",
            "你的单位",
            "紧急联系人",
            "通讯录",
        ),
    }
)
_MENDS = MappingProxyType(
    {
        "threat": "Say what can be done together, not what will happen otherwise.",
        "moral label": "Name the payment, not the person.",
        "pressure": "Give the date and the ways to pay or to talk, without haste.",
        "legal word before step 4": "Legal words wait until a legal step was rightly taken.",
        "other people": "Write of the customer's own account only.",
        "personal identifier": "Leave numbers and addresses of people out of the text.",
        "no offer of help": "Ask whether there is a difficulty, and offer help.",
    }
)
_PATTERNS = MappingProxyType(
    {
        kind: re.compile("|".join((*_ENGLISH[kind], *_CHINESE[kind])), re.IGNORECASE)
        for kind in _ENGLISH
    }
)
_LEGAL = "legal word before step 4"
_HELP = re.compile(
    r"\b(?:help|support|difficult\w*|work (?:something|it) out|talk (?:it )?over)\b"
    r"|帮助|协助|困难|协商",
    re.IGNORECASE,
)
_SHOUTING = re.compile(r"\b[A-Z]{4,}(?:\s+[A-Z]{3,})+\b")
_CJK = r"[\u3400-\u9fff]"
_BETWEEN_CJK = re.compile(rf"(?<={_CJK})[\s·.\-_*|、]+(?={_CJK})")


def clean(text: str) -> str:
    """Return a text in its plainest form, so that a word cannot hide behind signs or spaces.

    Examples
    --------
    >>> clean("起 诉"), clean("ｌａｗyer")
    ('起诉', 'lawyer')
    """
    plain = unicodedata.normalize("NFKC", text)
    plain = "".join(sign for sign in plain if unicodedata.category(sign) != "Cf")
    plain = plain.replace("\u2019", "'")
    return _BETWEEN_CJK.sub("", re.sub(r"[ \t\r\f\v]+", " ", plain))


def tone_faults(
    text: str, *, legal_words_allowed: bool = False, help_needed: bool = False
) -> tuple[ToneFault, ...]:
    """Return everything in an outgoing text that may not go out, in English or Chinese.

    Parameters
    ----------
    text : str
        In either language, or both: both lists are always tried.
    legal_words_allowed : bool
        Whether a legal step was rightly taken before.
    help_needed : bool
        Whether the text must offer help, as every reminder must.

    Returns
    -------
    tuple of ToneFault

    Examples
    --------
    >>> [fault.kind for fault in tone_faults("Pay at once or we will see you in court.")]
    ['pressure', 'legal word before step 4']
    """
    plain = clean(text)
    faults = []
    for kind, pattern in _PATTERNS.items():
        if kind == _LEGAL and legal_words_allowed:
            continue
        found = {match.group().lower(): match.group() for match in pattern.finditer(plain)}
        faults += [ToneFault(kind, words, _MENDS[kind]) for words in found.values()]
    faults += [
        ToneFault("pressure", match.group(), _MENDS["pressure"])
        for match in _SHOUTING.finditer(plain)
    ]
    faults += [
        ToneFault("personal identifier", f"a {kind}", _MENDS["personal identifier"])
        for kind, _ in find_identifiers(plain)
    ]
    if help_needed and not _HELP.search(plain):
        faults.append(ToneFault("no offer of help", "", _MENDS["no offer of help"]))
    return tuple(faults)
