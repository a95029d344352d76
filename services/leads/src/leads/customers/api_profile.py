"""What is known of a prospect beyond facts, over HTTP: answers to surveys and notes about its market.

Both are said once and stay: an answer given anew stands beside the old one, which is its past. They are personal data
and free text, so they stand here alone and in no event.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from chassis.aggregates import Loaded
from chassis.examples import example
from chassis.inputs import Input, LongText, Name
from chassis.paging import CursorText, Limit, Page
from chassis.problems import problems
from chassis.reading import Reader
from chassis.refusals import Forbidden, NotFound
from chassis.routes import CommandRoute, Work
from chassis.unit_of_work import UnitOfWork
from leads import store
from leads.customers import store_profile
from leads.customers.contact import CONTACT
from leads.customers.masking import CLEAR, Sight
from leads.customers.personal_data import PersonalReads, sight_of
from leads.customers.store_profile import ProfileEntry
from leads.customers.views import ReachView
from leads.erasing.erasure import ContactIsErased
from leads.erasing.seeing import refuse_unseen
from leads.inputs import When
from leads.scripts import store as store_needs
from leads.scripts.views import NeedView
from leads.views import ContactView

router = APIRouter(route_class=CommandRoute, tags=["profile"])

NOTES_SHOWN = 20

EntryKind = Literal["survey", "note"]


class AnswerInput(Input):
    """One answer."""

    question: Name
    answer: LongText


class SurveyInput(When):
    """Answers to a survey."""

    survey: Name
    answers: Annotated[list[AnswerInput], Field(min_length=1, max_length=100)]


class MarketNoteInput(When):
    """What somebody learnt about the prospect's market."""

    topic: Name | None = None
    note: LongText


class ProfileEntryView(BaseModel):
    """An answer or a note, by whom and when."""

    id: UUID
    kind: EntryKind
    topic: str | None
    """The survey, or what the note is about."""
    question: str | None
    text: str
    at: datetime
    recorded_at: datetime
    by: str

    @classmethod
    def of(cls, row: Any, sight: Sight = CLEAR) -> "ProfileEntryView":
        return cls(**{**dict(row), "text": sight.of_text(row["text"]), "by": row["actor"]})


class ProfileView(BaseModel):
    """A prospect: facts and own fields, the newest answers to surveys and open questions, the newest notes, what may be
    sent.
    """

    contact: ContactView
    answers: list[ProfileEntryView]
    needs: list[NeedView]
    notes: list[ProfileEntryView]
    reach: ReachView


class EntriesView(BaseModel):
    """What was written."""

    entries: list[ProfileEntryView]


@router.post(
    "/v1/contacts/{contact_id}/survey-answers",
    status_code=201,
    responses=problems(NotFound, ContactIsErased, Forbidden),
    openapi_extra=example(
        {"survey": "Pumps 2026", "answers": [{"question": "How many pumps run today?", "answer": "Twelve."}]}
    ),
)
async def add_survey_answers(contact_id: UUID, body: SurveyInput, work: Work) -> EntriesView:
    """Keep answers. One given anew stands; the one before is its past."""
    entries = [("survey", body.survey, each.question, each.answer) for each in body.answers]
    return await _written(work, contact_id, entries, body.occurred_at)


@router.post(
    "/v1/contacts/{contact_id}/market-notes",
    status_code=201,
    responses=problems(NotFound, ContactIsErased, Forbidden),
    openapi_extra=example({"topic": "competitors", "note": "Two shops nearby have closed."}),
)
async def add_market_note(contact_id: UUID, body: MarketNoteInput, work: Work) -> EntriesView:
    """Keep a note about the prospect's market."""
    return await _written(work, contact_id, [("note", body.topic, None, body.note)], body.occurred_at)


@router.get("/v1/contacts/{contact_id}/profile", responses=problems(NotFound, ContactIsErased))
async def get_profile(contact_id: UUID, reads: PersonalReads, reader: Reader) -> ProfileView:
    """All that is known of a prospect now."""
    await refuse_unseen(reader, contact_id)
    sight = await sight_of(reader.connection, reader.principal)
    answers = await store_profile.newest_answers(reader.connection, reader.tenant, contact_id)
    query = store.Query(reader.tenant)
    query.equal({"contact_id": contact_id, "kind": "note"})
    notes = await store_profile.entries(reader.connection, query, after=None, limit=NOTES_SHOWN)
    said = store.Query(reader.tenant)
    said.equal({"contact_id": contact_id})
    needs = await store_needs.standing(reader.connection, said)
    loaded = await reader.load(CONTACT, contact_id)
    newest = max((row["id"].int for row in (*answers, *needs, *notes)), default=0)
    reader.etag(f"{loaded.version}-{newest:x}-{int(sight.clear)}")
    reads.note(reader.principal, [contact_id])
    return ProfileView(
        contact=ContactView.of(Loaded(sight.of(loaded.state), loaded.version)),
        answers=[ProfileEntryView.of(row, sight) for row in answers],
        needs=[NeedView.of(row, sight) for row in needs],
        notes=[ProfileEntryView.of(row, sight) for row in notes[:NOTES_SHOWN]],
        reach=ReachView.of(loaded),
    )


@router.get("/v1/contacts/{contact_id}/profile-entries", responses=problems(NotFound, ContactIsErased))
async def list_profile_entries(
    contact_id: UUID,
    reads: PersonalReads,
    reader: Reader,
    *,
    kind: EntryKind | None = None,
    limit: Limit = 50,
    cursor: CursorText = None,
) -> Page[ProfileEntryView]:
    """Every answer and note there ever was, the newest first."""
    await refuse_unseen(reader, contact_id)
    cursors = reader.cursors(f"profile entries {contact_id} {kind}")
    query = store.Query(reader.tenant)
    query.equal({"contact_id": contact_id, "kind": kind})
    rows = await store_profile.entries(reader.connection, query, after=cursors.read(cursor), limit=limit)
    reads.note(reader.principal, [contact_id])
    sight = await sight_of(reader.connection, reader.principal)
    return cursors.page(rows, limit, lambda row: ProfileEntryView.of(row, sight), lambda row: [row["id"]])


async def _written(
    work: UnitOfWork, contact_id: UUID, entries: Sequence[tuple[str, str | None, str | None, str]], at: datetime | None
) -> EntriesView:
    await refuse_unseen(work, contact_id)
    moment = await work.moment(at)
    found = [
        ProfileEntry(work.new_id(), contact_id, *each, moment.at, work.now, work.principal.subject) for each in entries
    ]
    await store_profile.write(work.connection, work.tenant, found)
    return EntriesView(entries=[ProfileEntryView.of(each._asdict()) for each in found])
