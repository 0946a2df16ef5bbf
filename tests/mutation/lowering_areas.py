"""Lowerings of the layers and kernels of the primitives: which functions are mutated, and what compares them."""

# ruff: noqa: E501, a line for each area

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["AREAS", "Area"]


@dataclass(frozen=True)
class Area:
    """Functions that are mutated together.

    Attributes
    ----------
    name
        What they compute.
    road
        What is compared with the C-simulation: ``lowered`` (the engines cpp and cpp-strict), ``every`` (exact as well), ``exact`` (the primitives
        on integers of any width), ``planned`` (cpp alone, every layer and the outputs alone), ``numba`` (the same),
        ``reference``, or ``tests`` (tests by numbers, which run with the mutant).
    module
        Its file.
    functions
        Qualified names, with ``module:`` before those of another one; ``*``: all of the module.
    families
        Networks, by the names of recorded_networks.py and lowering_graphs.py; of ``tests``, what pytest runs.
    """

    name: str
    road: str
    module: str
    functions: tuple[str, ...]
    families: tuple[str, ...]


def _area(name: str, road: str, module: str, functions: str, families: str) -> Area:
    return Area(name, road, module, tuple(functions.split()), tuple(families.split()))


LAYERS, EXACT, CPP, REFERENCE = "model.layers", "engines.exact", "engines.cpp", "engines.reference"
AREAS = {
    area.name: area
    for area in (
        _area("recurrent layer", "lowered", f"{LAYERS}.recurrent", "Recurrent.lower Recurrent.parts", "recurrent"),
        _area("bidirectional layer", "lowered", f"{LAYERS}.recurrent", "Bidirectional.lower Bidirectional.cells", "recurrent"),
        _area(
            "recurrent steps", "lowered", f"{LAYERS}.recurrent_cell",
            "Unrolled.run Unrolled._zeros Unrolled._of_state Unrolled._sum Unrolled._product Unrolled._state "
            "Unrolled._activated Unrolled._formula", "recurrent",
        ),
        _area("LSTM", "lowered", f"{LAYERS}.recurrent_cell", "Unrolled._lstm", "recurrent"),
        _area("GRU", "lowered", f"{LAYERS}.recurrent_cell", "Unrolled._gru", "recurrent"),
        _area("merge", "every", f"{LAYERS}.merge", "Merge.lower Merge._outcome _without_ones", "merge"),
        _area("dot product", "lowered", f"{LAYERS}.merge", "DotProduct.lower _with_one_for_minus_two", "dot"),
        _area("embedding", "lowered", f"{LAYERS}.embedding", "Embedding.lower", "embedding"),
        _area("rows of a table", "every", "model.lookup", "Lookup.row Lookup.entries Lookup.columns Lookup.products Lookup.forms Lookup.others", "embedding table"),
        _area("index into a table", "every", "model.table_index", "_as_int _steps _whole_steps _clamped index_from_zero centred_index top_bits AroundZero.of BelowZero.of Itself.of", "embedding table"),
        _area("distributed arithmetic", "lowered", f"{LAYERS}.distributed", "exact_accumulator _Distributed._read DistributedDense.lower DistributedConvolution.lower", "distributed"),
        _area("einsum dense", "lowered", f"{LAYERS}.einsum", "_places EinsumDense.positions EinsumDense._parts EinsumDense.weight_of EinsumDense.bias_of EinsumDense.lower", "einsum"),
        _area("einsum", "lowered", f"{LAYERS}.einsum", "Einsum.perms_of Einsum.lower", "einsum"),
        _area("quantizer, aligned", "lowered", f"{LAYERS}.quantizer", "_powers _negative _Chain.cast _aligned", "quantizer"),
        _area("quantizer, by format", "lowered", f"{LAYERS}.quantizer", "Quantizer.formats Quantizer._alignable _selected", "quantizer"),
        _area("pooling", "lowered", f"{LAYERS}.pooling", "Pooling.channels Pooling.grid Pooling.windows Pooling.divisors Pooling.lower", "pooling"),
        _area("padding, cropping, upsampling", "lowered", f"{LAYERS}.shape", "ZeroPadding.moved Cropping.moved UpSampling.moved", "shape"),
        _area("concatenation, broadcast, transposition, copy", "lowered", f"{LAYERS}.shape", "Concatenate.moved Broadcast.moved Copy.moved Transpose.moved", "shape merge"),
        _area("movement", "lowered", f"{LAYERS}.movement", "_numbered Movement.index Movement.lower", "shape"),
        _area("batch normalisation", "every", f"{LAYERS}.norm", "BatchNorm.lower", "dense pooling"),
        _area("threshold", "every", f"{LAYERS}.norm", "Threshold.lower", "dense norm"),
        _area("activation", "every", f"{LAYERS}.activation", "Activation.lower _linear _relu _leaky_relu _binary_tanh _ternary_tanh", "dense elementwise activation"),
        _area("hard sigmoid and tanh", "every", f"{LAYERS}.activation", "_hard_sigmoid _hard_tanh", "dense activation"),
        _area("PReLU and ThresholdedReLU", "every", f"{LAYERS}.activation", "_Rectifier.lower PReLU._limit_and_under ThresholdedReLU._limit_and_under", "elementwise"),
        _area("softmax", "lowered", f"{LAYERS}.softmax", "Softmax.lower Softmax.exp_address", "table"),
        _area("table activation", "lowered", f"{LAYERS}.table", "TableActivation.span TableActivation.centred TableActivation.lower", "table"),
        _area("dense", "lowered", f"{LAYERS}.dense", "Dense.lower model.dot:Dot.of model.dot:Dot.counts_matches model.dot:Dot.signs model.dot:Dot.alone model.dot:Dot.windows", "strategies dense convolution"),
        _area("order of sums", "every", "model.accumulation", "kept_weights turns_of accumulation_order shared_order adds_nothing _starts_outside", "strategies dense"),
        _area("pointwise convolution", "lowered", f"{LAYERS}.convolution", "PointwiseConv.positions PointwiseConv.lower", "pooling convolution"),
        _area("convolution", "lowered", f"{LAYERS}.convolution", "Windows.windows Windows.positions Windows.taps Convolution.lower", "convolution"),
        _area("depthwise convolution", "lowered", f"{LAYERS}.convolution", "DepthwiseConvolution.order DepthwiseConvolution.lower _in_order", "convolution"),
        _area("layer normalisation", "every", f"{LAYERS}.layernorm", "LayerNorm.lower LayerNorm.inverse_dim model.table_index:FromZero.of", "normalised"),
        _area("table of every number", "every", f"{LAYERS}.unary_lut", "UnaryLUT.lower model.table_index:Counted.of", "unary normalised"),
        _area("every step", "every", "model.every_step", "_moved every_step model.layers.time_distributed:EveryStep.lower", "steps"),
        _area("exact Dot", "exact", f"{EXACT}.dot", "constants dot _Sums.of _Sums._term", "strategies dense convolution"),
        _area("exact products", "exact", f"{EXACT}.products", "product", "dense dot"),
        _area("exact Reduce", "exact", f"{EXACT}.reduce", "reduced _held _tree", "pooling dot einsum"),
        _area("exact Select and Formula", "exact", f"{EXACT}.formulas", "select formula _taken _branches _is_over _evaluated _multiplied", "shape merge elementwise dense activation norm quantizer"),
        _area("exact Lookup", "exact", f"{EXACT}.tables", "lookup _looked_up _raw", "embedding table"),
        _area("exact Softmax", "exact", f"{EXACT}.tables", "softmax _normalised _latency _stable _legacy _argmax", "table"),
        _area("cpp maps", "planned", f"{CPP}.maps", "_linear _sequential _rounded_products _gather tiles row_tiles _sparse pairs", "dense lanes strategies convolution merge pooling"),
        _area("cpp windows", "planned", f"{CPP}.windows", "WindowMaps.at WindowMaps._of_kind WindowMaps._rows_by_kind WindowMaps._packing", "convolution"),
        _area("cpp windows: pairs", "tests", f"{CPP}.windows", "_paired WindowMaps._marks", "tests/engines/test_window_pairs.py"),
        _area("cpp positions", "planned", f"{CPP}.positions", "moved position_weights in_place sliced window_steps", "convolution pooling einsum recurrent"),
        _area("plan: moves", "planned", "plan.moves", "folded _with_dots _is_plain _dot _only_moves _reading_through _through", "moves dot"),
        _area("plan: softmax", "planned", "plan.softmax", "softmax_stages _entry _Stages.add", "softmax"),
        _area("plan: reductions", "planned", "plan.reduce", "reduce_map _picked _largest _sums _total division_steps", "dot pooling"),
        _area("plan: steps", "tests", "plan.steps", "Affine.bounds Affine.bits Round.bounds Round.bits ScaleFloor.of ScaleFloor.products ScaleFloor.bounds ScaleFloor.bits Clamp.of Folding.bounds Folding.bits Law.bounds Slopes.bounds Slopes.bits AtLeast.bounds AtLeast.bits Between.bounds Between.bits LookUp.bounds LookUp.bits", "tests/analysis/test_plan_steps.py"),
        _area("plan: lanes", "tests", "plan.lanes", "variants _affine_of_channels _half_in_start _in_one _int16 _plain _steps_in _steps_within_int16 _dot16 _floor32 _mulhi16 _within _split", "tests/analysis/test_plan_steps.py"),
        _area("plan: costs", "tests", "plan.costs", "*", "tests/analysis/test_plan_steps.py"),
        _area("plan: expressions", "tests", "plan.formula", "*", "tests/analysis/test_plan_expressions.py"),
        _area("plan: lookups", "tests", "plan.lookup", "*", "tests/analysis/test_plan_lookup.py"),
        _area("plan: sums", "tests", "plan.stages", "factors_of _dot _free_sum _cast_sum folding_of", "tests/analysis/test_plan_stages.py"),
        _area("plan: windows", "tests", "plan.windows", "*", "tests/analysis/test_plan_windows.py"),
        _area("plan: stages", "tests", "plan.graph", "*", "tests/analysis/test_plan_stages.py"),
        _area("plan: pairs of int16", "tests", "plan.gathered", "*", "tests/analysis/test_plan_gathered.py"),
        _area("plan: a format for every element", "tests", "plan.fit", "Fit.of Fit.bounds Fit.constants _modulo fitted _first_fit _before", "tests/engines/test_fit.py"),
        _area("plan: twins", "tests", "plan.twins", "*", "tests/engines/test_bands_and_twins.py"),
        _area("cpp bands", "tests", f"{CPP}.bands", "Band.parts Band.held bands_of _ending_at _divisible _band _ends _read", "tests/engines/test_bands_and_twins.py"),
        _area("numba tables", "numba", "engines.numba.tables", "_Tables.place _Tables.add_constants _Tables.add_passes _Tables.add_targets _Tables.add_order _stage _orders _gathered _rounding_down _ends _any_rounding _kind _constants", "dense lanes strategies convolution merge pooling"),
        _area("numba passes", "numba", "engines.numba.steps", "Pass.part Pass.constants _turns float_passes integer_passes _clamp _common", "dense lanes quantizer elementwise table embedding recurrent"),
        _area("numba gather", "numba", "engines.numba.gathered", "combining gather_constants", "pooling merge convolution"),
        _area("numba gather, compiled", "tests", "engines.numba.gathered", "_sum _product _minimum _maximum combine_tile", "tests/engines/test_numba_kernels.py::test_gathered_rows"),
        _area("numba passes, compiled", "tests", "engines.numba.passes", "_line _floor _near _round_float round_integer _wrap _zero _slopes _at_least _between finish", "tests/engines/test_numba_kernels.py::test_passes"),
        _area("numba tiles, compiled", "tests", "engines.numba.tiles", "tile_constants _linear _rounded _round _clamp _general", "tests/engines/test_numba_kernels.py::test_tiles"),
        _area("numba rows, compiled", "tests", "engines.numba.rows", "convert gather lay", "tests/engines/test_numba_kernels.py::test_conversion tests/engines/test_numba_kernels.py::test_entering tests/engines/test_numba_kernels.py::test_laying_down"),
        _area("numba vectors", "tests", "engines.numba.vectors", "Vectors.events Vectors.switch Vectors.at Vectors.load Vectors.store Vectors.repeat Vectors.taken Vectors.splat Vectors.number Vectors.call Vectors.add Vectors.subtract Vectors.multiply Vectors.multiply_add Vectors.compare Vectors.clamp Vectors.floor Vectors.convert pointer", "tests/engines/test_numba_vectors.py"),
        _area("front end: einsums", "tests", "frontends.hls4ml.einsum", "_numbers _check_strategy _transposed _einsum_dense _einsum", "tests/families/test_hgq2_nodes.py"),
        _area("front end: quantizers and tables", "tests", "frontends.hls4ml.quantizer", "_quantizer frontends.hls4ml.unary_lut:_unary_lut", "tests/families/test_hgq2_nodes.py"),
        _area("front end: files of Keras 3", "tests", "frontends.keras3_config", "check_architecture _Check.value _Check._word _Check._entries _Check._object _tensors _check_connections", "tests/strangers/test_keras3_config.py"),
        _area("reference of recurrent layers", "reference", f"{REFERENCE}.recurrent", "*", "recurrent"),
        _area("reference of merges", "reference", f"{REFERENCE}.merge", "*", "merge dot"),
        _area("reference of convolutions", "reference", f"{REFERENCE}.convolution", "*", "convolution pooling"),
        _area("reference of movements", "reference", f"{REFERENCE}.shape", "*", "shape merge"),
        _area("reference of activations", "reference", f"{REFERENCE}.activation", "*", "dense elementwise activation"),
        _area("reference of GarNet", "reference", f"{REFERENCE}.garnet", "*", "garnet"),
        _area("reference of pooling", "reference", f"{REFERENCE}.pooling", "*", "pooling"),
        _area("reference of quantizers", "reference", f"{REFERENCE}.quantizer", "*", "quantizer"),
        _area("reference of einsums", "reference", f"{REFERENCE}.einsum", "*", "einsum"),
        _area("reference of embeddings", "reference", f"{REFERENCE}.embedding", "*", "embedding"),
        _area("reference of distributed arithmetic", "reference", f"{REFERENCE}.distributed", "*", "distributed"),
        _area("reference of softmax", "reference", f"{REFERENCE}.softmax", "*", "table"),
        _area("reference of tables", "reference", f"{REFERENCE}.table", "*", "table recurrent"),
        _area("reference of normalisation", "reference", f"{REFERENCE}.norm", "*", "dense norm pooling"),
    )
}  # fmt: skip
