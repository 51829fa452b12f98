"""R2 as typed rules: when, how often and whom one may contact."""

from dataclasses import dataclass

from delinquency.policy.rule import Hours, Rule, ruled
from delinquency.policy.rule_names import CHANNELS, HOLDS, THIRD_PARTY_KINDS


@dataclass(frozen=True)
class ContactRules:
    """R2: when, how often and whom one may contact."""

    hours: Rule[Hours] = ruled("hours", "local time", "Hours in the customer's time zone.")
    hours_by_agreement: Rule[bool] = ruled(
        "flag",
        "yes or no",
        "Whether other hours hold where the customer has agreed to them.",
    )
    holidays_allowed: Rule[bool] = ruled(
        "flag", "yes or no", "Whether one may contact on public holidays."
    )
    conversations_per_day_max: Rule[int | None] = ruled(
        "whole", "conversations", "Most conversations a day.", optional=True, protects="low"
    )
    calls_per_7_days_max: Rule[int | None] = ruled(
        "whole",
        "calls",
        "Most calls, answered or not, in seven days.",
        optional=True,
        protects="low",
    )
    dials_per_number_per_day_max: Rule[int | None] = ruled(
        "whole",
        "dials",
        "Most unanswered dials to one number a day.",
        optional=True,
        protects="low",
    )
    messages_per_day_max: Rule[int | None] = ruled(
        "whole", "messages", "Most written messages a day.", optional=True, protects="low"
    )
    messages_per_7_days_max: Rule[int | None] = ruled(
        "whole", "messages", "Most written messages in 7 days.", optional=True, protects="low"
    )
    cool_off_after_conversation_days: Rule[int] = ruled(
        "whole", "days", "Rest from calls and visits after a conversation.", protects="high"
    )
    cool_off_after_heated_days: Rule[int] = ruled(
        "whole", "days", "Rest from calls and visits after a heated one.", protects="high"
    )
    third_party: Rule[str] = ruled(
        "choice",
        "name",
        "Whether anyone but the customer may be contacted, and only to restore contact.",
        choices=("never", "lost_contact_only", "location_only"),
    )
    lost_contact_dials: Rule[int] = ruled(
        "whole", "dials", "Failed dials after which contact counts as lost.", protects="high"
    )
    lost_contact_days: Rule[int] = ruled(
        "whole", "days", "Different days on which those dials failed.", protects="high"
    )
    channels: Rule[tuple[str, ...]] = ruled(
        "names", "names", "Channels that may be used.", choices=CHANNELS
    )
    consent_channels: Rule[tuple[str, ...]] = ruled(
        "names", "names", "Channels that need the customer's consent.", choices=CHANNELS
    )
    visit_staff_min: Rule[int] = ruled(
        "whole", "people", "Fewest staff on a visit.", protects="high"
    )
    reminders_stopped_by: Rule[tuple[str, ...]] = ruled(
        "names", "names", "What stops reminders and offers while it lasts.", choices=HOLDS
    )
    third_party_kinds: Rule[tuple[str, ...]] = ruled(
        "names", "names", "Third persons who may be asked at all.", choices=THIRD_PARTY_KINDS
    )
    third_party_calls_max: Rule[int | None] = ruled(
        "whole", "calls", "Most calls to one third person.", optional=True, protects="low"
    )
    work_allowed: Rule[bool] = ruled(
        "flag", "yes or no", "Whether the customer may be contacted at the place of work."
    )
    recording_retention_days: Rule[int] = ruled(
        "whole", "days", "How long a record of a contact is kept."
    )
