"""CRMs of the second version: objects, and the scenarios that find their cards (§ 5.7, 5.8)."""

from typing import Literal, Self

from pydantic import Field, model_validator

from processor.engine.entities.crm import CardFields, declared_once
from processor.engine.entities.entity import Entity, Name, Part
from processor.engine.parameters import EntityReference
from processor.engine.template import Template


class CrmObject(Part):
    """A kind of cards, such as contacts or companies."""

    fields: CardFields = Field(min_length=1, description="Field of a card → its type.")
    unique: list[Name] = Field(
        default_factory=list,
        description="Fields in which no two cards have the same value; a CRM that is kept elsewhere has rules of its own.",
    )

    @model_validator(mode="after")
    def _unique_fields_are_declared(self) -> Self:
        declared_once(self.unique, self.fields)
        return self


class Scenario(Part):
    """A way to find the customer's card."""

    object: Name = Field(description="Object among whose cards is searched.")
    default: bool = Field(default=False, description="Whether it is taken where an action names none.")
    confirm_the_test_if: Literal["all", "any"] = Field(default="all", description="all: AND; any: OR.")
    assertions: dict[Name, Template] = Field(
        default_factory=dict,
        description="Field → value that a card has in it, such as {{ customer.address }}; none where the CRM itself knows the scenario.",
    )


class CrmV2(Entity):
    """A CRM with objects and scenarios."""

    entity_kind = "crm_v2"

    objects: dict[Name, CrmObject] = Field(min_length=1, description="Object → its fields.")
    scenarios: dict[Name, Scenario] = Field(default_factory=dict, description="Scenario → what it searches; one may be the default.")
    maximum_fields: int = Field(default=50, ge=1, le=500, description="Fields that a card may be created with.")

    @model_validator(mode="after")
    def _scenarios_fit_the_objects(self) -> Self:
        for name, scenario in self.scenarios.items():
            searched = self.objects.get(scenario.object)
            if searched is None:
                raise ValueError(f"scenario {name} with one of the objects {', '.join(self.objects)}, found {scenario.object!r}")
            for field in scenario.assertions:
                if field not in searched.fields:
                    raise ValueError(f"assertions of scenario {name} on fields of {scenario.object}, found {field!r}")
        defaults = [name for name, scenario in self.scenarios.items() if scenario.default]
        if len(defaults) > 1:
            raise ValueError(f"at most one default scenario, found {', '.join(defaults)}")
        return self

    def scenario(self, name: str | None) -> tuple[str, Scenario] | None:
        """Return a scenario with its name, the default one where none is named; None where there is none."""
        wanted = (found for found in self.scenarios.items() if (found[1].default if name is None else found[0] == name))
        return next(wanted, None)


class CrmV2Reference(EntityReference):
    """A CRM of the second version."""

    kind = "crm_v2"
