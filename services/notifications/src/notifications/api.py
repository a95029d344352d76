"""The inbox: each person's own notices, newest first."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query
from pydantic import BaseModel

from chassis.paging import CursorText, Limit, Page
from chassis.problems import problems
from chassis.reading import Reader
from chassis.refusals import Forbidden, NotFound
from chassis.routes import CommandRoute, Work
from events.catalogue.identity import PersonState
from notifications import store
from notifications.notification import NOTIFICATION, MarkRead, Notification
from notifications.sentences import language, reason, sentence

router = APIRouter(prefix="/v1/inbox", tags=["inbox"], route_class=CommandRoute)

MARKED_AT_ONCE = 1_000

AcceptLanguage = Annotated[str | None, Header(description="Overrides the reader's own language", max_length=200)]


class NoticeView(BaseModel):
    """A notice as its recipient reads it."""

    id: UUID
    rule: str
    text: str
    reason: str
    subject_type: str
    subject_id: UUID
    raised_at: datetime
    read_at: datetime | None

    @classmethod
    def of(cls, notice: Notification, spoken: str) -> "NoticeView":
        """The notice in a language."""
        return cls(
            id=notice.id,
            rule=notice.rule,
            text=sentence(notice.rule, notice.facts, spoken),
            reason=reason(notice.rule, spoken),
            subject_type=notice.subject_type,
            subject_id=notice.subject_id,
            raised_at=notice.raised_at,
            read_at=notice.read_at,
        )


class UnreadView(BaseModel):
    """How much is waiting."""

    unread: int


class MarkedView(BaseModel):
    """How many notices were marked; ``unread`` are left."""

    marked: int
    unread: int


@router.get("", responses=problems(Forbidden))
async def list_inbox(
    reader: Reader,
    unread: Annotated[bool, Query(description="Only what has not been read")] = False,
    limit: Limit = 50,
    cursor: CursorText = None,
    accept_language: AcceptLanguage = None,
) -> Page[NoticeView]:
    """Your own notices, newest first."""
    person = _own(reader.principal.person)
    spoken = _language(accept_language, await reader.directory.person(reader.tenant, person))
    cursors = reader.cursors("inbox")
    found = await store.inbox(
        reader.connection, reader.tenant, person, unread=unread, after=cursors.read(cursor), limit=limit + 1
    )
    return cursors.page(
        found, limit, lambda row: NoticeView.of(row[0], spoken), lambda row: (row[0].raised_at, row[0].id)
    )


@router.get("/unread", responses=problems(Forbidden))
async def count_unread(reader: Reader) -> UnreadView:
    """How many of your notices are unread."""
    person = _own(reader.principal.person)
    return UnreadView(unread=await store.unread_count(reader.connection, reader.tenant, person))


@router.post("/{notification_id}/read", responses=problems(Forbidden, NotFound))
async def mark_read(notification_id: UUID, work: Work, accept_language: AcceptLanguage = None) -> NoticeView:
    """Mark one of your notices as read; doing it again changes nothing."""
    person = _own(work.principal.person)
    moment = await work.moment()
    notice = await work.execute(
        NOTIFICATION, notification_id, MarkRead(moment=moment), visible=lambda notice: notice.recipient == person
    )
    return NoticeView.of(notice.state, _language(accept_language, await work.directory.person(work.tenant, person)))


@router.post("/read", responses=problems(Forbidden))
async def mark_all_read(work: Work) -> MarkedView:
    """Mark your unread notices as read, up to a thousand in one call."""
    person = _own(work.principal.person)
    ids = await store.unread_ids(work.connection, work.tenant, person, MARKED_AT_ONCE)
    moment = await work.moment()
    await work.execute_many(NOTIFICATION, [(id_, MarkRead(moment=moment)) for id_ in ids], atomic=True)
    return MarkedView(marked=len(ids), unread=await store.unread_count(work.connection, work.tenant, person))


def _own(person: UUID | None) -> UUID:
    if person is None:
        raise Forbidden("An inbox belongs to a person; this key has none.")
    return person


def _language(accepted: str | None, person: PersonState) -> str:
    asked = [part.partition(";")[0].strip() for part in (accepted or "").split(",") if part.strip()]
    return language(*asked, person.locale)
