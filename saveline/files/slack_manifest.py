"""The manifest of our app at Slack: what it is called, what it may, and where Slack finds us."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

WORDS: dict[str, str] = {
    "name": "Saveline",
    "description": "Save plays that cannot be forgotten",
    "long": (
        "Saveline brings you your part in saving a customer: a task with buttons, in a message to you or in your "
        "department's channel. You do it here, without an account anywhere else. Your Home shows what is open with "
        "you; /saveline shows your tasks, a deal, or what is at risk today."
    ),
    "command": "Your tasks, a deal, or what is at risk today",
    "hint": "[deal 12 | account | risk]",
}


def manifest(scopes: Iterable[str], url: str = "") -> dict[str, Any]:
    """For Socket Mode; with ``url``, where Saveline is reached from the internet, for signed HTTP."""
    at = url.rstrip("/")
    command = {"command": "/saveline", "description": WORDS["command"], "usage_hint": WORDS["hint"]}
    events: dict[str, Any] = {"bot_events": ["app_home_opened"]}
    interactivity: dict[str, Any] = {"is_enabled": True}
    if at:
        command["url"] = f"{at}/slack/command"
        events["request_url"] = f"{at}/slack/events"
        interactivity["request_url"] = f"{at}/slack/interact"
    return {
        "display_information": {
            "name": WORDS["name"],
            "description": WORDS["description"],
            "long_description": WORDS["long"],
            "background_color": "#4a41dd",
        },
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": True,
            },
            "bot_user": {"display_name": WORDS["name"], "always_online": True},
            "slash_commands": [{**command, "should_escape": False}],
        },
        "oauth_config": {"scopes": {"bot": list(scopes)}},
        "settings": {
            "event_subscriptions": events,
            "interactivity": interactivity,
            "org_deploy_enabled": False,
            "socket_mode_enabled": not at,
            "token_rotation_enabled": False,
        },
    }
