"""What the features of the credit record say."""

from delinquency.reasons.sentences.feature_family import Family, declare, headline

declare(
    Family(
        "lateness",
        (
            "months_behind", "late_months", "late_months_60", "late_months_90",
            "late_months_recent", "late_streak", "late_streak_longest", "lateness_weighted",
            "months_behind_previous", "months_behind_max_earlier", "history_past_due_months",
            "history_late_months", "history_late_months_60", "history_late_share", "history_worst",
        ),
        high=headline("Payments were late", "有过逾期", "Payments reached us late",
                      "有还款晚于到期日"),
        low=headline("Payments were less late than is typical", "逾期程度低于通常"),
        noun="Lateness", noun_zh="逾期程度", counter_zh="个月",
    ),
    Family(
        "recent_lateness", ("months_since_late", "months_since_late_60"),
        low=headline("A payment was late more recently than is typical", "最近一次逾期距今较近",
                     "A payment reached us late more recently than is typical",
                     "最近一次延迟还款距今较近"),
        never_at_window=True,
    ),
    Family(
        "lateness_elsewhere", ("status_elsewhere", "late_months_elsewhere"),
        high=headline("Another lender was paid late", "在其他机构有过逾期",
                      "Another lender reported a late payment", "其他机构报送过延迟还款"),
        noun="Lateness at other lenders", noun_zh="在其他机构的逾期程度", counter_zh="个月",
    ),
    Family(
        "recent_lateness_elsewhere", ("months_since_late_elsewhere",),
        low=headline("Another lender was paid late more recently than is typical",
                     "在其他机构的逾期距今较近",
                     "Another lender reported a late payment more recently than is typical",
                     "其他机构报送的延迟还款距今较近"),
        never_at_window=True,
    ),
    Family(
        "defaults", ("defaults_on_file",),
        high=headline("A default or write-off is on file", "征信报告有违约或核销记录",
                      "Your credit report shows a default or write-off",
                      "您的征信报告有违约或核销记录"),
    ),
    Family(
        "cures", ("cures",),
        high=headline("Payments were late and caught up again", "有过逾期并已恢复正常",
                      "Payments reached us late and were caught up again",
                      "有过延迟还款并已恢复正常"),
        low=headline("Late payments were caught up less often than is typical",
                     "逾期后恢复正常的次数少于通常"),
    ),
    Family(
        "short_history", ("oldest_trade_age", "history_before_account"),
        low=headline("The credit history is shorter than is typical", "信用历史短于通常",
                     "Your credit history is shorter than is typical", "您的信用历史短于通常"),
    ),
    Family(
        "age_of_worst", ("months_since_worst",),
        low=headline("The longest delay lies less far back than is typical",
                     "最长一次逾期距今较近",
                     "The longest delay of a payment lies less far back than is typical",
                     "最长一次延迟还款距今较近"),
    ),
    Family(
        "short_statements", ("history_months",),
        low=headline("The statements go back less far than is typical", "账单历史短于通常"),
    ),
    Family(
        "new_account", ("account_age",),
        low=headline("The account is newer than is typical", "账户开立时间短于通常"),
    ),
    Family(
        "lender_contact", ("contacted_months",),
        high=headline("The lender made contact in more months than is typical",
                      "机构主动联系的月份多于通常"),
        low=headline("The lender made contact in fewer months than is typical",
                     "机构主动联系的月份少于通常"),
        counter_zh="个月",
    ),
)  # fmt: skip
