"""Recurrent layers by definition: the loops of nnet_recurrent.h, variable by variable, on exact numbers."""

from __future__ import annotations

import numpy as np

from isobit.engines.reference.activation import activation
from isobit.engines.reference.dense import dense
from isobit.engines.reference.kernels import Inputs, assign, register_kernel
from isobit.engines.reference.numbers import Numbers, joined
from isobit.engines.reference.table import table_activation
from isobit.fixed import growth
from isobit.fixed.types import FixedType
from isobit.model.layers.activation import Activation
from isobit.model.layers.dense import Dense
from isobit.model.layers.recurrent import Bidirectional, Recurrent
from isobit.model.layers.recurrent_cell import Cell
from isobit.model.layers.table import TableActivation
from isobit.model.ops import Tensor, Tensors
from isobit.model.weights import Weight

__all__ = ["bidirectional", "recurrent"]


def _dense(cell: Cell, recurrent: bool, data: Numbers, data_t: FixedType) -> Numbers:
    """``nnet::dense<data_T, accum_t, mult_config1>``, or ``mult_config2`` for the state."""
    weight, bias, reuse = (
        (cell.recurrent_weight, cell.recurrent_bias, cell.recurrent_reuse_factor)
        if recurrent
        else (cell.weight, cell.bias, cell.reuse_factor)
    )
    n_in, n_out = weight.shape
    config = Dense(
        "dense", ("data",), Tensor("res", (n_out,), cell.accum), weight, bias, cell.accum, cell.strategy, reuse
    )
    return dense(config, (Tensor("data", (n_in,), data_t),), (data,))


def _activation(cell: Cell, function: str, table: Weight | None, data: Numbers, data_t: FixedType) -> Numbers:
    """``nnet::activation::relu``, ``sigmoid`` and ``tanh`` of nnet_recr_activations.h, into ``accum_t``."""
    res, tensors = Tensor("res", (len(data),), cell.accum), (Tensor("data", (len(data),), data_t),)
    if table is None:
        return activation(Activation("activation", ("data",), res, function), tensors, (data,))
    return table_activation(TableActivation("activation", ("data",), res, function, table), tensors, (data,))


def _lstm(
    cell: Cell, data: Numbers, data_t: FixedType, h_state: Numbers, s_state: Numbers, res_t: FixedType
) -> tuple[Numbers, Numbers]:
    """``nnet::lstm`` and ``nnet::lstm_static``."""
    n_state, accum_t = cell.n_state, cell.accum
    tmpres = _dense(cell, False, data, data_t)
    tmpres_state = _dense(cell, True, h_state, res_t)
    inputacc_ifo, inputacc_c = [], []
    for iacc in range(3 * n_state):
        index = iacc
        if iacc > 2 * n_state - 1:
            index = iacc + n_state
        inputacc_ifo.append(assign(tmpres[[index]] + tmpres_state[[index]], accum_t, growth.sum_of(accum_t, accum_t)))
    for iacc in range(n_state):
        index = iacc + n_state * 2
        inputacc_c.append(assign(tmpres[[index]] + tmpres_state[[index]], accum_t, growth.sum_of(accum_t, accum_t)))
    tmpres_ifo = _activation(cell, cell.recurrent_activation, cell.recurrent_table, joined(inputacc_ifo), accum_t)
    tmpres_c = _activation(cell, cell.activation, cell.table, joined(inputacc_c), accum_t)
    total = growth.sum_of(growth.product(accum_t, accum_t), growth.product(res_t, accum_t))
    states = []
    for iacc in range(n_state):
        value = tmpres_c[[iacc]] * tmpres_ifo[[iacc]] + s_state[[iacc]] * tmpres_ifo[[iacc + n_state]]
        states.append(assign(value, res_t, total))
    s_state = joined(states)
    s_actstate = _activation(cell, cell.activation, cell.table, s_state, res_t)
    outputs = []
    for iacc in range(n_state):
        value = tmpres_ifo[[iacc + 2 * n_state]] * s_actstate[[iacc]]
        outputs.append(assign(value, res_t, growth.product(accum_t, accum_t)))
    return joined(outputs), s_state


def _gru(cell: Cell, data: Numbers, data_t: FixedType, h_state: Numbers, res_t: FixedType) -> Numbers:
    """``nnet::gru`` and ``nnet::gru_static``."""
    n_state, accum_t = cell.n_state, cell.accum
    both = growth.sum_of(accum_t, accum_t)
    tmpres = _dense(cell, False, data, data_t)
    tmpres_state_zr = _dense(cell, True, h_state, res_t)
    inputacc_zr = [assign(tmpres[[i]] + tmpres_state_zr[[i]], accum_t, both) for i in range(2 * n_state)]
    tmpres_zr = _activation(cell, cell.recurrent_activation, cell.recurrent_table, joined(inputacc_zr), accum_t)
    inputacc_h = []
    for iacc in range(n_state):
        reset = tmpres_zr[[iacc if cell.pytorch else iacc + n_state]]
        product = reset * tmpres_state_zr[[iacc + 2 * n_state]]
        tmpres_state_h = assign(product, accum_t, growth.product(accum_t, accum_t))
        inputacc_h.append(assign(tmpres[[iacc + n_state * 2]] + tmpres_state_h, accum_t, both))
    tmpres_h = _activation(cell, cell.activation, cell.table, joined(inputacc_h), accum_t)
    one_less = growth.difference(FixedType.int_type(32), accum_t)  # 1 - z, an int and an ap_fixed
    total = growth.sum_of(growth.product(accum_t, one_less), growth.product(res_t, accum_t))
    states = []
    for iacc in range(n_state):
        update = tmpres_zr[[iacc + n_state if cell.pytorch else iacc]]
        value = tmpres_h[[iacc]] * (-update + 1) + h_state[[iacc]] * update
        states.append(assign(value, res_t, total))
    return joined(states)


def _step(
    cell: Cell, data: Numbers, data_t: FixedType, h_state: Numbers, s_state: Numbers, res_t: FixedType
) -> tuple[Numbers, Numbers]:
    """Both states after a step; a GRU leaves the second one alone."""
    if cell.kind == "lstm":
        return _lstm(cell, data, data_t, h_state, s_state, res_t)
    return _gru(cell, data, data_t, h_state, res_t), s_state


def _zeros(cell: Cell, data: Numbers, res_t: FixedType) -> Numbers:
    """A state before the first step."""
    return Numbers(np.zeros((cell.n_state, data.shape[1]), dtype=np.int64), res_t.fraction, 0)


@register_kernel(Recurrent)
def recurrent(op: Recurrent, tensors: Tensors, inputs: Inputs) -> Numbers:
    """``lstm_stack`` and ``gru_stack``, from zero or, with initial states as inputs, from those."""
    cell, res_t = op.parts, op.output.type
    data, *given = inputs
    zeros = _zeros(cell, data, res_t)
    h_newstate, s_newstate = [*given, zeros, zeros][:2]
    res = []
    for iloop in range(len(data) // cell.n_in):
        data_in = data[[j + iloop * cell.n_in for j in range(cell.n_in)]]
        h_newstate, s_newstate = _step(cell, data_in, tensors[0].type, h_newstate, s_newstate, res_t)
        res.append(h_newstate)
    return joined(res) if op.sequences else h_newstate


@register_kernel(Bidirectional)
def bidirectional(op: Bidirectional, tensors: Tensors, inputs: Inputs) -> Numbers:
    """``bidirectional_stack``."""
    (data,), (tensor,), res_t = inputs, tensors, op.output.type
    forward, backward = op.cells
    n_in = forward.n_in
    n_sequence = len(data) // n_in
    h_newstate = s_newstate = _zeros(forward, data, res_t)
    h_newstate_back = s_newstate_back = _zeros(backward, data, res_t)
    res: dict[int, Numbers] = {}
    both = forward.n_state + backward.n_state
    for iloop in range(n_sequence):
        data_in = data[[j + iloop * n_in for j in range(n_in)]]
        data_in_back = data[[j + (n_sequence - iloop - 1) * n_in for j in range(n_in)]]
        h_newstate, s_newstate = _step(forward, data_in, tensor.type, h_newstate, s_newstate, res_t)
        h_newstate_back, s_newstate_back = _step(
            backward, data_in_back, tensor.type, h_newstate_back, s_newstate_back, res_t
        )
        for j in range(forward.n_state):
            res[both * iloop + j] = h_newstate[[j]]
        for j in range(backward.n_state):
            res[both * (n_sequence - iloop) - backward.n_state + j] = h_newstate_back[[j]]
    return joined([res[i] for i in range(len(res))]) if op.sequences else joined([h_newstate, h_newstate_back])
