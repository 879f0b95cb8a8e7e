"""What comes from Slack and what it is answered, the same by HTTP and by Socket Mode.

Slack waits three seconds for an answer. What takes longer goes on, and its words follow as a message that only whoever
pressed sees. What is said besides the answer (a modal, words, a Home) goes through Slack's API right after it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillWorking
from typing import Any, Final

from sqlalchemy.exc import SQLAlchemyError

from saveline.actions import slack_doing, slack_pages
from saveline.actions.desk import Desk
from saveline.actions.slack_doing import Beside, Closed, Instead, Reaction, Say, Show, Stranger
from saveline.core.facts import Fact
from saveline.notify import slack_payloads
from saveline.notify.channels.blocks import section
from saveline.notify.channels.slack_api import SlackApi, SlackRefuses, api_of, bot_url
from saveline.notify.render import escaped_for_slack
from saveline.notify.slack_modals import TYPED
from saveline.notify.slack_pages import stranger_home
from saveline.notify.slack_payloads import Asked, Challenge, HomeOpened, Pushed, Submitted, Where
from saveline.runtime import Runtime
from saveline.settings import expand

log = logging.getLogger("saveline.web.slack")

PATIENCE: Final = 2.3
"""Seconds after which Slack is answered, whether the work is done or not."""
AT_ONCE: Final = 16
BUSY: Final = "This takes longer than usual. Nothing you typed is lost: send it again in a moment."
BROKEN: Final = "Something went wrong on our side, and nothing was changed. It has been written down. Please try again."
LATER: Final = "This takes a moment; the answer follows."


class Reply(Fact, frozen=True):
    """What Slack is answered: JSON, or nothing but that it arrived."""

    body: Mapping[str, Any] | None = None


class SlackDoor:
    """One a process. ``close`` waits for what is under way."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._work = ThreadPoolExecutor(AT_ONCE, "slack")
        self._apis: dict[str, SlackApi] = {}

    def close(self) -> None:
        self._work.shutdown(wait=True, cancel_futures=True)

    # --- what comes -------------------------------------------------------------------------------------------

    def interaction(self, payload: str | bytes) -> Reply:
        """A button or a modal."""
        what = slack_payloads.interaction(payload)
        match what:
            case Pushed():
                return self._pushed(what)
            case Submitted():
                return self._submitted(what)
            case None:
                return Reply()  # a link that was followed, a modal that was closed: nothing to us

    def command(self, fields: Mapping[str, Any]) -> Reply:
        """``/saveline``."""
        question = slack_payloads.asked(fields)
        if question is None:
            return Reply()
        job = self._work.submit(self._answer, question)
        blocks = self._within(job)
        if blocks is None:
            job.add_done_callback(lambda done: self._follow_up(question, done))
            return Reply({"response_type": "ephemeral", "text": LATER})
        return Reply({"response_type": "ephemeral", "text": "Saveline", "blocks": blocks})

    def event(self, body: str | bytes) -> Reply:
        """Something happened: a Home was opened."""
        match slack_payloads.happened(body):
            case Challenge(word):
                return Reply({"challenge": word})
            case HomeOpened(user):
                self._later(self._publish, user)
        return Reply()

    # --- buttons and modals -----------------------------------------------------------------------------------

    def _pushed(self, push: Pushed) -> Reply:
        job = self._work.submit(self._reaction, lambda desk: slack_doing.pushed(desk, push))
        job.add_done_callback(lambda done: self._later(self._react, done.result(), push))
        self._within(job)
        return Reply()

    def _submitted(self, sent: Submitted) -> Reply:
        job = self._work.submit(self._reaction, lambda desk: slack_doing.submitted(desk, sent))
        reaction = self._within(job)
        match reaction:
            case Beside(errors):
                return Reply({"response_action": "errors", "errors": errors})
            case Instead(view):
                return Reply({"response_action": "update", "view": view})
            case None:
                return Reply({"response_action": "errors", "errors": dict.fromkeys(list(sent.answers)[:1], BUSY)})
            case _:
                self._later(self._react, reaction, sent)
                return Reply({"response_action": "clear"})

    def _reaction(self, act: Callable[[Desk], Reaction]) -> Reaction:
        """What comes of it. A database that is away, or a bug of ours, is said to whoever pressed."""
        try:
            return act(self._runtime.desk())
        except SQLAlchemyError as error:
            log.error("the database did not take it: %s", type(error).__name__)
        except Exception:
            log.exception("a bug: please report it")
        return Say(BROKEN)

    def _react(self, reaction: Reaction, to: Pushed | Submitted) -> None:
        """Whatever is to be said or shown besides the answer."""
        match reaction:
            case Show(view) if isinstance(to, Pushed):
                self._call("views.open", trigger_id=to.trigger, view=view)
            case Say(words, acted):
                self._tell(to.user, to.where, words)
                if acted:
                    self._publish(to.user)
            case Closed(headline, words) if isinstance(to, Pushed):
                self._close(to, headline, words)
            case Stranger(user):
                self._tell(user, to.where, self._introduction(user), markup=True)

    # --- saying -----------------------------------------------------------------------------------------------

    def _tell(self, user: str, where: Where, words: str, *, markup: bool = False) -> None:
        """To one person and nobody else: where they pressed, or where we cannot speak in their own conversation."""
        text = words if markup else escaped_for_slack(words)
        told: dict[str, Any] = {"text": text, "blocks": [section(text)]}
        thread: dict[str, Any] = {"thread_ts": where.thread} if where.thread else {}
        here = where.channel and self._call(
            "chat.postEphemeral", quietly=True, channel=where.channel, user=user, **thread, **told
        )
        if not here:
            self._call("chat.postMessage", channel=user, **told)

    def _close(self, to: Pushed, headline: str, words: str) -> None:
        """In the place of the message, whose buttons mean nothing any more; else to whoever pressed."""
        text = f"*{escaped_for_slack(headline)}*\n{escaped_for_slack(words)}"
        told: dict[str, Any] = {"text": text, "blocks": [section(text)]}
        here: dict[str, Any] = {"channel": to.where.channel, "ts": to.post}
        if not to.post or not self._call("chat.update", quietly=True, **here, **told):
            self._tell(to.user, to.where, words)

    def _publish(self, user: str) -> None:
        """A person's Home, as it is now."""
        view = slack_pages.home(self._runtime.desk(), user)
        if isinstance(view, Stranger):
            view = stranger_home(self._introduction(user))
        self._call("views.publish", user_id=user, view=view)

    def _answer(self, question: Asked) -> list[Any]:
        try:
            answer = slack_pages.asked(self._runtime.desk(), question)
        except Exception as error:
            log.exception("a command failed")
            return [section(BROKEN if not isinstance(error, SQLAlchemyError) else BUSY.partition(".")[0] + ".")]
        if isinstance(answer, Stranger):
            return [section(self._introduction(question.user))]
        return answer.blocks

    def _follow_up(self, question: Asked, done: Future[list[Any]]) -> None:
        told = {"user": question.user, "text": "Saveline", "blocks": done.result()}
        self._later(self._call, "chat.postEphemeral", channel=question.where.channel, **told)

    def _introduction(self, user: str) -> str:
        """What a stranger is told; with the scope users:read.email, by the name that people.yaml has for them."""
        found = self._call("users.info", quietly=True, user=user) or {}
        email = str(((found.get("user") or {}).get("profile") or {}).get("email") or "")
        return slack_doing.introduction(self._runtime.desk(), user, email)

    # --- Slack's API ------------------------------------------------------------------------------------------

    def _call(self, method: str, *, quietly: bool = False, **arguments: Any) -> dict[str, Any] | None:
        """What Slack answers; None where it refuses or is not there, which is logged unless it is usual."""
        try:
            return self._api().call(method, **arguments)
        except SlackRefuses as refused:
            if not quietly:
                log.warning("Slack does not take %s: %s", method, refused)
        except KeyError as missing:
            log.error("the environment has no %s: Slack cannot be answered", missing.args[0])
        return None

    def _api(self) -> SlackApi:
        """Slack's API by the token of the workspace's Slack channel. Raises KeyError, SlackRefuses."""
        url = bot_url(self._runtime.desk().workspace)
        if not url:
            raise SlackRefuses("saveline.yaml has no channel sslack://…")
        known = expand(url)
        if known not in self._apis:
            self._apis[known] = api_of(known)
        return self._apis[known]

    # --- time -------------------------------------------------------------------------------------------------

    def _within(self, job: Future[Any]) -> Any:
        """What it came to, or None where it takes longer than Slack waits."""
        try:
            return job.result(PATIENCE)
        except StillWorking:
            return None

    def _later(self, work: Callable[..., Any], *arguments: Any, **named: Any) -> None:
        """After the answer. What goes wrong there is logged: nobody is there to be told."""

        def guarded() -> None:
            try:
                work(*arguments, **named)
            except Exception:
                log.exception("what follows an answer to Slack failed")

        try:
            self._work.submit(guarded)
        except RuntimeError:
            log.warning("stopped before Slack was told everything")


__all__ = ["BUSY", "TYPED", "Reply", "SlackDoor"]
