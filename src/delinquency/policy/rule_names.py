"""The words that rules are written in: channels, holds, contents of a plan, weekdays."""

CHANNELS = ("phone", "sms", "email", "letter", "app", "visit")
"""How a customer may be reached."""

WRITTEN_CHANNELS = ("sms", "email", "letter", "app")
"""The channels that carry a text."""

HOLDS = (
    "death",
    "insolvency",
    "moratorium",
    "representation",
    "minor",
    "dispute",
    "fraud",
    "complaint",
    "illness",
    "vulnerability",
    "hardship",
    "military_service",
    "running_plan",
    "promise",
    "charge_off",
    "transfer",
    "paid",
)
"""What can hold in a case and stop something while it lasts."""

THIRD_PARTY_KINDS = ("related", "unrelated")
"""A third person whom the customer named, and any other."""

PLAN_CONTENTS = (
    "balance_structure_currency",
    "period_method_dates_amounts",
    "fees_and_interest_during_plan",
    "no_new_cards_promise",
    "rights_and_liabilities",
    "other_matters",
)
"""The six things that a written plan must contain (Measures on bank card business, art. 70)."""

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
