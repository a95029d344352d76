"""Every metric of this service."""

from prometheus_client import Counter, Gauge

MAIL_SENT = Counter("notifications_mail_sent", "Mails that the mail server has taken.")
MAIL_FAILED = Counter("notifications_mail_failed", "Attempts that the mail server has not taken.")
MAIL_WAITING = Gauge("notifications_mail_waiting", "Mails that wait to be taken by the mail server.")
