"""From the blocks of one table to typed rows, with every rule applied and every row accounted for."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from kim_pipeline.contracts.model import Table
from kim_pipeline.reading.blocks import Block
from kim_pipeline.reading.evaluation import Evaluation
from kim_pipeline.reading.share import read_share
from kim_pipeline.reading.table_result import Delivered, TableResult
from kim_pipeline.reading.values import Context


def read_table(
    table: Table, blocks: Sequence[Block], context: Context, delivered: Delivered, known: pa.Table | None
) -> TableResult:
    """Read, validate and account for one table of a part.

    Args:
        table: the contract.
        blocks: the table's blocks, in the workbook's order, with complete headers.
        context: what parsing depends on.
        delivered: the part's facts.
        known: the accepted rows of the table that this one refers to within the delivery; None: not judged.
    """
    shares = [read_share(table, block, context, delivered) for block in blocks]
    evaluation = Evaluation(table, shares, context, delivered)
    evaluation.apply_rules()
    reference = table.reference
    if reference is not None and reference.programme is not None:
        return evaluation.result(pending=evaluation.pending(reference))
    if reference is not None and known is not None:
        evaluation.find_orphans(reference, known)
    evaluation.find_duplicates()
    return evaluation.result(pending=[])
