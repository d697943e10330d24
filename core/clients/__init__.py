"""The client record: people and companies, how to reach them, and everything that happened with them."""

from core.clients.demo import DEMO
from core.clients.duplicates import Candidate, Probe, candidates
from core.clients.entries import add_entry, pin_entry
from core.clients.kinds import CLIENTS, ENTRIES, KINDS
from core.clients.routes import API_ROUTES, NAVIGATION, ROUTES, SETTINGS, SLOTS
from core.clients.seeing import connected
from core.clients.tables import Address, Client, Consent, ContactPoint, Entry, Relation
from core.clients.timeline import Item, Timeline, timeline
from core.clients.widgets import PANELS, WIDGETS

__all__ = [
    "API_ROUTES",
    "CLIENTS",
    "DEMO",
    "ENTRIES",
    "KINDS",
    "NAVIGATION",
    "PANELS",
    "ROUTES",
    "SETTINGS",
    "SLOTS",
    "WIDGETS",
    "Address",
    "Candidate",
    "Client",
    "Consent",
    "ContactPoint",
    "Entry",
    "Item",
    "Probe",
    "Relation",
    "Timeline",
    "add_entry",
    "candidates",
    "connected",
    "pin_entry",
    "timeline",
]
