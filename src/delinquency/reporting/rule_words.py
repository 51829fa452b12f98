"""The rules of a policy in Chinese, as a card says them beside a refusal."""

import re
from collections.abc import Mapping

RULES_ZH: Mapping[str, str] = {
    "order.help_first": "先提供帮助，后采取其他措施",
    "charges.stopped_by": "在此期间停止收取滞纳金和利息的情形",
    "contact.hours": "不在可以联系的时段内（客户所在时区）",
    "contact.hours_by_agreement": "客户同意时是否可在其他时段联系",
    "contact.holidays_allowed": "公共假日不联系",
    "contact.conversations_per_day_max": "每日通话次数上限",
    "contact.calls_per_7_days_max": "七天内拨打次数上限（无论是否接通）",
    "contact.dials_per_number_per_day_max": "每日对同一号码未接通拨打次数上限",
    "contact.messages_per_day_max": "每日书面信息条数上限",
    "contact.messages_per_7_days_max": "七天内书面信息条数上限",
    "contact.cool_off_after_conversation_days": "通话后停止致电和上门的天数",
    "contact.cool_off_after_heated_days": "激烈通话后停止致电和上门的天数",
    "contact.third_party": "不联系客户以外的人（仅为恢复联系时除外）",
    "contact.lost_contact_dials": "视为失联所需的未接通次数",
    "contact.lost_contact_days": "视为失联所需的拨打天数",
    "contact.channels": "可以使用的联系渠道",
    "contact.consent_channels": "需要客户同意的联系渠道",
    "contact.visit_staff_min": "上门人员的最少人数",
    "contact.reminders_stopped_by": "在此期间停止提醒和提出方案的情形",
    "contact.third_party_kinds": "可以询问的第三人",
    "contact.third_party_calls_max": "对同一第三人致电次数上限",
    "contact.work_allowed": "不在工作单位联系客户",
    "contact.recording_retention_days": "联系记录的保存期限",
    "plan.months_max": "方案的最长期限",
    "plan.annual_rate_max": "方案期间的最高年利率",
    "plan.fee_rate_max": "方案手续费占余额的上限",
    "plan.affordability_share": "每期还款占结余收入的上限",
    "plan.requires": "个性化分期的条件：欠款超出还款能力且有还款意愿",
    "plan.contents": "书面方案应载明的内容",
    "plan.stops_collection": "方案履行期间是否停止提醒和催收",
    "plan.extension_months_max": "整笔欠款展期的最长月数",
    "plan.due_date_move_days_max": "还款日调整的最多天数",
    "plan.hardship_reduction_max": "困难期间减轻还款的最大幅度",
    "plan.hardship_months_max": "困难期间减轻还款的最长月数",
    "plan.broken_after_missed": "连续几期未还视为方案中断",
    "plan.stops_charges": "方案履行期间是否停收滞纳金和逾期利息",
    "plan.cost_statement": "方案是否附全部费用说明",
    "plan.holiday_months_max": "免还款期的最长月数",
    "plan.freeze_months_max": "停收息费的最长月数",
    "plan.settlement_share_min": "部分结清所要求的最低余额占比",
    "legal.days_past_due_min": "采取法律手段前的最少逾期天数",
    "legal.contacts_min": "采取法律手段前有记录的联系次数",
    "legal.contact_gap_days_min": "计入的联系之间的最少间隔天数",
    "legal.plan_refused_or_broken": "须先提出方案且被拒绝或中断",
    "legal.willingness_evidence_min": "客户有能力而不还款所需的证据程度",
    "legal.blocked_by": "在此期间不得采取法律手段的情形",
    "legal.sign_off_required": "须经法务部门签字",
    "legal.human_reason_required": "须由人员记录理由",
    "legal.reason_words_min": "人员所记理由的最少字数",
    "legal.prior_notice_days": "书面通知至法律手段的最少天数",
    "legal.time_barred_years": "诉讼时效的年数",
    "legal.transfer_blocked_by": "在此期间不得转让债权的情形",
    "communication.holidays": "公共假日：非工作日，通常也不联系",
}
"""Rules that can refuse an action or a contact; each says what the policy settles."""


def rule_zh(key: str) -> str:
    """Return a rule in Chinese, by its key where it has no words."""
    return RULES_ZH.get(key, f"规则{key}")


ORIGINS_ZH: Mapping[str, str] = {
    "Our rule, not law": "本项目规则，非法律",
    "The law": "法律",
    "A standard": "标准",
    "An industry guideline": "行业指引",
    "A line of the courts": "司法口径",
    "The article, not law": "来源文章，非法律",
    "The contract": "合同",
}
"""``policy.rule.ORIGINS`` in Chinese."""
SOURCES_ZH: Mapping[str, str] = {
    "The source article's own rules": "来源文章所列规则",
    "Source article, step 2 and caution (iii): friendly, patient, no threats":
        "来源文章第二步及注意事项三：友善、耐心、不威胁",
    "Source article, caution (ii): no leaks of personal information":
        "来源文章注意事项二：不泄露个人信息",
    "Source article, step 2 and new rules, last point: ask, and offer help":
        "来源文章第二步及新规最后一点：先询问，并提供帮助",
    "Source article, steps 1 to 5: help comes before legal means":
        "来源文章第一至五步：先帮助，后法律手段",
    "what a case is about ends with it": "个案所涉事项随个案终结",
    "people are left in peace while something else comes first": "有其他事项优先时不打扰客户",
    "money limits rest on what the case says, never on a claim":
        "金额上限以个案记载为准，不以主张为准",
}  # fmt: skip
"""Sources that are sentences of ours. A law is cited as it is printed, in its own words."""
_CITED = re.compile(
    r"^(?P<origin>[^:]+): (?P<source>.*?)(?: \[(?P<verified>(?:not )?verified)\])?$"
)
_DESIGN = re.compile(r"^Design of this project \((\d{4}-\d{2}-\d{2})\)(.*)$")
REASONS_ZH: Mapping[str, str] = {
    r"(\d+) days? of rest after a conversation\.": r"一次通话后停止致电和上门\1天。",
    r"(\d+) days? of rest after a heated conversation\.": r"一次激烈通话后停止致电和上门\1天。",
    r"(\d+) of (\d+) conversations were held on (\S+)\.": r"\3已通话\1次，上限\2次。",
    r"(\d+) of (\d+) calls were made in seven days\.": r"七天内已拨打\1次，上限\2次。",
    r"(\d+) of (\d+) dials of this number went unanswered on (\S+)\.":
        r"\3拨打该号码未接通\1次，上限\2次。",
    r"(\d+) of (\d+) messages were sent on (\S+)\.": r"\3已发信息\1条，上限\2条。",
    r"(\d+) of (\d+) messages were sent in seven days\.": r"七天内已发信息\1条，上限\2条。",
    r"(\S+) is a public holiday\.": r"\1为公共假日。",
    r"The customer asked not to be contacted; only required notices go by letter\.":
        "客户要求不再联系；仅以信函发送必要通知。",
}  # fmt: skip
"""What the rules of contact say, in Chinese: the same numbers and days."""
_HOURS = re.compile(r"^It is (\S+) for the customer \((.*)\); contact is allowed (\S+)-(\S+)\.$")


def source_zh(cited: str) -> str:
    """Return where a rule comes from in Chinese; the title of a law stays as it is cited.

    Examples
    --------
    >>> source_zh("Our rule, not law: Design of this project (2026-11-24) [not verified]")
    '本项目规则，非法律：本项目设计（2026-11-24）[未核实]'
    """
    if cited in SOURCES_ZH:
        return SOURCES_ZH[cited]
    parts = _CITED.match(cited)
    if parts is None or parts["origin"] not in ORIGINS_ZH:
        design = _DESIGN.match(cited)
        return f"本项目设计（{design[1]}）" if design else cited
    source = SOURCES_ZH.get(parts["source"], parts["source"])
    design = _DESIGN.match(source)
    if design and not design[2]:
        source = f"本项目设计（{design[1]}）"
    verified = {"verified": "[已核实]", "not verified": "[未核实]", None: ""}[parts["verified"]]
    return f"{ORIGINS_ZH[parts['origin']]}：{source}{verified}"


def reason_words(rule: str, reason: str) -> tuple[str, str]:
    """Return why a customer was not to be contacted when that was checked, in both languages.

    Parameters
    ----------
    rule : str
        Key of the rule that refuses.
    reason : str
        What the rule said at that moment. Hours are told as those of the check, since a page is
        read later; of a reason without Chinese words the Chinese names the rule.

    Examples
    --------
    >>> reason_words("contact.hours", "It is 04:00 for the customer (Asia/Shanghai); "
    ...     "contact is allowed 08:00-22:00.")[0]
    'When this was checked it was 04:00 for the customer (Asia/Shanghai); contact is allowed 08:00-22:00.'
    """  # noqa: E501
    hours = _HOURS.match(reason)
    if hours:
        now, zone, start, end = hours.groups()
        return (
            f"When this was checked it was {now} for the customer ({zone}); contact is allowed "
            f"{start}-{end}.",
            f"核查时客户当地时间（{zone}）为{now}；允许联系的时段为{start}-{end}。",
        )
    for form, chinese in REASONS_ZH.items():
        found = re.fullmatch(form, reason)
        if found:
            return reason, found.expand(chinese)
    return reason, f"{rule_zh(rule)}（规则 {rule}）。"
