"""What the features of the repayment capacity say."""

from delinquency.reasons.sentences.feature_family import Family, declare, headline

declare(
    Family(
        "share_paid", ("payment_ratio", "payments_to_bills", "payments_to_bills_recent"),
        low=headline("A smaller share of the bills was paid than is typical",
                     "账单还款比例低于通常"),
        high=headline("A larger share of the bills was paid than is typical",
                      "账单还款比例高于通常"),
    ),
    Family(
        "payment_to_limit", ("payment_to_limit",),
        low=headline("Payments are lower, against the limit, than is typical",
                     "还款相对额度低于通常"),
        high=headline("Payments are higher, against the limit, than is typical",
                      "还款相对额度高于通常"),
    ),
    Family(
        "payments", ("payment_log",),
        low=headline("Payments are lower than is typical", "还款额低于通常"),
    ),
    Family(
        "way_of_settling", ("settled_status",),
        labels={-2.0: ("the card was not used", "未使用"),
                -1.0: ("paid in full", "全额还清"),
                0.0: ("part carried over, or late", "部分结转或逾期")},
    ),
    Family(
        "net_repayment", ("net_repayment_to_limit",),
        high=headline("Payments less new charges are higher than is typical",
                      "还款减新增消费高于通常"),
        low=headline("Payments less new charges are lower than is typical",
                     "还款减新增消费低于通常"),
    ),
    Family(
        "income_left", ("residual_income",),
        low=headline("Less of the income is left after essentials than is typical",
                     "扣除必要支出后的结余低于通常"),
    ),
    Family(
        "savings_last", ("buffer",),
        low=headline("Savings would last a shorter time than is typical",
                     "存款可维持的时间短于通常"),
    ),
    Family(
        "days_before_due", ("days_before_due",),
        low=headline("Payments came later, against the due date, than is typical",
                     "还款相对到期日晚于通常"),
    ),
    Family(
        "full_payments", ("full_payment_months",),
        low=headline("Bills were paid in full in fewer months than is typical",
                     "全额还款的月份少于通常"),
        counter_zh="个月",
    ),
    Family(
        "minimum_payments", ("minimum_payment_months", "minimum_payer_share"),
        high=headline("About the minimum was paid more often than is typical",
                      "仅还约最低还款额的情况多于通常"),
        low=headline("About the minimum was paid less often than is typical",
                     "仅还约最低还款额的情况少于通常"),
        counter_zh="个月",
    ),
    Family(
        "unpaid_bills", ("unpaid_months",),
        high=headline("No payment was made on a bill", "有账单未还款",
                      "We received no payment for a bill", "有账单未收到还款"),
        counter_zh="个月",
    ),
    Family(
        "last_payment", ("months_since_payment",),
        high=headline("The last payment is longer ago than is typical",
                      "距上次还款的时间长于通常"),
        never_at_window=True,
    ),
    Family(
        "unsteady_payments", ("payment_variation",), kind="spread",
        noun="Payments", noun_zh="还款",
    ),
    Family(
        "payment_to_bill", ("mean_payment_to_balance", "best_payment_to_balance"),
        low=headline("Usual payments reach less of the latest bill than is typical",
                     "通常还款相对最近账单低于通常"),
    ),
    Family(
        "small_payments", ("token_payment_months",),
        high=headline("Very small payments were made", "有过极少额的还款"), counter_zh="个月",
    ),
    Family(
        "unsteady_salary", ("salary_variation",), kind="spread",
        noun="The salary", noun_zh="工资",
    ),
    Family(
        "low_savings", ("low_deposit_months",),
        high=headline("Savings were below the minimum due", "存款曾低于最低还款额"),
        counter_zh="个月",
    ),
    Family(
        "partial_payments", ("partial_payment_months",),
        high=headline("Part of the minimum due was paid", "曾仅还部分最低还款额"),
        counter_zh="个月",
    ),
    Family(
        "payday_gap", ("payday_gap",),
        high=headline("More days lie between salary and due date than is typical",
                      "发薪日与还款日的间隔长于通常"),
    ),
)  # fmt: skip
