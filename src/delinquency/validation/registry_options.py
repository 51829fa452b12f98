"""Choices about the model registry: what to do, and who signs."""

from dataclasses import dataclass, field

from delinquency.errors import unknown_name

COMMANDS = ("show", "register", "promote", "rollback")


@dataclass(kw_only=True)
class RegistryOptions:
    """What to do in the model registry."""

    # "show", "register" (the trained model as challenger), "promote" (the challenger to champion),
    # "rollback" (to the champion before).
    do: str = "show"
    # Who signs, by name, and why; needed to promote and to roll back.
    signed_by: str = ""
    reason: str = ""
    # Items whose red state a person may answer for by a comment; empty: every red one refuses.
    answerable: list[int] = field(default_factory=list)
    # Whether every amber item needs an analyst's comment.
    comment_on_amber: bool = True

    def __post_init__(self) -> None:
        if self.do not in COMMANDS:
            raise unknown_name("registry.do", self.do, COMMANDS)
