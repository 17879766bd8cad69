"""Services that execute commands, one package per family, and the gateways on which customers come in."""
