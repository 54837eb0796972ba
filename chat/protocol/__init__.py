"""The wire protocol: every command, event, ack and refusal as a closed shape; codegen makes docs and types from it.

Other modules write `protocol.Ticket`. The file of a shape says which side uses it: visitor, agent or both (shared).
"""

from chat.protocol.agent import *
from chat.protocol.base import *
from chat.protocol.http import *
from chat.protocol.inbox import *
from chat.protocol.registry import *
from chat.protocol.shared import *
from chat.protocol.visitor import *
