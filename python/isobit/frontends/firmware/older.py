"""Which definitions of older releases of hls4ml give the bits of those that isobit's layers have.

Each was read side by side with the one of hls4ml 1.2.0 and 1.3.0 and then compared by the C-simulations of projects
(``tools/firmware_run.py``). What the firmware writes besides - structs, calls - says which release it is of; where
older functions give these bits under a condition, the reader of the layer checks it and takes other releases alone.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["DIRECTIVES", "EMULATED", "KERNELS", "POOLING", "SOFTMAX", "VETTED", "Since", "release"]

#: By definition: the first release that a layer takes, and the first that it takes no more (None: every newer one).
Since = Mapping[str, tuple[str, str | None]]

#: Releases whose functions have the semantics of isobit's layers.
EMULATED = ("1.2.0 vivado", "1.2.0 vitis", "1.3.0 vivado", "1.3.0 vitis")
#: Directives of headers (a chunk ``#``) are vetted from here on: includes and guards.
DIRECTIVES = "0.6.0"


def release(name: str) -> tuple[int, ...]:
    """``(1, 2, 0)`` of ``1.2.0 vitis``."""
    return tuple(int(part) for part in name.partition(" ")[0].split("."))


def _from(first: str, header: str, *names: str) -> dict[str, str]:
    return {f"{header}:{name}": first for name in names}


#: Definitions of older releases that give the bits of :data:`EMULATED`, each with the first of them.
VETTED: Mapping[str, str] = {
    **_from("0.6.0", "nnet_helpers.h", "load_weights_from_txt"),
    **_from("0.6.0", "nnet_types.h", "array"),
    **_from("0.6.0", "nnet_common.h", "strategy", "io_type"),
    **_from("0.6.0", "nnet_dense.h", "dense", "dense_config"),
    **_from("0.6.0", "nnet_dense_resource.h", "dense_resource_rf_gt_nin", "dense_resource_rf_gt_nin_rem0"),
    **_from("0.6.0", "nnet_dense_resource.h", "dense_resource_rf_leq_nin"),
    **_from("0.6.0", "nnet_dense_stream.h", "dense", "dense_wrapper"),
    **_from("0.6.0", "nnet_mult.h", "cast", "mult", "Product"),
    **_from("0.6.0", "nnet_merge.h", "add", "subtract", "multiply", "maximum", "minimum", "concatenate3d_2"),
    **_from("0.6.0", "nnet_merge.h", "merge_config"),
    **_from("0.6.0", "nnet_merge.h", "dot_config", "dot1d"),
    **_from("0.6.0", "nnet_merge_stream.h", "add", "subtract", "multiply", "maximum", "minimum"),
    **_from("0.6.0", "nnet_merge_stream.h", "concatenate3d_0", "concatenate3d_1", "concatenate3d_2"),
    **_from("0.6.0", "nnet_stream.h", "clone_stream", "repack_stream", "transpose_2d"),
    **_from("0.6.0", "nnet_dense_latency.h", "dense_latency"),
    **_from("0.6.0", "nnet_batchnorm.h", "batchnorm_config"),
    **_from("0.6.0", "nnet_activation.h", "linear", "relu", "relu_max", "sigmoid", "tanh", "softplus", "softsign"),
    **_from("0.6.0", "nnet_activation.h", "ternary_tanh", "softmax_implementation"),
    **_from("0.6.0", "nnet_activation_stream.h", "linear", "relu", "sigmoid", "tanh", "softplus", "softsign"),
    **_from("0.6.0", "nnet_activation_stream.h", "softmax", "softmax_legacy"),
    **_from("0.6.0", "nnet_array.h", "transpose_2d", "transpose_3d", "transpose_config"),
    **_from("0.7.1", "nnet_conv1d.h", "conv_1d_cl", "pointwise_conv_1d_cl"),
    **_from("1.0.0", "nnet_conv1d.h", "Conv1DLatency", "Conv1DResource"),
    **_from("1.0.0", "nnet_conv1d_latency.h", "pointwise_conv_1d_latency_cl"),
    **_from("0.7.1", "nnet_conv1d_resource.h", "conv_1d_resource_cl"),
    **_from("0.7.1", "nnet_conv2d.h", "conv_2d_cl", "pointwise_conv_2d_cl"),
    **_from("0.7.1", "nnet_conv2d_resource.h", "conv_2d_resource_cl"),
    **_from("0.7.1", "nnet_conv1d_stream.h", "conv_1d_cl", "conv_1d_buffer_cl", "conv_1d_encoded_cl"),
    **_from("0.7.1", "nnet_conv2d_stream.h", "conv_2d_cl", "conv_2d_buffer_cl", "conv_2d_encoded_cl"),
    **_from("0.7.1", "nnet_conv_stream.h", "mult_buffer", "compute_output_buffer_1d", "compute_output_buffer_2d"),
    **_from("0.7.1", "nnet_sepconv1d_stream.h", "pointwise_conv_1d_cl"),
    **_from("0.7.1", "nnet_sepconv2d_stream.h", "pointwise_conv_2d_cl"),
    **_from("0.7.1", "nnet_sepconv_stream.h", "pointwise_mult_buffer"),
    **_from("0.7.1", "nnet_code_gen.h", "FillConv1DBuffer", "FillConv2DBuffer"),
    **_from("1.0.0", "nnet_pooling.h", "pooling1d_cl", "pooling2d_cl"),
    **_from("0.7.1", "nnet_pooling.h", "pooling1d_config", "pooling2d_config"),
    **_from("0.7.1", "nnet_recurrent.h", "lstm", "lstm_static", "lstm_stack", "lstm_config"),
    **_from("0.7.1", "nnet_recurrent.h", "gru", "gru_static", "gru_stack", "gru_config"),
}

#: Functions that call the kernel which a struct names; before 1.0.0 they chose it by the struct's strategy.
KERNELS = (
    *("nnet_dense.h:dense", "nnet_dense_stream.h:dense_wrapper", "nnet_conv_stream.h:mult_buffer"),
    *("nnet_conv_stream.h:compute_output_buffer_1d", "nnet_conv_stream.h:compute_output_buffer_2d"),
)

#: Pooling of arrays, which had no accumulator of its own until 1.0.0.
POOLING = (
    *("nnet_pooling.h:avg", "nnet_pooling.h:max", "nnet_pooling.h:pool_op", "nnet_pooling.h:pooling1d_cl"),
    *("nnet_pooling.h:pooling2d_cl", "nnet_pooling.h:global_pooling1d_cl", "nnet_pooling.h:global_pooling2d_cl"),
)

#: Softmax had one table size and other types until 1.2.0.
SOFTMAX = (
    *("nnet_activation.h:init_exp_table", "nnet_activation.h:init_invert_table", "nnet_activation.h:softmax"),
    *("nnet_activation.h:softmax_argmax", "nnet_activation.h:softmax_idx_from_real_val"),
    *("nnet_activation.h:softmax_latency", "nnet_activation.h:softmax_legacy", "nnet_activation.h:softmax_stable"),
    *("nnet_activation.h:softmax_real_val_from_idx", "nnet_activation_stream.h:softmax_latency"),
    "nnet_activation_stream.h:softmax_stable",
)
