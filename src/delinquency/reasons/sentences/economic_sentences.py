"""What the features of the economic condition say."""

from delinquency.reasons.sentences.feature_family import Family, declare, headline

declare(
    Family(
        "income", ("income_log",),
        low=headline("Income is lower than is typical", "月收入低于通常"),
        high=headline("Income is higher than is typical", "月收入高于通常"),
        noun="Income", noun_zh="月收入",
    ),
    Family(
        "income_to_spending", ("income_to_usual_spending",),
        low=headline("Income is lower, against usual outgoings beyond essentials, than is typical",
                     "收入相对平时非必要支出低于通常"),
    ),
    Family(
        "limit_granted", ("credit_limit_log",),
        low=headline("The credit limit granted is lower than is typical", "授信额度低于通常"),
    ),
    Family(
        "education", ("education_level",),
        labels={1.0: ("high school", "高中"), 2.0: ("university", "大学"),
                3.0: ("graduate school", "研究生")},
    ),
    Family(
        "charges_fell", ("charges_contraction",), kind="fall",
        noun="Recent charges", noun_zh="近期消费",
    ),
    Family(
        "payments_fell", ("payment_contraction",), kind="fall",
        noun="Recent payments", noun_zh="近期还款",
    ),
    Family(
        "purchases_fell", ("purchases_contraction",), kind="fall",
        noun="Recent purchases", noun_zh="近期消费",
    ),
    Family(
        "payment_to_best", ("payment_to_best",),
        high=headline("The latest payment is higher, against the largest one, than is typical",
                      "最近还款相对最高还款高于通常"),
        low=headline("The latest payment is lower, against the largest one, than is typical",
                     "最近还款相对最高还款低于通常"),
    ),
    Family(
        "unused_months", ("idle_months",),
        high=headline("The account was unused in some months", "账户有月份未使用"),
        low=headline("The account was unused in fewer months than is typical",
                     "账户未使用的月份少于通常"),
        counter_zh="个月",
    ),
    Family(
        "payments_in_all", ("payments_log",),
        low=headline("Payments in all are lower than is typical", "还款总额低于通常"),
    ),
    Family(
        "charges_in_all", ("charges_log",),
        low=headline("New charges in all are lower than is typical", "新增消费总额低于通常"),
    ),
    Family(
        "quiet_months", ("quiet_months",),
        high=headline("Some months were almost without new charges", "有月份几乎无新增消费"),
        low=headline("Fewer months were almost without new charges than is typical",
                     "几乎无新增消费的月份少于通常"),
        counter_zh="个月",
    ),
    Family(
        "stated_income", ("application_income_log",),
        low=headline("The income stated at application is lower than is typical",
                     "申报收入低于通常"),
    ),
    Family(
        "income_drop", ("income_drop",),
        high=headline("Income fell", "收入下降"),
    ),
    Family(
        "income_to_stated", ("income_to_stated",),
        low=headline("Recent income is lower, against the income stated, than is typical",
                     "近期收入相对申报收入低于通常"),
    ),
    Family(
        "missed_salary", ("salary_missed_months", "salary_missed_streak"),
        high=headline("No salary came in in some months", "有月份未收到工资"),
        counter_zh="个月",
    ),
    Family(
        "salary_to_usual", ("salary_to_usual",),
        high=headline("The latest salary is higher, against the highest one, than is typical",
                      "最近工资相对最高工资高于通常"),
        low=headline("The latest salary is lower, against the highest one, than is typical",
                     "最近工资相对最高工资低于通常"),
    ),
    Family(
        "salary_day", ("salary_delay",),
        high=headline("The salary came later, against its usual day, than is typical",
                      "发薪日相对平时晚于通常"),
        low=headline("The salary came earlier, against its usual day, than is typical",
                     "发薪日相对平时早于通常"),
    ),
    Family(
        "benefits", ("benefit_share",),
        high=headline("More of the income is benefits than is typical",
                      "补助金占收入的比例高于通常"),
    ),
    Family(
        "unemployment", ("unemployment_rate",),
        high=headline("Unemployment in the region is higher than is typical",
                      "当地失业率高于通常"),
    ),
    Family(
        "unemployment_rise", ("unemployment_change",), kind="change",
        noun="Unemployment in the region", noun_zh="当地失业率",
    ),
    Family(
        "essentials", ("essential_card_share",),
        high=headline("More of the purchases are essential than is typical",
                      "必需品消费占比高于通常"),
        low=headline("Fewer of the purchases are essential than is typical",
                     "必需品消费占比低于通常"),
    ),
    Family(
        "savings_used", ("savings_drawdown",),
        high=headline("More of the savings were used up than is typical",
                      "存款减少的比例高于通常"),
    ),
)  # fmt: skip
