"""Where the SQL store is."""

from typing import Annotated, Final

from pydantic import AfterValidator, Field
from pydantic.types import SecretStr

from connectors.framework.settings import Settings

SQLITE: Final = "sqlite"
POSTGRESQL: Final = "postgresql"


def _url(secret: SecretStr) -> SecretStr:
    if secret.get_secret_value().partition("://")[0] not in {SQLITE, POSTGRESQL}:
        raise ValueError("expected postgresql://user:password@host/database, or sqlite:///path of a file")
    return secret


class SqlSettings(Settings):
    """Settings of the SQL store."""

    prefix = "SMART_ROUTING_SQL_"

    url: Annotated[SecretStr, AfterValidator(_url)] = Field(
        default=SecretStr("sqlite:///connectors.db"),
        description="where cases, cards, rows, invoices … are kept: postgresql://user:password@host/database, or sqlite:///path of a file",
    )
    pool_size: int = Field(default=10, ge=1, le=1_000, description="most connections that each family of a process keeps to PostgreSQL")
