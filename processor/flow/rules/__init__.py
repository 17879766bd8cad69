"""The linter's rules, in the order in which they are told. A new one is a function with its code and its sentences, and a line here."""

from typing import Final

from processor.flow.rules.cycles import wait_free_cycle
from processor.flow.rules.entry_points import unfit_flow, unknown_flow
from processor.flow.rules.hand_overs import hand_over_cycle, idle_hand_over
from processor.flow.rules.links import unlimited_retry, unlinked_branch, unlinked_timeout
from processor.flow.rules.messages import (
    choices_as_list,
    choices_as_text,
    empty_message,
    question_at_the_end,
    same_choices,
    sms_segments,
)
from processor.flow.rules.misfits import MISFITS
from processor.flow.rules.passages import passages_without_exit, thresholds_out_of_order
from processor.flow.rules.privacy import personal_data_in_checkpoint, personal_data_in_url, secret_in_header
from processor.flow.rules.reachability import idle_flow, unreachable_action
from processor.flow.rules.reading import REFUSED
from processor.flow.rules.references import old_reference, unknown_reference, wrong_kind
from processor.flow.rules.rule import Rule
from processor.flow.rules.templates import failing_template
from processor.flow.rules.types import bad_pattern, text_order, unfit_comparison, unfit_question, unfit_value
from processor.flow.rules.variables import never_written, undeclared_variable, unused_variable
from processor.flow.rules.web_services import bad_result_path, url_input

RULES: Final[tuple[Rule, ...]] = (
    REFUSED,
    # Ways
    unreachable_action,
    unlinked_branch,
    unlinked_timeout,
    idle_flow,
    wait_free_cycle,
    unlimited_retry,
    passages_without_exit,
    thresholds_out_of_order,
    idle_hand_over,
    hand_over_cycle,
    # Names
    unknown_reference,
    wrong_kind,
    old_reference,
    unknown_flow,
    unfit_flow,
    *MISFITS,
    # Values
    undeclared_variable,
    never_written,
    unused_variable,
    unfit_value,
    unfit_question,
    unfit_comparison,
    text_order,
    bad_pattern,
    # Texts
    failing_template,
    empty_message,
    same_choices,
    choices_as_list,
    choices_as_text,
    sms_segments,
    question_at_the_end,
    # Other people's data, and other people's services
    personal_data_in_checkpoint,
    personal_data_in_url,
    secret_in_header,
    url_input,
    bad_result_path,
)
"""Every rule; those of the reader and of action types included, so that all codes are here."""

NEEDS_EVERYTHING: Final = frozenset({"unknown_reference", "wrong_kind", "unknown_flow"})
"""Codes of what is only sure beside everything that is published."""

__all__ = ["NEEDS_EVERYTHING", "REFUSED", "RULES", "Rule"]
