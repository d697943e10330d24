"""Records: everything people keep. Declared once as a kind; read in scope, written through one journalled path."""

from core.language import _
from core.parts import Permission
from core.records.checking import message
from core.records.checksum import checksum
from core.records.columns import Choice, Choices, Email, Money, Option, Phone, Web
from core.records.fields import ChoiceField, Field, LongTextField, MomentField, MoneyField, badge, pretty_phone
from core.records.happened import EVENTS, Changed, Created, Deleted, Restored
from core.records.link_fields import TEAM, USER, LineListField, LinkField, TagsField
from core.records.query import LONGEST_PAGE, PAGE, Filter, Page, Query, filter_sql, filter_text, parse_filter, parse_query, query_string
from core.records.bulk import check_many, read_many
from core.records.reading import MASK, find, finish_rows, get, lookup, may, scope_of, select, titles
from core.records.removal import delete, merge, restore
from core.records.search import body_of, digits, normalise, search_everything, sorting_key
from core.records.table import Line, Record, UnscopedAccess
from core.records.undo import undo
from core.records.view import CUSTOM_TYPES, KindView, LinesView, path_of, reload, view, view_for, views
from core.records.writing import create, create_many, search_row, update, update_many

UNDO_OTHERS = "core.operations.undo"

PERMISSIONS = [Permission(key=UNDO_OTHERS, label=_("Undo what others did"), roles=("manager",))]

__all__ = [
    "CUSTOM_TYPES",
    "ChoiceField",
    "LongTextField",
    "MomentField",
    "MoneyField",
    "PERMISSIONS",
    "check_many",
    "read_many",
    "reload",
    "search_row",
    "EVENTS",
    "LONGEST_PAGE",
    "MASK",
    "PAGE",
    "TEAM",
    "USER",
    "Changed",
    "Choice",
    "Choices",
    "Created",
    "Deleted",
    "Email",
    "Field",
    "Filter",
    "KindView",
    "Line",
    "LineListField",
    "LinesView",
    "LinkField",
    "Money",
    "Option",
    "Page",
    "Phone",
    "Query",
    "Record",
    "Restored",
    "TagsField",
    "UnscopedAccess",
    "Web",
    "badge",
    "body_of",
    "checksum",
    "create",
    "create_many",
    "delete",
    "digits",
    "filter_sql",
    "filter_text",
    "find",
    "finish_rows",
    "get",
    "lookup",
    "may",
    "merge",
    "message",
    "normalise",
    "parse_filter",
    "parse_query",
    "path_of",
    "pretty_phone",
    "query_string",
    "restore",
    "scope_of",
    "search_everything",
    "select",
    "sorting_key",
    "titles",
    "undo",
    "update",
    "update_many",
    "view",
    "view_for",
    "views",
]
