"""Rules about the conversion: what hls4ml ignored, replaced, or solved for these formats alone."""

from __future__ import annotations

from collections.abc import Iterator

from isobit.bounds.constants import op_constants
from isobit.lint.rules import Context, Finding, rule

__all__: list[str] = []


@rule("IB300", "refused", "error")
def refusal(context: Context) -> Iterator[Finding]:
    """Isobit refuses the network.

    The firmware does not compile, reads beyond an array, or has a layer that isobit does not know; the message says
    which layer, and what to write instead. Found when the network is loaded: no other rule can run then.
    """
    del context
    return iter(())


@rule("IB301", "ignored-key", "warning")
def ignored(context: Context) -> Iterator[Finding]:
    """An entry of the hls4ml configuration has no effect, or another one than it states.

    Misspelt layers and precisions, tables' formats inside Precision, precisions of slots that a layer does not have:
    hls4ml ignores them without a word. Known for models that were converted in this session.
    """
    for remark in context.model.remarks:
        yield Finding("IB301", "warning", remark.layer, "", str(remark), {"key": remark.key, "value": remark.value})


@rule("IB302", "reuse-factor-replaced", "warning")
def reuse(context: Context) -> Iterator[Finding]:
    """The firmware has another reuse factor or strategy than was asked for.

    hls4ml replaces an illegal reuse factor by the closest legal one, and resource_unrolled at reuse factor 1 by
    resource, with one line on the terminal. The interval, the multipliers and sometimes the bits are then others.
    """
    for factor in context.model.reuse_factors:
        if factor.replaced:
            fix = f"ask for {factor.strategy} with reuse factor {factor.reuse_factor}"
            yield Finding(
                "IB302",
                "warning",
                factor.layer,
                "",
                str(factor).partition(": ")[2],
                {
                    "requested": factor.requested,
                    "reuse_factor": factor.reuse_factor,
                    "requested_strategy": factor.requested_strategy,
                    "strategy": factor.strategy,
                },
                fix=fix,
            )


@rule("IB303", "trees-for-these-inputs", "note")
def trees(context: Context) -> Iterator[Finding]:
    """Adder trees are solved for the format of their input.

    With distributed arithmetic, da4ml solves each layer's adder tree at conversion for the input's format and the
    weights of the Keras model. A firmware whose input format is edited by hand has trees that lose bits: convert again.
    accum_t and the precisions of weights and biases have no effect on such layers.
    """
    for op in context.graph.ops:
        if "accum" in op.without:  # sums are exact: only adder trees say so
            kind = context.graph.inputs_of(op)[0].type
            words, fix = f"its adder tree is solved for inputs of {kind}", "convert again whenever this format changes"
            yield Finding("IB303", "note", op.name, "", words, {"input": str(kind)}, fix=fix)


@rule("IB304", "index-beyond-vocabulary", "warning")
def vocabulary(context: Context) -> Iterator[Finding]:
    """An embedding's index type holds indices that the vocabulary does not have.

    hls4ml's firmware reads memory beyond the table for them. isobit refuses such a network unless ranges of the inputs
    promise that no such index comes; this rule reminds of the promise, which the firmware does not check.
    """
    for op in context.graph.ops:
        table = next((weight for weight in op_constants(op) if weight.name == "embeddings"), None)
        if table is None:
            continue
        (tensor,) = context.graph.inputs_of(op)
        rows = int(table.shape[0])
        most = int(tensor.type.raw_max * tensor.type.lsb)
        if most >= rows or tensor.type.raw_min < 0:
            yield Finding(
                "IB304",
                "warning",
                op.name,
                "",
                f"{tensor.type} holds indices up to {most}, the vocabulary has {rows}; only the range given for "
                f"{tensor.name!r} keeps them inside",
                {"index": str(tensor.type), "vocabulary": rows},
                fix=f"an index of ap_uint<{max(1, (rows - 1).bit_length())}>, and rows up to a power of two",
            )
