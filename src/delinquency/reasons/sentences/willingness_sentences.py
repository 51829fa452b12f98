"""What the features of the repayment willingness say; to the customer never as a reproach."""

from delinquency.reasons.sentences.feature_family import Family, declare, headline

NO_PAYMENT = ("We received no payment for a bill", "有账单未收到还款")
NO_MINIMUM = ("We received no minimum payment", "有月份未收到最低还款")

declare(
    Family(
        "payable_bills", ("unpaid_though_payable", "unpaid_payable_bills"),
        high=headline("No payment was made on a bill within usual means",
                      "有可承担的账单未还款", *NO_PAYMENT),
        counter_zh="期",
        customer_phrase={
            "unpaid_though_payable": ("Share of smaller bills without a payment",
                                      "较小账单中未收到还款的比例"),
            "unpaid_payable_bills": ("Smaller bills without a payment in {window}",
                                     "{window}较小账单中未收到还款的期数"),
        },
    ),
    Family(
        "late_with_low_use", ("late_with_low_use",),
        high=headline("Payments were late while little was owed", "欠款不多时有过逾期",
                      "Payments reached us late", "有还款晚于到期日"),
        counter_zh="个月",
        customer_phrase={"late_with_low_use": ("Late months with a small balance in {window}",
                                               "{window}余额较小而延迟还款的月份数")},
    ),
    Family(
        "charges_while_late", ("charges_while_late",),
        high=headline("There were new charges while payments were late", "逾期期间有新增消费",
                      "There were new charges while a payment was open",
                      "有待还款时有新增消费"),
        customer_phrase={"charges_while_late": (
            "New charges while a payment was open, against the limit",
            "有待还款时新增消费占额度比例",
        )},
    ),
    Family(
        "skips", ("skips_after_full_payment",),
        high=headline("A bill without a payment came after one paid in full",
                      "全额还款后有账单未还款", *NO_PAYMENT),
        low=headline("Fewer bills without a payment came after one paid in full than is typical",
                     "全额还款后未还款的次数少于通常"),
        customer_phrase={"skips_after_full_payment": (
            "Bills without a payment after one paid in full in {window}",
            "{window}全额还款后未收到还款的次数",
        )},
    ),
    Family(
        "bills_answered", ("bills_answered",),
        high=headline("More bills were met with a payment than is typical",
                      "有还款的账单比例高于通常"),
        low=headline("Fewer bills were met with a payment than is typical",
                     "有还款的账单比例低于通常"),
    ),
    Family(
        "charges_in_unpaid_months", ("charges_in_unpaid_months",),
        high=headline("More of the charges fell in months without a payment than is typical",
                      "未还款月份的消费占比高于通常"),
        low=headline("Fewer of the charges fell in months without a payment than is typical",
                     "未还款月份的消费占比低于通常"),
    ),
    Family(
        "minimum_within_means", ("able_unpaid_months", "able_after_debts_unpaid_months"),
        high=headline("The minimum was not paid in a month that left room for it",
                      "收支有余的月份未付最低还款", *NO_MINIMUM),
        counter_zh="个月",
        customer_phrase={
            "able_unpaid_months": (
                "Months without a minimum payment in {window}, income above outgoings",
                "{window}收支有余而未收到最低还款的月份数",
            ),
            "able_after_debts_unpaid_months": (
                "Months without a minimum payment in {window}, income above debts and outgoings",
                "{window}扣除他债后有余而未收到最低还款的月份数",
            ),
        },
    ),
    Family(
        "savings_while_unpaid", ("buffer_while_unpaid",),
        high=headline("There were savings while the minimum was not paid",
                      "未付最低还款时有存款", *NO_MINIMUM),
        customer_phrase={"buffer_while_unpaid": ("How long savings would last at that time",
                                                 "当时存款可维持的时间")},
    ),
    Family(
        "outgoings_while_late", ("discretionary_while_late",),
        high=headline("Other outgoings went on while payments were late",
                      "逾期期间有其他支出",
                      "There were other outgoings while a payment was open",
                      "有待还款时有其他支出"),
        customer_phrase={"discretionary_while_late": (
            "Other outgoings against the minimum due while a payment was open",
            "有待还款时其他支出与最低还款额之比",
        )},
    ),
    Family(
        "others_paid_first", ("selective_payment_months",),
        high=headline("Payments were late here while other lenders were paid",
                      "本账户逾期而其他机构还款正常", "Payments to this account were late",
                      "本账户有还款晚于到期日"),
        counter_zh="个月",
        customer_phrase={"selective_payment_months": (
            "Months late on this account only in {window}", "{window}仅本账户延迟还款的月份数",
        )},
    ),
    Family(
        "promises", ("promises_kept_ratio",),
        low=headline("Fewer agreed payments were made than is typical",
                     "约定还款的兑现比例低于通常",
                     "Fewer agreed payments reached us than is typical",
                     "收到的约定还款少于通常"),
        customer_phrase={"promises_kept_ratio": (
            "Share of agreed payments received, nearer to half where few were agreed",
            "收到的约定还款比例（约定较少时向一半调整）",
        )},
    ),
    Family(
        "broken_promises", ("promises_broken_recent",),
        high=headline("Agreed payments were not made", "约定的还款未按时兑现",
                      "An agreed payment has not reached us", "有约定的还款尚未收到"),
        customer_phrase={"promises_broken_recent": ("Agreed payments not received in 6 months",
                                                    "近6个月未收到的约定还款")},
    ),
    Family(
        "reached", ("right_party_rate",),
        low=headline("The customer was reached less often than is typical",
                     "联系成功的比例低于通常", "We could reach you less often than is typical",
                     "我们联系到您的比例低于通常"),
        customer_phrase={"right_party_rate": ("Share of our contacts that reached you",
                                              "我们联系到您的比例")},
    ),
    Family(
        "unanswered", ("unanswered_attempts",),
        high=headline("Contact attempts did not reach the customer", "有联系未接通",
                      "We have not been able to reach you", "我们暂时未能联系到您"),
        customer_phrase={"unanswered_attempts": ("Our attempts since we last reached you",
                                                 "上次联系到您之后的联系")},
    ),
    Family(
        "inbound_contacts", ("inbound_recent", "inbound_total"),
        low=headline("The customer was in touch less often than is typical",
                     "客户主动联系少于通常", "We heard from you less often than is typical",
                     "您主动联系我们的次数少于通常"),
        customer_phrase={
            "inbound_recent": ("Contacts from you in 6 months", "近6个月您主动联系的次数"),
            "inbound_total": ("Contacts from you in {window}", "{window}您主动联系的次数"),
        },
    ),
    Family(
        "autopay", ("autopay_share",),
        low=headline("Autopay was on in fewer months than is typical",
                     "开通自动还款的月份少于通常"),
    ),
    Family(
        "autopay_off", ("autopay_cancelled",),
        high=headline("Autopay was switched off", "自动还款已关闭"),
    ),
    Family(
        "early_lateness", ("early_default",),
        high=headline("A first payment was late", "开户初期有过逾期",
                      "One of the first payments reached us late", "开户初期有还款晚于到期日"),
    ),
)  # fmt: skip
