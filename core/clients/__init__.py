"""The client record: people and companies, how to reach them, and everything that happened with them."""

from core.clients.kinds import CLIENTS, ENTRIES, KINDS
from core.clients.tables import Address, Client, Consent, ContactPoint, Entry, Relation

__all__ = [
    "CLIENTS",
    "ENTRIES",
    "KINDS",
    "Address",
    "Client",
    "Consent",
    "ContactPoint",
    "Entry",
    "Relation",
]
