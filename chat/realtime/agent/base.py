"""An agent's connection: admission by the console's session, rate limits, and the tickets that it follows."""

from collections.abc import Iterable

from chat import presenters, protocol
from chat.domain.audience import ticket_room
from chat.domain.messages.incoming import Post
from chat.domain.messages.read_marks import ReadMark
from chat.domain.people import sessions
from chat.domain.queries import tickets
from chat.domain.refusals import NotAllowed
from chat.realtime.broadcaster import AGENT_NAMESPACE
from chat.realtime.connections import AgentSocket, FollowedTicket, Sockets
from chat.realtime.context import ConnectionInfo
from chat.realtime.message_commands import MessageCommands
from chat.realtime.namespace import NamespaceDeps
from chat.realtime.reconciliation.offer_reconciler import OfferReconciler
from chat.store.rows import TicketRow


class AgentCommands(MessageCommands[AgentSocket]):
    """What the handlers of all agent commands share. Each domain action checks the agent's permission again; a job
    checks the sessions every few seconds."""

    name = AGENT_NAMESPACE
    commands = protocol.AGENT_COMMANDS

    def __init__(self, deps: NamespaceDeps, sockets: Sockets[AgentSocket], offers: OfferReconciler) -> None:
        super().__init__(deps, sockets)
        self.offers = offers

    async def admit(self, sid: str, connection: ConnectionInfo, auth: object) -> AgentSocket:
        """By the console's cookie; NotAllowed without a session. Engine.IO has checked the origin."""
        token_hash = connection.session
        agent = await self.store.read(sessions.agent_for_session, token_hash, self.now()) if token_hash else None
        if token_hash is None or agent is None:
            raise NotAllowed("sign in first")
        return AgentSocket(sid, connection.address, agent.id, agent.name, token_hash)

    def authorise(self, socket: AgentSocket) -> None:
        """NotAllowed once the session has ended: the node disconnects the socket only a moment later."""
        if socket.ended:
            raise NotAllowed("sign in first")

    def on_disconnected(self, socket: AgentSocket) -> None:
        """Release the agent's presence; their grace begins when their last socket has."""
        if socket.presence_key is not None:
            self.services.agent_presence.remove(socket.presence_key)

    def budgets(self, socket: AgentSocket) -> Iterable[tuple[str, int]]:
        yield str(socket.agent_id), self.services.settings.agent_commands

    def post_of(self, socket: AgentSocket, command: protocol.SendMessage) -> Post:
        context = self.agent_presence.latest_context()
        return Post(command.ticket, command.client_id, command.text, context, agent_id=socket.agent_id)

    def read_mark_of(self, socket: AgentSocket, command: protocol.MarkRead) -> ReadMark:
        ticket = socket.tickets[command.ticket]
        return ReadMark(ticket.key, command.seq, self.now(), agent_id=socket.agent_id)

    async def follow_ticket(self, socket: AgentSocket, ticket: str) -> FollowedTicket:
        """Agents may follow every ticket; NotFound when there is none of this id."""

        async def find() -> TicketRow:
            return await self.store.read(tickets.ticket_by_public_id, ticket)

        return await self.follow(socket, ticket, find)

    def start_following(self, socket: AgentSocket, ticket: TicketRow) -> None:
        super().start_following(socket, ticket)
        self.broadcaster.enter(socket.sid, AGENT_NAMESPACE, ticket_room(ticket.id))


def ticket_ack(row: TicketRow) -> protocol.TicketAck:
    """The ack of an action that changed a ticket."""
    return protocol.TicketAck(ticket=presenters.ticket(row))
