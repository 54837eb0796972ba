"""Rows as payloads of the wire: the only place where one becomes the other."""

from chat.presenters.messages import *
from chat.presenters.people import *
from chat.presenters.service import *
from chat.presenters.tickets import *
