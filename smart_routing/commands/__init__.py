"""One module per command; `smart_routing.cli` names them and imports only the one that is called."""
