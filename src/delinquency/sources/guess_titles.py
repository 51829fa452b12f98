"""Titles in English and Chinese, made from the words of columns' names: for drafts only."""

import re

from delinquency.sources.name_words import quoted, words_of

WORDS: dict[str, tuple[str, str]] = {
    "account": ("account", "账户"), "accounts": ("accounts", "账户"), "acct": ("account", "账户"),
    "age": ("age", "年龄"), "amount": ("amount", "金额"), "amt": ("amount", "金额"),
    "annual": ("annual", "年"), "application": ("application", "申请"),
    "applications": ("applications", "申请"), "arrears": ("arrears", "欠款"),
    "average": ("average", "平均"), "avg": ("average", "平均"), "bal": ("balance", "余额"),
    "balance": ("balance", "余额"), "bank": ("bank", "银行"),
    "bankruptcies": ("bankruptcies", "破产"), "bankruptcy": ("bankruptcy", "破产"),
    "bill": ("bill", "账单"), "bureau": ("bureau", "征信"), "car": ("car", "汽车"),
    "card": ("card", "信用卡"), "cards": ("cards", "信用卡"), "cash": ("cash", "现金"),
    "children": ("children", "子女"), "credit": ("credit", "信用"),
    "current": ("current", "当前"), "debt": ("debt", "债务"), "default": ("default", "违约"),
    "defaults": ("defaults", "违约"), "delinq": ("delinquencies", "逾期"),
    "delinquencies": ("delinquencies", "逾期"), "delinquency": ("delinquency", "逾期"),
    "delq": ("delinquencies", "逾期"), "dependents": ("dependents", "受抚养人"),
    "deposit": ("deposit", "存款"), "dpd": ("days past due", "逾期天数"), "due": ("due", "应还"),
    "education": ("education", "教育程度"), "emp": ("employment", "就业"),
    "employment": ("employment", "就业"), "enquiries": ("enquiries", "征信查询"),
    "expenses": ("expenses", "支出"), "fee": ("fee", "费用"), "fees": ("fees", "费用"),
    "grade": ("grade", "等级"), "home": ("home", "住房"), "house": ("house", "房屋"),
    "housing": ("housing", "住房"), "income": ("income", "收入"),
    "inq": ("enquiries", "征信查询"), "inquiries": ("enquiries", "征信查询"),
    "instalment": ("instalment", "分期"), "installment": ("instalment", "分期"),
    "insurance": ("insurance", "保险"), "interest": ("interest", "利息"), "job": ("job", "职业"),
    "late": ("late", "逾期"), "last": ("last", "上次"), "length": ("length", "时长"),
    "limit": ("limit", "额度"), "loan": ("loan", "贷款"), "loans": ("loans", "贷款"),
    "max": ("highest", "最高"), "maximum": ("highest", "最高"), "mean": ("average", "平均"),
    "min": ("lowest", "最低"), "minimum": ("minimum", "最低"), "missed": ("missed", "未按时"),
    "monthly": ("monthly", "每月"), "mortgage": ("mortgage", "房贷"), "net": ("net", "净"),
    "occupation": ("occupation", "职业"), "oldest": ("oldest", "最早"),
    "open": ("open", "未结清"), "outstanding": ("outstanding", "未偿"),
    "overdue": ("overdue", "逾期"), "payment": ("payment", "还款"),
    "payments": ("payments", "还款"), "percent": ("percent", "百分比"),
    "pct": ("percent", "百分比"), "product": ("product", "产品"),
    "property": ("property", "房产"), "purchase": ("purchase", "消费"),
    "purchases": ("purchases", "消费"), "purpose": ("purpose", "用途"), "rate": ("rate", "利率"),
    "ratio": ("ratio", "比率"), "recent": ("recent", "近期"), "rent": ("rent", "租金"),
    "revolving": ("revolving", "循环"), "salary": ("salary", "工资"),
    "savings": ("savings", "储蓄"), "score": ("score", "评分"), "spend": ("spending", "支出"),
    "spending": ("spending", "支出"), "status": ("status", "状态"), "tenure": ("tenure", "时长"),
    "term": ("term", "期限"), "total": ("total", "总"), "util": ("utilization", "使用率"),
    "utilization": ("utilization", "使用率"), "utilisation": ("utilization", "使用率"),
    "wage": ("wage", "工资"), "worst": ("worst", "最差"),
}  # fmt: skip
"""Word of a name -> how it stands in a title, in English and in Chinese."""
EVENTS = {"逾期", "违约", "征信查询", "申请", "破产", "还款", "消费"}
"""What is counted by times; other things are counted by number."""
COUNT = ("num", "number", "cnt", "count", "no", "n")
UNITS = {"m": ("months", "个月"), "mo": ("months", "个月"), "mths": ("months", "个月"),
         "months": ("months", "个月"), "d": ("days", "天"), "days": ("days", "天"),
         "y": ("years", "年"), "yrs": ("years", "年"), "years": ("years", "年")}  # fmt: skip
COUNTED_IN = {"months": "月数", "days": "天数", "years": "年数", "mths": "月数"}


def titles_of(name: str) -> tuple[str, str]:
    """Return titles for a column in English and Chinese; "" in Chinese where a word is unknown.

    Examples
    --------
    >>> titles_of("credit_limit")
    ('Credit limit', '信用额度')
    >>> titles_of("MonthsSinceLastDelq")
    ('Months since last delinquencies', '距上次逾期的月数')
    """
    if re.search(r"[\u4e00-\u9fff]", name):
        return name, name
    words = words_of(name)
    span_en, span_zh, words = _span(words)
    counted = bool(words) and words[0] in COUNT and len(words) > 1
    rest = [word for word in (words[1:] if counted else words) if word != "of"]
    english = " ".join(WORDS.get(word, (word, ""))[0] for word in rest)
    english = f"number of {english}" if counted else english
    title = f"{english} {span_en}".strip()
    chinese = _chinese(rest, counted=counted)
    return title[:1].upper() + title[1:], f"{chinese}{span_zh}" if chinese else ""


def title_keys(name: str) -> str:
    """Return the keys of a column's entry in a draft that title it.

    Examples
    --------
    >>> title_keys("monthly_income")
    "title: Monthly income, title_zh: '每月收入'"
    """
    english, chinese = titles_of(name)
    return f"title: {quoted(english)}" + (f", title_zh: {quoted(chinese)}" if chinese else "")


def _span(words: list[str]) -> tuple[str, str, list[str]]:
    """Return a span of time at the end of a name, such as 12 months, and the words before it."""
    for k in range(len(words) - 1):
        if words[k].isdigit() and words[k + 1] in UNITS and k + 2 == len(words) and k:
            english, chinese = UNITS[words[k + 1]]
            return f"{words[k]} {english}", f"（{words[k]}{chinese}）", words[:k]
    return "", "", words


def _chinese(words: list[str], *, counted: bool) -> str:
    """Return the words in Chinese; "" where one is unknown."""
    if len(words) > 2 and words[0] in COUNTED_IN and words[1] == "since":
        after = _chinese(words[2:], counted=False)
        return f"距{after}的{COUNTED_IN[words[0]]}" if after else ""
    known = [WORDS[word][1] for word in words if word in WORDS]
    if not words or len(known) < len(words):
        return ""
    return "".join(known) + ("次数" if known[-1] in EVENTS else "数量") * counted
