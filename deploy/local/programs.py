"""The processes of Redress and of the sandbox: their names, environments and health addresses."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from deploy.local.files import CHECKOUT
from deploy.local.keys import Keys
from deploy.local.layout import Layout
from deploy.local.ports import LOOPBACK
from deploy.local.processes import Command, Process
from deploy.local.token import AUDIENCE
from shared.auth import DEVELOPMENT_ISSUER

SERVICES: Final = ("intake", "tracker", "notifier")
SANDBOX: Final = ("bank", "merchant", "accounts", "node", "sms", "mail")
SMPP_SYSTEM_ID: Final = "redress"


@dataclass(frozen=True, slots=True)
class Backing:
    """Kafka's bootstrap servers, and a DSN per service."""

    kafka: str
    databases: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Program:
    """A process that answers HTTP; ready once `health` answers 200."""

    name: str
    url: str
    health: str
    process: Process


def service(name: str, layout: Layout, backing: Backing, number: int = 1) -> Program:
    """One of the three services; its second instance is called `<name>-2`."""
    url = address(layout, name)
    instance = name if number == 1 else f"{name}-{number}"
    env = service_env(name, layout, backing)
    env["JWKS_CACHE"] = str(layout.data / f"{instance}-jwks.json")
    return Program(
        name, url, f"{url}/health/ready", _process(instance, f"services.{name}", layout, env)
    )


def stand_in(name: str, layout: Layout, backing: Backing) -> Program:
    """One part of the sandbox."""
    url = address(layout, name)
    env = (
        _common(layout, backing.kafka)
        | _sandbox(layout)
        | {
            "PORT": str(layout.ports[name]),
            "DATA_DIR": str(layout.data / name),
        }
    )
    return Program(name, url, f"{url}/health", _process(name, f"sandbox.{name}", layout, env))


def address(layout: Layout, name: str) -> str:
    """The URL of a service or of a part of the sandbox."""
    return f"http://{LOOPBACK}:{layout.ports[name]}"


def service_env(name: str, layout: Layout, backing: Backing) -> dict[str, str]:
    """The whole environment of a service, also for its commands."""
    keys = Keys(layout.secrets)
    return (
        _common(layout, backing.kafka)
        | _OUTSIDE[name](layout)
        | {
            "PORT": str(layout.ports[name]),
            f"{name.upper()}_DATABASE_URL": backing.databases[name],
            "REDRESS_KEY_RING": str(keys.ring),
            "JWKS_FILE": str(keys.jwks),
            "JWKS_CACHE": str(layout.data / f"{name}-jwks.json"),
            "TOKEN_ISSUER": DEVELOPMENT_ISSUER,
            "TOKEN_AUDIENCE": AUDIENCE,
        }
    )


def _common(layout: Layout, kafka: str) -> dict[str, str]:
    return dict(os.environ) | {
        "PYTHONUNBUFFERED": "1",
        "HOST": LOOPBACK,
        "KAFKA_BOOTSTRAP_SERVERS": kafka,
        "REDRESS_TOPIC_PREFIX": layout.prefix,
        "REDRESS_WALLET": layout.wallet,
        "REDRESS_PROFILE": layout.profile,
    }


def _intake(_: Layout) -> dict[str, str]:
    return {}


def _tracker(layout: Layout) -> dict[str, str]:
    return {
        "BANK_URL": address(layout, "bank"),
        "MERCHANT_URL": address(layout, "merchant"),
        "ACCOUNTS_URL": address(layout, "accounts"),
        "NODE_URL": address(layout, "node"),
        "NODE_CONFIRMATIONS": "8",
        "NODE_BLOCK_S": "1",
        "NODE_PENDING_S": "6",
        "PUBLIC_URL": address(layout, "tracker"),
        "PARTNER_SECRETS": str(Keys(layout.secrets).partners),
    }


def _notifier(layout: Layout) -> dict[str, str]:
    return _smpp_login(layout) | {
        "SMPP_HOST": LOOPBACK,
        "SMPP_PORT": str(layout.ports["smpp"]),
        "SMTP_HOST": LOOPBACK,
        "SMTP_PORT": str(layout.ports["smtp"]),
        "SMTP_CONNECTIONS": "32",  # the catcher takes as many as come
    }


def _sandbox(layout: Layout) -> dict[str, str]:
    return _smpp_login(layout) | {
        "SMPP_PORT": str(layout.ports["smpp"]),
        "SMTP_PORT": str(layout.ports["smtp"]),
        "PARTNER_SECRETS": str(Keys(layout.secrets).partners),
    }


def _smpp_login(layout: Layout) -> dict[str, str]:
    password = Keys(layout.secrets).smpp_password.read_text()
    return {"SMPP_SYSTEM_ID": SMPP_SYSTEM_ID, "SMPP_PASSWORD": password}


_OUTSIDE: Final = {"intake": _intake, "tracker": _tracker, "notifier": _notifier}


def _process(name: str, module: str, layout: Layout, env: Mapping[str, str]) -> Process:
    argv = (sys.executable, "-m", module)
    return Process(Command(name, argv, env, CHECKOUT, layout.logs / f"{name}.log"))
