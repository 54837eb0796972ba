"""Presenters: the payloads of the wire from rows; one function a shape. Those of a feature are in chat/events/."""

from chat.presenters.messages import *
from chat.presenters.people import *
from chat.presenters.service import *
from chat.presenters.tickets import *
