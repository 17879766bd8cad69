"""§ 9.1, insert a target in a WhatsApp campaign."""

from processor.engine.campaign_target import CampaignTarget
from processor.engine.entities.whatsapp_campaign import WhatsappCampaignReference


class InsertWhatsappTarget(CampaignTarget):
    """Insert a phone number into an outbound WhatsApp campaign.

    Looked at in this order:

    - `reference_not_found`: there is no such campaign.
    - `invalid_number`: no phone number, or one that does not exist in its country's plan.
    - `error`: a field that the layout does not declare (`unknown_field`), a required one without a value (`missing_field`), a value, a
      priority or a start date that does not fit (`wrong_type`), a priority outside the campaign's range (`out_of_range`); or the
      connector's failure with its reason or `timeout`. A layout that is gone takes `reference_not_found` (`layout_not_found`).
    - `duplication`: the campaign has the number already, and `insert_if_duplicate` is off.
    - `ok`: the target is inserted.

    ```yaml
    type: insert_whatsapp_target
    campaign: {reference: winter}
    insert_if_duplicate: false
    phone_number: "{{ contact.phone }}"
    start_date: "{{ order.date }}"
    priority: 3
    campaign_target_layout: {reference: lead}
    campaign_target_fields:
      - {field: name, value: "{{ contact.name }}"}
    links: {ok: end, reference_not_found: end, error: end, duplication: end, invalid_number: end}
    ```
    """

    type = "insert_whatsapp_target"
    section = "9.1"

    medium = "whatsapp"

    campaign: WhatsappCampaignReference
