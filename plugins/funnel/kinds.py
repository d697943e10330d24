"""The funnel's kinds of record: what core derives lists, cards, forms, the API, search and imports from."""

from __future__ import annotations

from core.language import _
from core.parts import RecordKind, Section
from plugins.funnel import pipeline_pages
from plugins.funnel.tables import Deal, LostReason, Pipeline, Stage

DEALS = RecordKind(
    key="funnel.deals",
    table=Deal,
    label=_("Deal"),
    label_plural=_("Deals"),
    icon="kanban",
    title=Deal.title,
    client=Deal.client,
    columns=[Deal.title, Deal.client, Deal.stage, Deal.amount, Deal.probability, Deal.expected_close, Deal.owner],
    filters=[
        Deal.pipeline,
        Deal.stage,
        Deal.client,
        Deal.amount,
        Deal.currency,
        Deal.expected_close,
        Deal.opened_on,
        Deal.closed_on,
        Deal.lost_reason,
        Deal.source,
    ],
    search=[Deal.title, Deal.external_id],
    form=[
        Section(_("Deal"), [Deal.title, Deal.client, Deal.pipeline, Deal.stage]),
        Section(_("Money"), [Deal.amount, Deal.currency, Deal.expected_close]),
        Section(_("More"), [Deal.source, Deal.description, Deal.external_id]),
        Section(_("Opened and closed"), [Deal.opened_on, Deal.closed_on, Deal.lost_reason]),
    ],
    match=[("external_id",), ("title", "client")],
)

PIPELINES = RecordKind(
    key="funnel.pipelines",
    table=Pipeline,
    label=_("Pipeline"),
    label_plural=_("Pipelines"),
    icon="kanban",
    title=Pipeline.name,
    columns=[Pipeline.name, Pipeline.position],
    form=[Section(_("Pipeline"), [Pipeline.name, Pipeline.position])],
    match=[("name",)],
    pages={"list": pipeline_pages.show},
    order=900,
)

STAGES = RecordKind(
    key="funnel.stages",
    table=Stage,
    label=_("Stage"),
    label_plural=_("Stages"),
    icon="kanban",
    title=Stage.name,
    columns=[Stage.name, Stage.pipeline, Stage.position, Stage.probability, Stage.outcome],
    filters=[Stage.pipeline],
    form=[
        Section(_("Stage"), [Stage.name, Stage.pipeline, Stage.position, Stage.tone, Stage.probability, Stage.outcome])
    ],
    match=[("pipeline", "name")],
    order=901,
)

REASONS = RecordKind(
    key="funnel.reasons",
    table=LostReason,
    label=_("Reason of a loss"),
    label_plural=_("Reasons of losses"),
    icon="circle-x",
    title=LostReason.name,
    columns=[LostReason.name, LostReason.position],
    form=[Section(_("Reason of a loss"), [LostReason.name, LostReason.position])],
    match=[("name",)],
    order=902,
)
