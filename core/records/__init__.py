"""Records: everything people keep. Declared once as a kind; read in scope, written through one journalled path."""

from core.language import _
from core.parts import Permission
from core.records import past
from core.records.bulk import check_many, read_many
from core.records.checking import message
from core.records.checksum import checksum
from core.records.columns import Choice, Choices, Email, Money, Option, Phone, Web
from core.records.fields import Field, LongTextField, pretty_phone
from core.records.happened import EVENTS, Changed, Created, Deleted, Restored
from core.records.link_fields import TEAM, USER, LineListField, LinkField, TagsField
from core.records.looking import catalogues, find, lookup, titles
from core.records.query import (
    LONGEST_PAGE,
    PAGE,
    Filter,
    Page,
    Query,
    encode_cursor,
    filter_sql,
    filter_text,
    parse_filter,
    parse_query,
    query_string,
)
from core.records.reading import MASK, finish_rows, get, may, scope_of, select
from core.records.removal import delete, merge, merge_preview, restore
from core.records.search import body_of, digits, in_other_layout, normalise, search_everything, sorting_key
from core.records.table import Line, Record, UnscopedAccess
from core.records.typed_fields import BooleanField, ChoiceField, MomentField, MoneyField, badge
from core.records.undo import undo
from core.records.view import CUSTOM_TYPES, KindView, LinesView, path_of, reload, view, view_for, views
from core.records.writing import create, create_many, search_row, update, update_many

UNDO_OTHERS = "core.operations.undo"

PERMISSIONS = [past.PERMISSION, Permission(key=UNDO_OTHERS, label=_("Undo what others did"), roles=("manager",))]

__all__ = [
    "CUSTOM_TYPES",
    "EVENTS",
    "LONGEST_PAGE",
    "MASK",
    "PAGE",
    "PERMISSIONS",
    "TEAM",
    "USER",
    "BooleanField",
    "Changed",
    "Choice",
    "ChoiceField",
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
    "LongTextField",
    "MomentField",
    "Money",
    "MoneyField",
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
    "catalogues",
    "check_many",
    "checksum",
    "create",
    "create_many",
    "delete",
    "digits",
    "encode_cursor",
    "filter_sql",
    "filter_text",
    "find",
    "finish_rows",
    "get",
    "in_other_layout",
    "lookup",
    "may",
    "merge",
    "merge_preview",
    "message",
    "normalise",
    "parse_filter",
    "parse_query",
    "past",
    "path_of",
    "pretty_phone",
    "query_string",
    "read_many",
    "reload",
    "restore",
    "scope_of",
    "search_everything",
    "search_row",
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
