import pytest

from processor.engine.channels import IMAGES, LIMITS, allowed_image, limits_of
from processor.engine.events import Media


def test_each_channel_has_limits_and_images() -> None:
    assert LIMITS.keys() == IMAGES.keys() == {"web_chat", "whatsapp", "sms"}


def test_a_channel_that_is_not_known_renders_text_and_carries_no_images() -> None:
    assert limits_of("pigeon").buttons == limits_of("pigeon").list_items == 0
    assert allowed_image("pigeon", [Media("u", "image/png")]) is None


@pytest.mark.parametrize(
    ("channel", "mime_type", "allowed"),
    [
        ("web_chat", "image/gif", True),
        ("whatsapp", "image/gif", False),
        ("whatsapp", "Image/PNG ; q=1", True),
        ("sms", "image/png", False),
        ("web_chat", "image/svg+xml", False),
        ("web_chat", "text/html", False),
        ("web_chat", "", False),
    ],
)
def test_an_image_is_what_the_channel_allows(channel: str, mime_type: str, *, allowed: bool) -> None:
    assert (allowed_image(channel, [Media("https://example.org/a", mime_type)]) is not None) == allowed


def test_the_first_image_among_the_files_counts() -> None:
    files = [Media("film", "video/mp4"), Media("one", "image/png"), Media("two", "image/png")]
    assert allowed_image("web_chat", files) == "one"
