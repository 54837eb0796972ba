"""The console opens the desk for an hour beside its calendar, and closes it again."""

from collections.abc import Callable
from datetime import datetime

from aiohttp import web

from chat import presenters
from chat.domain.calendar import actions
from chat.domain.refusals import NotAllowed
from chat.domain.rules.hours.calendar import Calendar
from chat.domain.service_status import current_service
from chat.store.transaction import Transaction
from chat.web.auth.login import agent_of, unauthorized
from chat.web.core.context import context_of
from chat.web.core.origins import require_own_origin
from chat.web.core.responses import json_response


async def post_opening(request: web.Request) -> web.Response:
    """Open the desk for an hour; it closes by itself. Answers with the Service. For administrators; 409 while the
    regular hours have chats."""
    return await run_action(request, actions.open_for_an_hour)


async def delete_opening(request: web.Request) -> web.Response:
    """End the hour before its time. Answers with the Service. For administrators."""
    return await run_action(request, actions.end_opening)


async def run_action(request: web.Request, action: Callable[[Transaction, datetime], Calendar]) -> web.Response:
    context = context_of(request)
    require_own_origin(context.settings, request)
    agent = await agent_of(request)
    if agent is None:
        return unauthorized()
    if agent.role != "admin":
        raise NotAllowed("administrators only")
    await context.store.write(action, context.clock())
    return json_response(presenters.service(await context.store.read(current_service, await context.domain_context())))
