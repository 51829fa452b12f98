"""What the features of the spending behaviour say."""

from delinquency.reasons.sentences.feature_family import Family, declare, headline

declare(
    Family(
        "new_charges", ("charges_to_limit",),
        high=headline("New charges are higher, against the limit, than is typical",
                      "新增消费相对额度高于通常"),
        low=headline("New charges are lower, against the limit, than is typical",
                     "新增消费相对额度低于通常"),
        noun="New charges", noun_zh="新增消费",
    ),
    Family(
        "charges_to_payments",
        ("charges_to_payments", "charges_to_payments_recent", "purchases_to_payments"),
        high=headline("Spending is higher, against payments, than is typical",
                      "消费相对还款高于通常"),
        low=headline("Spending is lower, against payments, than is typical",
                     "消费相对还款低于通常"),
    ),
    Family(
        "charges_spike", ("charges_spike",),
        high=headline("A recent month of high charges stands out more than is typical",
                      "近期最高月消费的偏离高于通常"),
        low=headline("A recent month of high charges stands out less than is typical",
                     "近期最高月消费的偏离低于通常"),
    ),
    Family(
        "unsteady_charges", ("charges_variation", "spend_variation"), kind="spread",
        noun="Spending", noun_zh="消费",
    ),
    Family(
        "charges_while_carrying", ("charges_while_revolving", "purchases_while_revolving"),
        high=headline("New charges while debt was carried are higher than is typical",
                      "有结转余额时的消费高于通常"),
        low=headline("New charges while debt was carried are lower than is typical",
                     "有结转余额时的消费低于通常"),
    ),
    Family(
        "overspent_months", ("overspent_months",),
        high=headline("Charges exceeded the payment in some months", "有月份消费超过还款"),
        low=headline("Charges exceeded the payment in fewer months than is typical",
                     "消费超过还款的月份少于通常"),
        counter_zh="个月",
    ),
    Family(
        "pushed_over_limit", ("over_limit_by_charges",),
        high=headline("Purchases took the balance over the limit", "消费曾使余额超出额度"),
        low=headline("Purchases took the balance over the limit less often than is typical",
                     "消费使余额超出额度的月份少于通常"),
        counter_zh="个月",
    ),
    Family(
        "charges_of_free_credit", ("charges_of_headroom",),
        high=headline("New charges take more of the free credit than is typical",
                      "新增消费占剩余额度的比例高于通常"),
        low=headline("New charges take less of the free credit than is typical",
                     "新增消费占剩余额度的比例低于通常"),
    ),
    Family(
        "promotions", ("promotion_share",),
        high=headline("More of the purchases were made under promotions than is typical",
                      "促销消费占比高于通常"),
    ),
    Family(
        "instalment_purchases", ("instalment_share",),
        high=headline("More of the purchases were made on instalments than is typical",
                      "分期消费占比高于通常"),
    ),
    Family(
        "high_value_goods", ("luxury_share",),
        high=headline("More of the purchases were high-value goods than is typical",
                      "高价值商品消费占比高于通常"),
    ),
    Family(
        "high_value_rise", ("luxury_share_rise",), kind="change",
        noun="The share of high-value goods", noun_zh="高价值商品消费占比",
    ),
    Family(
        "large_instalments", ("high_ticket_instalments",),
        high=headline("Large purchases on instalments are higher, against income, than is typical",
                      "大额分期消费相对收入高于通常"),
    ),
    Family(
        "large_purchases", ("high_ticket_share",),
        high=headline("More of the purchases were large than is typical",
                      "大额消费占比高于通常"),
        low=headline("Fewer of the purchases were large than is typical",
                     "大额消费占比低于通常"),
    ),
    Family(
        "cash_advances", ("cash_advance_flow", "cash_advance_months"),
        high=headline("Cash was drawn on the card", "使用过信用卡取现"), counter_zh="个月",
    ),
    Family(
        "spending_peak", ("spend_spike",),
        high=headline("A recent spending peak stands out more than is typical",
                      "近期消费高峰的偏离高于通常"),
    ),
    Family(
        "sales_seasons", ("festival_uplift",),
        high=headline("Spending in sales seasons, against other months, is higher than is typical",
                      "促销季消费相对平时高于通常"),
    ),
    Family(
        "purchases_to_income", ("purchases_to_income",),
        high=headline("Purchases are higher, against income, than is typical",
                      "消费相对收入高于通常"),
    ),
    Family(
        "after_limit_rise", ("limit_rise_response",),
        high=headline("Purchases after a raised limit are higher than is typical",
                      "提额后的消费高于通常"),
    ),
    Family(
        "number_of_purchases", ("purchases_per_month",),
        high=headline("There are more purchases a month than is typical",
                      "每月消费笔数多于通常"),
        low=headline("There are fewer purchases a month than is typical",
                     "每月消费笔数少于通常"),
        counter_zh="笔",
    ),
    Family(
        "size_of_purchases", ("ticket_log",),
        high=headline("Purchases are larger than is typical", "单笔消费额高于通常"),
        low=headline("Purchases are smaller than is typical", "单笔消费额低于通常"),
    ),
)  # fmt: skip
