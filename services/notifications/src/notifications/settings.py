"""What can be told to notifications beyond what every service can be told."""

from pydantic import Field, SecretStr

from chassis.settings import Settings


class NotificationsSettings(Settings):
    """Where mail goes out."""

    smtp_host: str | None = None
    """Mail server; without one notices stay in the inbox."""
    smtp_port: int = Field(default=25, ge=1, le=65_535)
    smtp_username: str | None = None
    smtp_password: SecretStr | None = None
    smtp_start_tls: bool | None = None
    """Absent: encrypt when the server offers it; true: insist; false: never."""
    mail_from: str = "Dealstream <dealstream@localhost>"
