"""Presenters: the only place that makes the payloads of the wire from rows; one function a shape."""

from chat.presenters.messages import *
from chat.presenters.people import *
from chat.presenters.service import *
from chat.presenters.tickets import *
