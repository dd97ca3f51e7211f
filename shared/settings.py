"""What every service reads from its environment."""

import sys
from pathlib import Path
from typing import Final, TypeVar

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared import kafka, rules, wallets
from shared.auth import TokenSettings
from shared.rules import BadProfile, Profile
from shared.wallets import Role, Wallet

# Rules in seconds: they run with the development key, never in front of people.
_DEMONSTRATIONS: Final = frozenset({"demo", "demo-self-custody"})


class ProfileSettings(BaseSettings):
    """Where an operator keeps wallets and rules of its own."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    redress_profiles: str | None = Field(
        None, description="folder with wallets/ and rules/ that are looked at first"
    )

    @property
    def folder(self) -> Path | None:
        """The folder, where there is one."""
        return Path(self.redress_profiles) if self.redress_profiles else None


class KeyRingSettings(BaseSettings):
    """What opens sealed text."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    redress_key_ring: str = Field(description="path of the key ring file")


class CommonSettings(KeyRingSettings):
    """Environment variables that all three services share; each service adds its own."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    kafka_bootstrap_servers: str = Field(description="host:port of Kafka, comma-separated")
    redress_topic_prefix: str = Field("redress", description="prefix of every topic and group")
    redress_wallet: str = Field(description="wallet: a file of shared/wallets, or of your own")
    redress_profile: str | None = Field(
        None, description="rule profile in place of the one that the wallet names"
    )
    token_issuer: str = Field(description="`iss` that tokens must carry")
    token_audience: str = Field("redress", description="`aud` that tokens must carry")
    jwks_file: str | None = Field(None, description="path of the issuer's public keys")
    jwks_url: str | None = Field(None, description="address of the issuer's public keys")
    jwks_cache: str | None = Field(None, description="path for the last good copy of the keys")
    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(description="port to listen on")
    log_level: str = Field("INFO", description="least level that is logged")

    @property
    def wallet(self) -> Wallet:
        """Whose disputes these are. Raises BadProfile."""
        return wallets.load(self.redress_wallet)

    @property
    def rules(self) -> Profile:
        """By which rules disputes are opened. Raises BadProfile."""
        return rules.load(self.redress_profile or self.wallet.rules)

    @property
    def is_demonstration(self) -> bool:
        """Whether tokens of the development key are accepted.

        Only where REDRESS_PROFILE says so itself, as the launcher does: that a wallet's file names
        rules in seconds opens nothing.
        """
        return self.redress_profile in _DEMONSTRATIONS

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
    """The settings, or exit with one line for each variable that is missing or wrong.

    From here on an operator's own wallets and rules are found.
    """
    try:
        look_in_own_folder()
        return _checked(kind())
    except BadProfile as reason:
        sys.exit(str(reason))
    except ValidationError as error:
        lines = [f"{str(part['loc'][0]).upper()}: {part['msg']}" for part in error.errors()]
        sys.exit("\n".join(["The environment is not complete:", *lines]))


def look_in_own_folder() -> None:
    """From here on an operator's own wallets, rules and calendars are found.

    Raises:
        BadProfile: what `REDRESS_PROFILES` names is no folder.

    """
    rules.look_in(ProfileSettings().folder)


def _checked(settings: Read) -> Read:
    """A wallet or rules that cannot be used are refused at the start, by whichever service."""
    if not isinstance(settings, CommonSettings):
        return settings
    wallet, profile = settings.wallet, rules.usable(settings.rules)
    if profile.self_custody is not (wallet.role is Role.SELF_CUSTODY):
        raise BadProfile(
            f"REDRESS_PROFILE: {profile.name} does not fit the wallet {wallet.name}: rules with "
            "`self_custody = true` and the operator's role self_custody go together; "
            f"leave it unset to use {wallet.rules}"
        )
    if wallet.made_up and not settings.is_demonstration:
        raise BadProfile(
            f"REDRESS_WALLET: the {' and '.join(wallet.made_up)} of {wallet.name} are made up, and "
            f"people would be told them: write wallets/YOURS.toml with inherits = "
            f'"{wallet.name}", hotline and brand, and name its folder in REDRESS_PROFILES'
        )
    return settings
