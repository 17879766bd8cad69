"""A client of an SMS gateway, for every family that sends texts.

The HTTP API is that of Twilio's Messages resource, version 2010-04-01, which other gateways speak as well: the base address is a setting.
Sources: twilio.com/docs/messaging/api/message-resource, …/docs/messaging/guides/webhook-request, …/docs/usage/webhooks/webhooks-security.
"""
