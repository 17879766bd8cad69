"""Commands of the messaging family on web chat, WhatsApp and SMS, and the gateway on which customers come in."""
