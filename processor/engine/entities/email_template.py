"""E-mail templates (§ 3.1)."""

from pydantic import Field

from processor.engine.entities.entity import Entity
from processor.engine.entities.template_variable import TemplateVariable
from processor.engine.html_template import HtmlTemplate
from processor.engine.parameters import EntityReference
from processor.engine.template import Template


class EmailTemplate(Entity):
    """The texts of an e-mail. They may hold the variables that are declared here, and those of the flow."""

    entity_kind = "email_template"

    subject: Template = Field(description="Subject, where the action names no other.")
    text: Template = Field(description="Body as plain text.")
    html: HtmlTemplate | None = Field(default=None, description="Body as HTML, beside the plain text; values in it are escaped.")
    variables: list[TemplateVariable] = Field(default_factory=list, max_length=100, description="Variables that the action fills in.")


class EmailTemplateReference(EntityReference):
    """An e-mail template."""

    kind = "email_template"
