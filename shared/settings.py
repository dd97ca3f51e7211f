"""What every service reads from its environment."""

import sys
from typing import TypeVar

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared import kafka
from shared.auth import TokenSettings


class KeyRingSettings(BaseSettings):
    """What opens sealed text."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    redress_key_ring: str = Field(description="path of the key ring file")


class CommonSettings(KeyRingSettings):
    """Environment variables that all three services share; each service adds its own."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    kafka_bootstrap_servers: str = Field(description="host:port of Kafka, comma-separated")
    redress_topic_prefix: str = Field("redress", description="prefix of every topic and group")
    redress_profile: str = Field("default", description="rule profile: default or demo")
    token_issuer: str = Field(description="`iss` that tokens must carry")
    token_audience: str = Field("redress", description="`aud` that tokens must carry")
    jwks_file: str | None = Field(None, description="path of the issuer's public keys")
    jwks_url: str | None = Field(None, description="address of the issuer's public keys")
    jwks_cache: str | None = Field(None, description="path for the last good copy of the keys")
    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(description="port to listen on")
    log_level: str = Field("INFO", description="least level that is logged")

    @property
    def kafka(self) -> kafka.Settings:
        """Kafka's part."""
        return kafka.Settings(self.kafka_bootstrap_servers, self.redress_topic_prefix)

    @property
    def tokens(self) -> TokenSettings:
        """The token issuer's part."""
        return TokenSettings(
            issuer=self.token_issuer,
            audience=self.token_audience,
            jwks_file=self.jwks_file,
            jwks_url=self.jwks_url,
            cache_file=self.jwks_cache,
        )


Read = TypeVar("Read", bound=BaseSettings)


def read(kind: type[Read]) -> Read:
    """The settings, or exit with one line for each variable that is missing or wrong."""
    try:
        return kind()
    except ValidationError as error:
        lines = [f"{str(part['loc'][0]).upper()}: {part['msg']}" for part in error.errors()]
        sys.exit("\n".join(["The environment is not complete:", *lines]))
