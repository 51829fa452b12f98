"""Policies as data: typed rules, each with unit, basis, source, dates, and whether verified."""

from delinquency.policy.charge_rules import ChargeRules
from delinquency.policy.contact_rules import ContactRules
from delinquency.policy.loading import (
    base_rules,
    policy_digest,
    policy_from_dict,
    policy_to_dict,
    rules_out_of_date,
)
from delinquency.policy.rule import Hours, Rule, Specification
from delinquency.policy.rule_differences import Difference, compare
from delinquency.policy.rule_groups import (
    GROUPS,
    CommunicationRules,
    LegalRules,
    PlanRules,
    Policy,
    RecordRules,
    ReviewRules,
    specifications,
)
from delinquency.policy.rule_names import (
    CHANNELS,
    HOLDS,
    PLAN_CONTENTS,
    THIRD_PARTY_KINDS,
    WEEKDAYS,
    WRITTEN_CHANNELS,
)

__all__ = [
    "CHANNELS",
    "GROUPS",
    "HOLDS",
    "PLAN_CONTENTS",
    "THIRD_PARTY_KINDS",
    "WEEKDAYS",
    "WRITTEN_CHANNELS",
    "ChargeRules",
    "CommunicationRules",
    "ContactRules",
    "Difference",
    "Hours",
    "LegalRules",
    "PlanRules",
    "Policy",
    "RecordRules",
    "ReviewRules",
    "Rule",
    "Specification",
    "base_rules",
    "compare",
    "policy_digest",
    "policy_from_dict",
    "policy_to_dict",
    "rules_out_of_date",
    "specifications",
]
