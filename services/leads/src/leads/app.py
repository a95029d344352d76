"""Leads put together."""

from collections.abc import Sequence
from functools import partial

from chassis.migrate import folder_of
from chassis.resources import Resources
from chassis.service import Service
from events.consumer import Consumer
from events.topics import DEALS_DEAL, DEALS_REFUSAL
from leads import api_leads
from leads.activities import api as api_activities
from leads.activities import api_follow_ups, api_series
from leads.activities.gauges import keep_gauges
from leads.assignment import api_policy
from leads.calendars import api as api_calendars
from leads.calendars import api_feed
from leads.campaigns import api_campaigns, api_spends
from leads.conversions import api as api_conversions
from leads.conversions.reactions import GROUP, REACTIONS, react
from leads.conversions.watching import watch_conversions
from leads.custom import api as api_custom_fields
from leads.customers import (
    api_accounts,
    api_buying,
    api_consents,
    api_contacts,
    api_custody,
    api_opt_outs,
    api_personal_data,
    api_profile,
)
from leads.duplicates.renewing_keys import renew_keys
from leads.erasing import api as api_erasing
from leads.erasing.sweeping import complete_erasures
from leads.forms import api as api_forms
from leads.forms import api_public as api_public_forms
from leads.forms.receiving import forget_paces
from leads.handoffs import api as api_handoffs
from leads.history import api as api_history
from leads.limits import api as api_limits
from leads.limits.expiring import expire_offers
from leads.merging import api as api_merging
from leads.pool import api_pool
from leads.pool.recycling import recycle_leads
from leads.public import PREFIX
from leads.qualification import api_checklists, api_reasons
from leads.qualification.recalling import recall_leads
from leads.responses import api as api_responses
from leads.responses.breaching import breach_responses
from leads.responses.gauges import keep_response_gauges
from leads.scoring import api_rules, api_scores
from leads.scoring.keeping_scores import keep_scores
from leads.scoring.report.command import score_report
from leads.scoring.training_models import train_models
from leads.scripts import api_needs, api_scripts
from leads.settings import LeadsSettings
from leads.timeline import api as api_timeline
from leads.timeline.projection import rebuild_timelines, timeline_consumer
from leads.transfers import api as api_transfers
from leads.transfers.carrying_out import carry_out_transfers, transfer_consumer
from leads.visits import api_plans, api_proof, api_route

TOPICS = (DEALS_DEAL, DEALS_REFUSAL)


def consumers(resources: Resources) -> Sequence[Consumer]:
    """What feeds the reactions, what follows all that happens to accounts, and what hears how far transfers are."""
    handler = partial(react, resources)
    reactions = Consumer(GROUP, TOPICS, handler, resources.pool, resources.kafka, types=tuple(REACTIONS))
    return [reactions, timeline_consumer(resources), transfer_consumer(resources)]


SERVICE = Service(
    name="leads",
    title="Dealstream leads",
    settings=LeadsSettings,
    routers=(
        api_leads.router,
        api_pool.router,
        api_policy.router,
        api_merging.router,
        api_handoffs.router,
        api_conversions.router,
        api_accounts.router,
        api_custody.router,
        api_buying.router,
        api_timeline.router,
        api_transfers.router,
        api_contacts.router,
        api_campaigns.router,
        api_spends.router,
        api_custom_fields.router,
        api_history.router,
        api_consents.router,
        api_opt_outs.router,
        api_personal_data.router,
        api_erasing.router,
        api_profile.router,
        api_forms.router,
        api_public_forms.router,
        api_checklists.router,
        api_reasons.router,
        api_rules.router,
        api_scores.router,
        api_activities.router,
        api_series.router,
        api_follow_ups.router,
        api_calendars.router,
        api_feed.router,
        api_feed.public_router,
        api_plans.router,
        api_proof.router,
        api_route.router,
        api_scripts.router,
        api_needs.router,
        api_limits.router,
        api_responses.router,
    ),
    migrations=folder_of(__file__),
    asks_for_working_time=True,
    commands={"score-report": score_report, "rebuild-timelines": rebuild_timelines},
    urlencoded=(PREFIX,),
    consumers=consumers,
    background=(
        recycle_leads,
        renew_keys,
        forget_paces,
        recall_leads,
        watch_conversions,
        keep_scores,
        train_models,
        keep_gauges,
        expire_offers,
        breach_responses,
        keep_response_gauges,
        carry_out_transfers,
        complete_erasures,
    ),
)
