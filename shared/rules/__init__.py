"""A wallet's rules as data: what is due when and why, and which reasons a claim may give. Pure."""

from shared.rules.explain import Explanation, explain, of_business_days
from shared.rules.files import BadProfile, look_in
from shared.rules.loading import load, load_file, opened_under, usable
from shared.rules.profile import Contract, LateCompensation, Profile, Rule, Unit
from shared.rules.promised import BY_BANK, promised
from shared.rules.reasons import Reasons

__all__ = [
    "BY_BANK",
    "BadProfile",
    "Contract",
    "Explanation",
    "LateCompensation",
    "Profile",
    "Reasons",
    "Rule",
    "Unit",
    "explain",
    "load",
    "load_file",
    "look_in",
    "of_business_days",
    "opened_under",
    "promised",
    "usable",
]
