"""The settings of the partner API: a TOML file, and environment variables that win over it.

`FORWARDC_SERVER__LIMITS__CALLS_PER_MINUTE=300` sets `calls_per_minute` of `[limits]`. Secrets stand
in neither: where one is needed, it is looked up by name like every other secret. Times are seconds
unless a name says otherwise.
"""

import os
from ipaddress import IPv4Network, IPv6Network, ip_address
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, TypeAlias
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from forwardc.core.files.checkout import CheckoutPath, mounted
from forwardc.plan.environment import MAX_NAME, NAME, place_of
from forwardc.runtime.history.answers import DEFAULT_SETTING, SETTING_VARIABLE, retention_days
from forwardc.server.directory.row_mapping import is_column_title

Network: TypeAlias = IPv4Network | IPv6Network
Name: TypeAlias = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[A-Za-z0-9._:-]+$")]


def _history() -> str:
    return os.environ.get("FORWARDC_HISTORY") or ".forwardc/history.db"


def _answers() -> str:
    return os.environ.get(SETTING_VARIABLE) or DEFAULT_SETTING


def _valid_retention(text: str) -> str:
    retention_days(text)
    return text


def _title(text: str) -> str:
    if not is_column_title(text) or text == "vault":
        raise ValueError("is reference, source, or a column such as input.NAME or identifier.NAME")
    return text


PlainName: TypeAlias = Annotated[str, StringConstraints(pattern=rf"^{NAME}$", max_length=MAX_NAME)]
"""The name of an environment or an account, as plans have it."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class ListenSettings(_Section):
    """Where the server listens, and what stands before it.

    `names` are the host names it answers to, beside its own address. `workers` are processes.
    """

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 8457
    names: tuple[str, ...] = ()
    workers: Annotated[int, Field(ge=1, le=64)] = 1
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    stop_within: Annotated[float, Field(gt=0, le=600)] = 90.0
    dashboard: bool = False

    @model_validator(mode="after")
    def _both_halves(self) -> "ListenSettings":
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("tls_certificate and tls_key go together")
        return self


class RunSettings(_Section):
    """What is forwarded with: the compiled plans, the history, and secrets.

    The history is by default the one of every other command, and so is how long answers of runs are
    kept: `14d`, or `off`.
    """

    environment: PlainName
    account: PlainName | None = None
    build: Path = Path("build")
    history: Annotated[str, Field(default_factory=_history)]
    answers: Annotated[
        str,
        AfterValidator(_valid_retention),
        Field(default_factory=_answers, validate_default=True),
    ]
    secrets: Path | None = None
    keys: Path = Path(".forwardc/server-keys.json")
    sandbox: str | None = None

    @property
    def answer_days(self) -> int | None:
        """How many days answers are kept; None for not at all."""
        return retention_days(self.answers)

    @property
    def place(self) -> str:
        """Environment and account, as the key of plans and records."""
        return place_of(self.environment, self.account or "")


class PlanSettings(_Section):
    """How the compiled plans get to the server.

    `mounted`: as links that an operator made, such as a ConfigMap; else a link there is refused.
    """

    mounted: bool = False


class DestinationSettings(_Section):
    """The compiled operation behind one `destination` of a request.

    `reference_param` names the destination's param that takes the payment reference.
    """

    run: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?$")]
    reference_param: str | None = None


class _Lookup(_Section):
    """`not_card` names what may look like a card number and is none, such as `reference`."""

    not_card: tuple[Annotated[str, AfterValidator(_title)], ...] = ()


class CsvDirectorySettings(_Lookup):
    """A file for trial, read again when it changes."""

    kind: Literal["csv"]
    file: Path


class SqlDirectorySettings(_Lookup):
    """One query with `:reference`, on a database whose URL the secret `url_secret` holds.

    SQLite (`sqlite:///path`, opened for reading) or PostgreSQL.
    """

    kind: Literal["sql"]
    query: Annotated[str, Field(min_length=1, max_length=8_192)]
    url_secret: Name = "FORWARDC_LOOKUP_URL"  # noqa: S105 - the name of one
    timeout: Annotated[float, Field(gt=0, le=30)] = 2.0
    connections: Annotated[int, Field(ge=1, le=64)] = 4


class HttpDirectorySettings(_Lookup):
    """A POST of `{"reference": ...}` to the merchant's own service."""

    kind: Literal["http"]
    url: Annotated[str, Field(pattern=r"^https?://")]
    token_secret: Name | None = "FORWARDC_LOOKUP_TOKEN"  # noqa: S105 - the name of one
    timeout: Annotated[float, Field(gt=0, le=30)] = 2.0


DirectorySettings: TypeAlias = Annotated[
    CsvDirectorySettings | SqlDirectorySettings | HttpDirectorySettings, Field(discriminator="kind")
]


class IssuerSettings(_Section):
    """Who issues the access tokens; without a URL, this server does for its own clients.

    `audience` is what `aud` must name. `jwks` is the URL of the issuer's keys.
    """

    url: Annotated[str | None, Field(pattern=r"^https?://")] = None
    jwks: Annotated[str | None, Field(pattern=r"^https?://")] = None
    audience: Annotated[str, Field(min_length=1, max_length=255)] = "forwardc"
    scope: Name = "payment-sharing"
    algorithms: tuple[Literal["RS256", "PS256", "ES256", "ES384", "EdDSA"], ...] = (
        "ES256",
        "RS256",
        "PS256",
        "EdDSA",
    )
    longest_life: Annotated[int, Field(ge=60, le=900)] = 900
    leeway: Annotated[int, Field(ge=0, le=60)] = 30

    @model_validator(mode="after")
    def _both_urls(self) -> "IssuerSettings":
        if (self.url is None) != (self.jwks is None):
            raise ValueError("url and jwks go together")
        return self


class ClientSettings(_Section):
    """What a client may ask for, by its id or its name. A record of its own is only narrowed.

    `destinations` are of those above; `require_identifiers` names what each call must hold.
    """

    destinations: tuple[Name, ...] | None = None
    require_identifiers: tuple[Annotated[str, Field(min_length=1, max_length=64)], ...] = ()


class AdmissionSettings(_Section):
    """The addresses that may call, as CIDR blocks, and the proxies whose word counts.

    `allow` is for the payment-sharing API and its token endpoint, `callbacks` for what destinations
    call, `staff` for the dashboard and metrics. Empty lets loopback in, and nobody else.
    """

    allow: tuple[Network, ...] = ()
    callbacks: tuple[Network, ...] = ()
    staff: tuple[Network, ...] = ()
    trusted_proxies: tuple[Network, ...] = ()


class LimitSettings(_Section):
    """How much a caller may ask. Sizes are bytes."""

    calls_per_minute: Annotated[int, Field(ge=1, le=1_000_000)] = 600
    misses_per_hour: Annotated[int, Field(ge=1, le=100_000)] = 60
    body: Annotated[int, Field(ge=1_024, le=65_536)] = 65_536
    headers: Annotated[int, Field(ge=4_096, le=65_536)] = 16_384
    receive_within: Annotated[float, Field(gt=0, le=60)] = 10.0
    in_flight: Annotated[int, Field(ge=1, le=10_000)] = 256


class ReplaySettings(_Section):
    """How long an answer is replayed: by its reference, and by its Idempotency-Key.

    `wait` is how long a repeat waits for the first one to end.
    """

    window_minutes: Annotated[int, Field(ge=1, le=1_440)] = 60
    key_hours: Annotated[int, Field(ge=1, le=168)] = 24
    wait: Annotated[float, Field(ge=0, le=120)] = 60.0


class TelemetrySettings(_Section):
    """What the server tells: logs as JSON or text, metrics, traces to an OTLP collector."""

    logs: Literal["json", "text"] = "json"
    metrics: bool = True
    traces: Annotated[str | None, Field(pattern=r"^https?://")] = None


class ServerSettings(BaseSettings):
    """All settings of `forwardc serve`."""

    model_config = SettingsConfigDict(
        env_prefix="FORWARDC_SERVER__",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
    )

    # Everything that the environment says is text.
    forwardc: Annotated[
        Literal[1], BeforeValidator(lambda version: 1 if version == "1" else version)
    ] = 1
    server: ListenSettings = ListenSettings()
    run: RunSettings
    plans: PlanSettings = PlanSettings()
    destinations: Annotated[dict[Name, DestinationSettings], Field(min_length=1)]
    lookup: DirectorySettings
    issuer: IssuerSettings = IssuerSettings()
    clients: dict[Annotated[str, Field(min_length=1, max_length=255)], ClientSettings] = {}
    admit: AdmissionSettings = AdmissionSettings()
    limits: LimitSettings = LimitSettings()
    replay: ReplaySettings = ReplaySettings()
    watch: TelemetrySettings = TelemetrySettings()

    tables: ClassVar[dict[str, Any]] = {}
    """What the file says."""

    @model_validator(mode="after")
    def _known_destinations(self) -> "ServerSettings":
        named = {name for rules in self.clients.values() for name in rules.destinations or ()}
        if not named <= self.destinations.keys():
            raise ValueError("clients: a client is bound to what is not below [destinations]")
        return self

    @property
    def plans_at(self) -> Path | CheckoutPath:
        """The build folder; the lock lies beside it."""
        build = self.run.build
        return mounted(build) if self.plans.mounted else build

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then the environment, then the file; nothing else."""
        toml = InitSettingsSource(settings_cls, init_kwargs=cls.tables)
        return (init_settings, env_settings, toml)


def settings_from(tables: dict[str, Any] | None, **overrides: Any) -> ServerSettings:
    """The settings of a parsed file and of the environment. Raises `pydantic.ValidationError`."""
    members = {"tables": tables or {}}
    from_file: type[ServerSettings] = type("SettingsOfFile", (ServerSettings,), members)
    return from_file(**overrides)


def service_mistake(url: str) -> str | None:
    """What is wrong with the URL of a merchant's service; None where nothing is."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return "it is no URL"
    if not host or parts.scheme not in ("http", "https"):
        return "it is no https URL"
    if parts.username is not None or parts.password is not None:
        return "it holds a user or password: give a token by its name instead"
    if parts.fragment:
        return "it has a fragment"
    if parts.scheme == "http" and not _is_loopback(host):
        return "http is for this machine only: use https"
    return None


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
