"""Commands of the messaging family on the web chat, and the gateway on which its customers come in."""
