"""What the features of the debt burden say."""

from delinquency.reasons.sentences.feature_family import Family, declare, headline

declare(
    Family(
        "balance", ("balance_log",),
        high=headline("The balance is higher than is typical", "账单余额高于通常"),
        low=headline("The balance is lower than is typical", "账单余额低于通常"),
        noun="The balance", noun_zh="账单余额",
    ),
    Family(
        "balance_growth", ("balance_growth",), kind="change",
        noun="The balance", noun_zh="账单余额",
    ),
    Family(
        "balance_to_mean", ("balance_to_mean",),
        high=headline("The latest balance is higher, against its average, than is typical",
                      "最近余额相对平均值高于通常"),
        low=headline("The latest balance is lower, against its average, than is typical",
                     "最近余额相对平均值低于通常"),
    ),
    Family(
        "unpaid_balance", ("unpaid_log",),
        high=headline("More of the bill is left unpaid than is typical", "未还余额高于通常"),
        low=headline("Less of the bill is left unpaid than is typical", "未还余额低于通常"),
        noun="The balance left unpaid", noun_zh="未还余额",
    ),
    Family(
        "debt_service", ("debt_service_to_stated_income",),
        high=headline("Instalments take more of the income stated than is typical",
                      "应还款占申报收入的比例高于通常"),
    ),
    Family(
        "debt_to_income", ("debt_to_stated_income", "balance_to_stated_income"),
        high=headline("Debt is higher, against the income stated, than is typical",
                      "负债相对申报收入高于通常"),
    ),
    Family(
        "debt_growth", ("debt_growth_to_stated_income",), kind="change",
        noun="Debt", noun_zh="总负债",
    ),
    Family(
        "debt_elsewhere", ("debt_elsewhere_log",),
        high=headline("Balances at other lenders are higher than is typical",
                      "在其他机构的欠款高于通常"),
        noun="Balances at other lenders", noun_zh="在其他机构的欠款",
    ),
    Family(
        "share_elsewhere", ("share_owed_elsewhere",),
        high=headline("More of the debt is owed elsewhere than is typical",
                      "在其他机构的欠款占比高于通常"),
    ),
    Family(
        "utilization", ("utilization", "utilization_mean"),
        high=headline("More of the credit limit is in use than is typical",
                      "额度使用率高于通常"),
        low=headline("Less of the credit limit is in use than is typical",
                     "额度使用率低于通常"),
    ),
    Family(
        "near_limit", ("near_limit_months",),
        high=headline("The balance was close to the credit limit", "余额曾接近额度上限"),
        counter_zh="个月",
    ),
    Family(
        "over_limit", ("over_limit_months",),
        high=headline("The balance was over the credit limit", "余额曾超出额度"),
        counter_zh="个月",
    ),
    Family(
        "carried_bills", ("revolving_months",),
        high=headline("Part of the bill was carried over in more months than is typical",
                      "余额结转的月份多于通常"),
        low=headline("Part of the bill was carried over in fewer months than is typical",
                     "余额结转的月份少于通常"),
        counter_zh="个月",
    ),
    Family(
        "free_credit", ("headroom_log",),
        high=headline("More credit is still available than is typical", "剩余可用额度高于通常"),
        low=headline("Less credit is still available than is typical", "剩余可用额度低于通常"),
    ),
    Family(
        "open_lines", ("open_trades_now",),
        high=headline("More credit lines are open elsewhere than is typical",
                      "在其他机构的信贷账户多于通常"),
        counter_zh="个",
    ),
    Family(
        "open_cards", ("open_cards_now",),
        high=headline("More cards are open elsewhere than is typical",
                      "在其他机构的信用卡多于通常"),
        counter_zh="张",
    ),
    Family(
        "new_lines", ("new_trades",),
        high=headline("Credit lines were opened elsewhere", "在其他机构新开立了信贷账户"),
        counter_zh="个",
    ),
    Family(
        "used_up_cards", ("maxed_cards_now", "maxed_cards_max"),
        high=headline("Cards at other lenders were used up", "在其他机构有用满额度的信用卡",
                      "Cards at other lenders were close to their limits",
                      "您在其他机构有接近额度上限的信用卡"),
        counter_zh="张",
    ),
    Family(
        "enquiries", ("enquiries_recent", "enquiries_total"),
        high=headline("Lenders looked up the credit report more often than is typical",
                      "征信被查询的次数多于通常",
                      "Lenders looked up your credit report more often than is typical",
                      "您的征信被查询的次数多于通常"),
        counter_zh="次",
    ),
    Family(
        "cash_in_balance", ("cash_advances_to_balance",),
        high=headline("Cash advances are higher, against the balance, than is typical",
                      "取现金额相对余额高于通常"),
    ),
    Family(
        "interest", ("interest_to_payments",),
        high=headline("Interest takes more of the payments than is typical",
                      "利息占还款的比例高于通常"),
    ),
    Family(
        "interest_months", ("interest_months",),
        high=headline("Interest was charged", "曾产生利息"), counter_zh="个月",
    ),
)  # fmt: skip
