"""The channel WhatsApp, by Meta's Cloud API.

Sources: developers.facebook.com/documentation/business-messaging/whatsapp, pages messages/text-messages,
messages/interactive-reply-buttons-messages, messages/interactive-list-messages, templates, support/error-codes,
webhooks/reference/messages and business-phone-numbers/media.
"""
