"""What can be told to notifications beyond what every service can be told."""

from pydantic import Field, SecretStr

from chassis.settings import Settings


class NotificationsSettings(Settings):
    """Where mail goes out."""

    port: int = Field(default=8705, ge=0, le=65_535)
    """Port to listen on; 0 takes a free one."""
    smtp_host: str | None = None
    """Mail server; without one notices stay in the inbox."""
    smtp_port: int = Field(default=25, ge=1, le=65_535)
    """Port of the mail server."""
    smtp_username: str | None = None
    """User at the mail server; absent: without signing in."""
    smtp_password: SecretStr | None = None
    """Its password."""
    smtp_start_tls: bool | None = None
    """Absent: encrypt when the server offers it; true: insist; false: never."""
    mail_from: str = "Dealstream <dealstream@localhost>"
    """Sender of mails."""
