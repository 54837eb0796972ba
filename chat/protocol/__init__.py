"""The wire: every command, event, ack and refusal as a closed shape; docs and types are generated from it.

The shapes are used by one name, `protocol.Ticket`; which side may use which is said by the file that has it.
"""

from chat.protocol.agent import *
from chat.protocol.base import *
from chat.protocol.http import *
from chat.protocol.registry import *
from chat.protocol.shared import *
from chat.protocol.visitor import *
