"""``webhooks`` and ``internal`` of saveline.yaml: who may call us, and whom we may call inside the house."""

from __future__ import annotations

import re
from typing import Final

from saveline.core.language.problems import Findings
from saveline.core.language.settings_shapes import SettingsShape
from saveline.core.scopes import SCOPES
from saveline.core.workspace import WebhookSource

_VARIABLE: Final = re.compile(r"\$\{[A-Z][A-Z0-9_]*\}")
_HOST: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|[0-9A-Fa-f:]{2,39}")


def webhooks_of(found: Findings, shape: SettingsShape) -> dict[str, WebhookSource]:
    """The sources of signed calls; what is wrong with them is added to ``found``."""
    sources: dict[str, WebhookSource] = {}
    for name, hook in shape.webhooks.items():
        secrets = hook.secret if isinstance(hook.secret, list) else [hook.secret]
        for secret in secrets:
            if not _VARIABLE.fullmatch(secret):
                found.add(
                    ("webhooks", name, "secret"),
                    "the secret is not the name of a variable",
                    "${NAME}, so that no secret stands in this file",
                )
        for i, scope in enumerate(hook.scopes):
            found.known(("webhooks", name, "scopes", i), "scope", scope, SCOPES)
        if not hook.scopes or not secrets:
            what = "a webhook that may send nothing" if secrets else "a webhook without a secret"
            found.add(("webhooks", name), what, "a secret, and scopes like [signals]", key=True)
        sources[name] = WebhookSource(name, tuple(secrets), tuple(hook.scopes))
    return sources


def internal_of(found: Findings, shape: SettingsShape) -> tuple[str, ...]:
    """The hosts of one's own network; what is wrong with them is added to ``found``."""
    for i, host in enumerate(shape.internal):
        if not _HOST.fullmatch(host):
            found.add(
                ("internal", i), f"{host!r} is no host", "a name or an address, like chat.corp.example or 10.0.0.5"
            )
    return tuple(shape.internal)
