"""Reads the mailbox: answers, and mails that came back."""

from prefect import flow

from flows import shift, shown
from saveline.actions.mail_in import read_mail


@flow(name="mail")
async def mail() -> dict[str, int]:
    """Deal with every mail that lies there; fails where the mailbox does not answer, so that somebody sees it."""
    done = await shift.once(read_mail)
    await shown.mail_read(done)
    return dict(done.counts)
