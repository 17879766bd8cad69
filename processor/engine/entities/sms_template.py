"""SMS templates (§ 3.2)."""

from pydantic import Field

from processor.engine.entities.entity import Entity
from processor.engine.entities.template_variable import TemplateVariable
from processor.engine.parameters import EntityReference
from processor.engine.template import Template


class SmsTemplate(Entity):
    """The text of an SMS. It may hold the variables that are declared here, and those of the flow."""

    entity_kind = "sms_template"

    content: Template = Field(description="Text, where the action gives no other.")
    variables: list[TemplateVariable] = Field(default_factory=list, max_length=100, description="Variables that the action fills in.")


class SmsTemplateReference(EntityReference):
    """An SMS template."""

    kind = "sms_template"
