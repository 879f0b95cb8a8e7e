"""Whether the app at Slack is set up: what it may, how presses reach us, and whom Slack knows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

from saveline.actions.desk import Desk
from saveline.core.errors import Missing
from saveline.core.facts import Fact
from saveline.notify.channels.slack_api import WANTED, SlackApi, SlackRefuses, api_of, bot_url
from saveline.settings import Settings, expand

SETUP: Final = "See docs/slack.md."


class Finding(Fact, frozen=True):
    """One thing looked at, as the doctor says it."""

    id: str
    level: Literal["ok", "warning", "error"]
    words: str
    hint: str = ""


class SlackId(Fact, frozen=True):
    """A person without a Slack id, and what to write into people.yaml; '' where Slack does not know the address."""

    name: str
    email: str
    line: str


def examine(desk: Desk, settings: Settings) -> Iterator[Finding]:
    """What is missing before people can act in Slack; nothing where no bot is configured."""
    api = _api(desk)
    if api is None:
        return
    try:
        granted = api.scopes()
    except SlackRefuses as refused:
        yield Finding("slack-token", "error", f"Slack refuses the bot: {refused}", f"Is SLACK_BOT_TOKEN right? {SETUP}")
        return
    for scope in (scope for scope in WANTED if scope not in granted):
        level: Literal["warning", "error"] = "error" if scope == "chat:write" else "warning"
        words = f"The Slack bot has no {scope}: it cannot {WANTED[scope]}"
        yield Finding("slack-scope", level, words, "Add the scope to the app and install it again.")
    yield from _presses(settings)


def _presses(settings: Settings) -> Iterator[Finding]:
    """How presses of buttons reach us."""
    if settings.slack_app_token is not None:
        try:
            SlackApi(settings.slack_app_token.get_secret_value(), settings.slack_api).call("apps.connections.open")
        except SlackRefuses as refused:
            words = f"Slack refuses Socket Mode: {refused}"
            yield Finding("slack-socket", "error", words, f"Is SLACK_APP_TOKEN right, with connections:write? {SETUP}")
        else:
            yield Finding("slack-socket", "ok", "Presses in Slack arrive by Socket Mode")
    elif settings.slack_signing_secret is not None:
        yield Finding("slack-http", "ok", f"Presses in Slack arrive by signed HTTP at {settings.url}/slack/")
    else:
        hint = f"Set SLACK_APP_TOKEN (Socket Mode) or SLACK_SIGNING_SECRET (HTTP). {SETUP}"
        yield Finding("slack-deaf", "warning", "Buttons in Slack do nothing: presses do not reach us", hint)


def missing_ids(desk: Desk) -> list[SlackId]:
    """Everybody active without a Slack id, with the id of their address. Raises Missing where Slack cannot be asked."""
    api = _api(desk)
    if api is None:
        raise Missing("saveline.yaml has no channel sslack://…, or the environment not its token.")
    with desk.reading() as conn:
        people = [p for p in desk.people(conn).by_id.values() if p.active and not p.slack_id]
    found = []
    for person in people:
        try:
            known = api.call("users.lookupByEmail", email=person.email).get("user") or {}
        except SlackRefuses as refused:
            if str(refused) != "users_not_found":
                raise Missing(f"Slack does not say whom it knows: {refused}. {SETUP}") from None
            known = {}
        line = f"slack: {known['id']}" if known.get("id") else ""
        found.append(SlackId(person.name, person.email, line))
    return found


def _api(desk: Desk) -> SlackApi | None:
    url = bot_url(desk.workspace)
    try:
        return api_of(expand(url)) if url else None
    except KeyError:
        return None
