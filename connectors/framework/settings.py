"""Settings of connectors, gateway and office, read from environment variables or from files that these name."""

import os
from collections.abc import Callable, Iterator, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, Literal, Self

import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError
from pydantic_core import to_jsonable_python

from connectors.framework.rate import NumberOrRate, Rate, RateTable

_FILE: Final = "_FILE"
_DAY: Final = 24 * 60 * 60.0
_SHORTEST_SECRET: Final = 16


class SettingsError(ValueError):
    """The settings cannot be used; the message names each variable, what was expected and what was found, but no secret."""


def _list(value: Any) -> Any:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def _networks(value: Any) -> Any:
    try:
        return tuple(ip_network(network) for network in _list(value))
    except ValueError:
        raise ValueError("expected networks, such as 10.1.0.0/16, with no bit set after the prefix") from None


def _mapping(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return yaml.safe_load(value)
    except yaml.YAMLError:
        raise ValueError("expected YAML") from None


def _base_url(text: str) -> str:
    if not text.startswith(("http://", "https://")):
        raise ValueError("expected a URL that begins with http:// or https://")
    return text.rstrip("/")


def _secret(secret: SecretStr) -> SecretStr:
    if len(secret.get_secret_value()) < _SHORTEST_SECRET:
        raise ValueError(f"expected a secret of at least {_SHORTEST_SECRET} characters")
    return secret


ChatAccount = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,128}$")]
Seconds = Annotated[float, Field(gt=0, le=366 * _DAY)]
Yaml: Final = BeforeValidator(_mapping)
"""For a field that is a mapping or a model: its text is YAML, which JSON is, too."""

List: Final = BeforeValidator(_list)
"""For a field that is a tuple of texts: they are separated by commas."""

BaseUrl = Annotated[str, AfterValidator(_base_url)]
"""Address under which a service answers, http or https, without a slash at the end."""

LongSecret = Annotated[SecretStr, AfterValidator(_secret)]
"""A secret of at least 16 characters."""


class Settings(BaseModel):
    """Base of all settings. A subclass names its `prefix`: field `port` of prefix `X_` is read from `X_PORT`.

    Any variable may be given as `…_FILE` instead, the path of a file that holds the value, as secrets of Docker and Kubernetes come. Values
    of mappings and models are YAML.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
    prefix: ClassVar[str]

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Read the settings from the environment (or another mapping); a variable that is not set or empty has its default.

        Raises:
            SettingsError: one or more variables hold what they must not, or name a file that cannot be read; all are named at once.
        """
        environment = os.environ if environment is None else environment
        found, faults = {}, []
        for name in cls.model_fields:
            try:
                value = _value_of(cls.prefix + name.upper(), environment)
            except SettingsError as error:
                faults.append(str(error))
            else:
                if value:
                    found[name] = value
        try:
            if not faults:
                return cls.model_validate(found)
        except ValidationError as invalid:
            faults.extend(cls._faults(invalid, found))
        raise SettingsError("\n".join(faults))

    def to_environment(self) -> dict[str, str]:
        """The variables from which another process reads the same settings. Holds secrets: for a child's environment only."""
        return {variable: text for variable, text, _ in self._variables(shown=False)}

    def described(self) -> Iterator[tuple[str, str, str]]:
        """Give variable, value and description of each setting, secrets as stars: for people."""
        yield from self._variables(shown=True)

    def _variables(self, *, shown: bool) -> Iterator[tuple[str, str, str]]:
        for name, field in type(self).model_fields.items():
            value = getattr(self, name)
            if value is not None or shown:
                text = "" if value is None else _text(value, shown=shown)
                yield self.prefix + name.upper(), text, field.description or ""

    @classmethod
    def _faults(cls, invalid: ValidationError, found: Mapping[str, str]) -> Iterator[str]:
        for error in invalid.errors(include_url=False, include_input=False):
            said = error["msg"].removeprefix("Value error, ").replace("Input should be", "expected")
            if not error["loc"]:  # a rule about several settings names them itself
                yield said
                continue
            name, *inside = (str(step) for step in error["loc"])
            where = f"{cls.prefix}{name.upper()}" + (f", at {'.'.join(inside)}" if inside else "")
            yield f"{where}: {said}" + (f"; found {found[name]!r}" if name in found and not inside and cls._is_public(name) else "")

    @classmethod
    def _is_public(cls, name: str) -> bool:
        return "secret" not in str(cls.model_fields[name].annotation).lower() and not _has_yaml(cls.model_fields[name].metadata)


def _has_yaml(metadata: list[Any]) -> bool:
    return Yaml in metadata


def _value_of(variable: str, environment: Mapping[str, str]) -> str:
    value, path = environment.get(variable, "").strip(), environment.get(variable + _FILE, "").strip()
    if not path:
        return value
    if value:
        raise SettingsError(f"{variable}: expected either the value or {variable}{_FILE}; found both")
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise SettingsError(f"{variable}{_FILE}: expected the path of a file that can be read; found {path!r} ({reason})") from None


def _text(value: Any, *, shown: bool) -> str:
    def secret(kept: Any) -> str:
        if isinstance(kept, SecretStr):
            return "…" if shown else kept.get_secret_value()
        return str(kept)

    match value:
        case SecretStr():
            return secret(value)
        case bool():
            return "true" if value else "false"
        case tuple() if not any(isinstance(part, BaseModel) for part in value):
            return ",".join(map(str, value))
        case BaseModel() | Mapping() | tuple():
            # Models are written by their fields: pydantic's own dump would write stars for secrets in either case.
            return yaml.safe_dump(to_jsonable_python(_plain(value, secret), fallback=str), default_flow_style=True, width=10_000).strip()
        case _:
            return str(value)


def _plain(value: Any, secret: Callable[[Any], str]) -> Any:
    match value:
        case SecretStr():
            return secret(value)
        case BaseModel():
            return {name: _plain(getattr(value, name), secret) for name in type(value).model_fields if getattr(value, name) is not None}
        case Mapping():
            return {key: _plain(inner, secret) for key, inner in value.items()}
        case tuple() | list() | frozenset():
            return [_plain(inner, secret) for inner in value]
        case _:
            return value


class ConnectorSettings(Settings):
    """What can be set for the framework, the web chat and the pages; a list is separated by commas."""

    prefix = "SMART_ROUTING_CONNECTORS_"

    concurrency: int = Field(default=64, ge=1, le=10_000, description="how many commands are executed at once")
    unfinished_limit: int = Field(default=1_000, ge=1, le=1_000_000, description="how many commands may be read and not finished")
    record_expiry_seconds: Seconds = Field(
        default=9 * _DAY, description="how long a command id is known to be executed; longer than commands are kept on their topics"
    )
    presence_seconds: Seconds = Field(default=10, description="how long after its last sign of life a connector counts as dead")
    retry_initial_seconds: Seconds = Field(default=0.2, description="pause before the second try, doubled with every further one")
    retry_longest_seconds: Seconds = Field(default=30, description="longest pause between two tries")
    retry_seconds_without_deadline: Seconds = Field(default=120, description="how long a command without a deadline is tried")
    drain_seconds: Seconds = Field(default=20, description="how long commands under way may take when the connector stops")
    farewell_seconds: Seconds = Field(default=3, description="how long Kafka may take for a commit, and for each farewell at the end")
    session_seconds: Seconds = Field(default=10, description="after how long without a heartbeat Kafka gives the partitions to others")
    commit_interval_seconds: Seconds = Field(default=1, description="how often finished commands are committed")
    look_up_seconds: Seconds = Field(
        default=10, description="how long finding out what became of a dead connector's command may take, past its deadline, too"
    )

    rates: Annotated[Mapping[str, NumberOrRate], Yaml] = Field(
        default_factory=dict,
        description="how often targets are called, by patterns of <family>/<target> of which the first that fits counts: calls a second, "
        "or a mapping with per_second and burst",
    )
    rate_per_second: float | None = Field(default=None, gt=0, le=1_000_000, description="how often any other target is called")
    burst: int = Field(default=1, ge=1, le=1_000_000, description="how many calls such a target gets at once after a silence")
    breaker_failures: int = Field(default=5, ge=1, le=1_000_000, description="how many failures in a row make a target be left alone")
    breaker_seconds: Seconds = Field(default=15, description="how long a target is left alone then, before a single command tries it")

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(default="INFO", description="what is logged, from this level on")
    metrics_port: int = Field(default=6067, ge=0, le=65_535, description="where `/metrics` and `/health` are served; 0: nowhere")
    metrics_host: str = Field(default="127.0.0.1", min_length=1, description="the interface on which they are served, 0.0.0.0 for all")

    allowed_networks: Annotated[tuple[IPv4Network | IPv6Network, ...], BeforeValidator(_networks)] = Field(
        default=(), description="private networks that may be called all the same, such as 10.1.0.0/16"
    )
    allowed_hosts: Annotated[tuple[str, ...], List] = Field(
        default=(), description="hosts that may be called wherever they lead, host or host:port"
    )

    public_url: BaseUrl = Field(
        default="http://127.0.0.1:8080", description="where customers' browsers and providers' webhooks reach the gateway"
    )
    office_url: BaseUrl = Field(default="http://127.0.0.1:8081", description="where the staff's browsers reach the office")
    link_secret: LongSecret | None = Field(default=None, description="the secret that signs customers' links to surveys and payments")

    chat_accounts: Annotated[tuple[ChatAccount, ...], List] = Field(
        default=("demo",), min_length=1, description="the web chat's accounts, as entry points name them; the first is the one of `/chat/`"
    )
    transcript_expiry_seconds: Seconds = Field(default=30 * _DAY, description="how long after its last message a transcript is kept")
    gateway_kafka_seconds: Seconds = Field(default=10, description="how long Kafka may take to accept a customer's message")
    heartbeat_seconds: Seconds = Field(default=15, description="pause between the comments that keep an event stream open")

    def rate_table(self) -> RateTable:
        """Which rate a target has."""
        return RateTable(self.rates, None if self.rate_per_second is None else Rate(per_second=self.rate_per_second, burst=self.burst))
