"""Environment → frozen settings. Nothing else reads the environment."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Where things are. Every value has a default that works on one machine with no service installed.

    ``SAVELINE_WORKSPACE`` is the folder with saveline.yaml; ``SAVELINE_DATABASE_URL`` a SQLAlchemy URL, by default a
    SQLite file in the workspace; ``SAVELINE_CLOCK`` see :mod:`saveline.clock`; ``SAVELINE_URL`` the address at which
    people reach the web pages, which are served on ``SAVELINE_WEB_HOST`` and ``SAVELINE_WEB_PORT``. ``SAVELINE_KEYS``
    sign links, separated by commas, the newest last: needed on several machines, on one a key is made.

    As Slack's own tools call them: ``SLACK_APP_TOKEN`` opens Socket Mode, ``SLACK_SIGNING_SECRET`` proves that a
    request is Slack's, ``SLACK_API`` is another address of its API.
    """

    model_config = SettingsConfigDict(
        env_prefix="SAVELINE_", frozen=True, extra="ignore", hide_input_in_errors=True, populate_by_name=True
    )

    workspace: Path = Path()
    database_url: SecretStr | None = None
    clock: Path | None = None
    url: str = "http://127.0.0.1:8700"
    web_host: str = "127.0.0.1"
    web_port: int = Field(default=8700, ge=1, le=65535)
    keys: SecretStr | None = None
    slack_signing_secret: SecretStr | None = Field(default=None, validation_alias="SLACK_SIGNING_SECRET")
    slack_app_token: SecretStr | None = Field(default=None, validation_alias="SLACK_APP_TOKEN")
    slack_api: str = Field(default="", validation_alias="SLACK_API")
    prefect_port: int = Field(default=4200, ge=1, le=65535)

    @property
    def state(self) -> Path:
        """The folder for everything Saveline makes itself: database, mailbox, Prefect's home."""
        return self.workspace.resolve() / ".saveline"

    @property
    def database(self) -> str:
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.state / 'saveline.db'}"


_VARIABLE = re.compile(r"\$\{([A-Z][A-Z0-9_]*)\}")


def expand(text: str, environment: Mapping[str, str] = os.environ) -> str:
    """``text`` with each ``${NAME}`` replaced from the environment. Raises KeyError with the first that is missing."""
    return _VARIABLE.sub(lambda m: environment[m[1]], text)
