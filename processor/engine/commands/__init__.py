"""What an action can ask a connector to do: requests, imperative, one module for each family."""

from processor.engine.commands.command import Command, CommandBody
from processor.engine.commands.messaging import ChannelLimits, CheckImage, Choice, SendChoices, SendMessage
from processor.engine.commands.web_service import CallWebService, WebServiceInput, WebServiceOutput

__all__ = [
    "CallWebService", "ChannelLimits", "CheckImage", "Choice", "Command", "CommandBody", "SendChoices", "SendMessage",
    "WebServiceInput", "WebServiceOutput",
]  # fmt: skip
