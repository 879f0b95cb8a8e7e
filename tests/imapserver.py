"""A real IMAP server on loopback: dovecot, as a process of its own with its own settings, stopped afterwards."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

import pytest
from imap_tools.mailbox import MailBoxUnencrypted

USER, PASSWORD = "saveline", "s3cret-of-the-mailbox"

_SETTINGS = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain
mail_location = maildir:{folder}/mail/%u
first_valid_uid = 1
default_internal_user = {owner}
default_internal_group = {group}
default_login_user = {user}
mail_uid = {user}
mail_gid = {group_of_user}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = home={folder}/mail/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
"""


class Imapserver:
    """A mailbox that anybody may look into with the right password."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port
        self.url = f"imap://{USER}:{PASSWORD}@127.0.0.1:{port}/INBOX"

    @contextmanager
    def box(self, folder: str = "INBOX") -> Iterator[MailBoxUnencrypted]:
        with MailBoxUnencrypted("127.0.0.1", self.port, timeout=10).login(USER, PASSWORD) as box:
            box.folder.set(folder)
            yield box

    def put(self, raw: bytes) -> None:
        """A mail arrives."""
        with self.box() as box:
            box.append(raw, "INBOX")

    def mails(self, folder: str = "INBOX") -> int:
        """How many lie in a folder; none in one that is not there."""
        with self.box() as box:
            return box.folder.status(folder)["MESSAGES"] if box.folder.exists(folder) else 0


def _settings(folder: Path, port: int) -> str:
    """Root gives the mails to nobody, as dovecot wants it; anybody else keeps them."""
    me = pwd.getpwuid(os.getuid())
    user = pwd.getpwnam("nobody") if me.pw_uid == 0 else me
    for name in ("run", "state", "mail"):
        (folder / name).mkdir()
    os.chown(folder / "mail", user.pw_uid, user.pw_gid)
    folder.chmod(0o755)
    group, of_user = grp.getgrgid(me.pw_gid).gr_name, grp.getgrgid(user.pw_gid).gr_name
    return _SETTINGS.format(
        folder=folder,
        port=port,
        owner=me.pw_name,
        group=group,
        user=user.pw_name,
        group_of_user=of_user,
        password=PASSWORD,
    )


@contextmanager
def imapserver() -> Iterator[Imapserver]:
    program = shutil.which("dovecot") or shutil.which("dovecot", path="/usr/sbin:/usr/local/sbin")
    if program is None:
        if os.environ.get("CI") == "true":
            pytest.fail("dovecot is not installed: apt-get install dovecot-imapd")
        pytest.skip("dovecot is not installed (apt-get install dovecot-imapd): the mailbox is not tried here")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    # Not below pytest's own folder, which is closed to the user to whom root gives the mails.
    with tempfile.TemporaryDirectory(prefix="saveline-imap-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        (folder / "dovecot.conf").write_text(_settings(folder, port))
        command = [program, "-F", "-c", str(folder / "dovecot.conf")]
        with (folder / "out").open("wb") as out:
            process = subprocess.Popen(command, stdout=out, stderr=out)
        try:
            _wait_until_it_answers(process, port, folder)
            yield Imapserver(folder, port)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=20)


def _wait_until_it_answers(process: subprocess.Popen[bytes], port: int, folder: Path) -> None:
    until = monotonic() + 20
    while monotonic() < until and process.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=2) as sock:
                if sock.recv(10).startswith(b"* OK"):
                    return
        except OSError:
            pass
        sleep(0.1)
    log = (folder / "log").read_text() if (folder / "log").is_file() else ""
    pytest.fail(f"dovecot did not start: {(folder / 'out').read_text()}{log}")
