"""What a customer sends, as the gateway takes it."""

from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from connectors.framework.fault import Fault

LARGEST_TEXT_BYTES: Final = 64 * 1_024
LARGEST_BODY_BYTES: Final = 512 * 1_024
"""The largest text, every character of it escaped, and room for the rest."""


def _one_line(text: str) -> str:
    if not text.isprintable() or not text.strip():
        raise ValueError("expected printable characters")
    return text


def _not_too_large(text: str) -> str:
    size = len(text.encode())
    if size > LARGEST_TEXT_BYTES:
        context = {"expected": f"at most {LARGEST_TEXT_BYTES} bytes of UTF-8", "found": f"{size} bytes"}
        raise PydanticCustomError("too_large", "too large", context)
    return text


def _https(url: str) -> str:
    if not url.startswith("https://") or not url.isprintable() or " " in url:
        raise ValueError("expected an https address")
    return url


Line = Annotated[str, Field(min_length=1, max_length=128), AfterValidator(_one_line)]


class Media(BaseModel):
    """A file that the customer sends, by its address."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    url: Annotated[str, Field(max_length=2_048), AfterValidator(_https)]
    mime_type: Annotated[str, Field(max_length=127, pattern=r"^[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+$")]
    name: Line | None = None


class CustomerMessage(BaseModel):
    """The body of `POST /chat/{address}/messages`: a text, a choice or files."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    id: Line
    text: Annotated[str, Field(min_length=1), AfterValidator(_not_too_large)] | None = None
    choice: Annotated[str, Field(min_length=1, max_length=512), AfterValidator(_one_line)] | None = None
    media: tuple[Media, ...] = Field(default=(), max_length=10)
    name: Line | None = None
    locale: Annotated[str, Field(max_length=35, pattern=r"^[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*$")] | None = None

    @model_validator(mode="after")
    def _says_one_thing(self) -> "CustomerMessage":
        if self.text is not None and self.choice is not None:
            raise ValueError("expected either text or choice")
        if self.text is None and self.choice is None and not self.media:
            raise ValueError("expected text, choice or media")
        return self

    @classmethod
    def read(cls, body: bytes) -> "CustomerMessage":
        """Read a request's body.

        Raises Fault.
        """
        try:
            return cls.model_validate_json(body)
        except ValidationError as invalid:
            raise Fault.of(invalid) from None
