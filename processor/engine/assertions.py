"""What a card must have in its fields to be the one that is searched."""

from processor.engine.commands.crm import Combination
from processor.engine.commands.field_value import FieldValue
from processor.engine.field_values import Declared, Given, typed
from processor.engine.visit import Visit


def asserted(values: Given, declared: Declared, combination: Combination, visit: Visit) -> tuple[FieldValue, ...] | None:
    """Return the assertions that have a value; None where no card can meet them.

    An assertion whose value is empty is met by no card: otherwise a customer of whom nothing is known would be taken for anybody whose
    card has a gap. Raises UnfitValue as `typed` does.
    """
    all_of_them = typed(values, declared, visit)
    stated = tuple(value for value in all_of_them if value.value)
    if not stated or (combination == "all" and len(stated) < len(all_of_them)):
        return None
    return stated
