"""GarNet by definition: the loops of nnet_garnet.h, with a mean over the vertices, on exact numbers."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from isobit.engines.reference.kernels import Inputs, assign, register_kernel, values_of
from isobit.engines.reference.numbers import Numbers, joined, where
from isobit.fixed import growth
from isobit.fixed.types import FixedType
from isobit.model.layers.garnet import GarNet
from isobit.model.ops import Tensors

__all__ = ["garnet"]


def _normalize_log2(dividend: Numbers, exponent: int, kind: FixedType) -> Numbers:
    """``dividend >> exponent``, which keeps the format."""
    plain = FixedType(kind.width, kind.integer, kind.signed)
    return assign(dividend * Numbers.exactly(Fraction(1, 1 << exponent)), plain)


def _zeros(count: int, events: int, kind: FixedType) -> list[Numbers]:
    return [Numbers(np.zeros((1, events), dtype=np.int64), kind.fraction, 0) for _ in range(count)]


@register_kernel(GarNet)
def garnet(op: GarNet, tensors: Tensors, inputs: Inputs) -> Numbers:
    """``nnet::garnet`` with ``collapse_mean``."""
    data, nvtx = inputs
    edge_mean, feature_mean = _aggregate(op, tensors[0].type, data, nvtx)
    n_in, aggr_t, res_t = op.n_in, op.aggr, op.output.type
    bias_t, edge_t = op.output_bias.type, op.edge_weight.type
    res = []
    for io in range(op.output.size):
        bias = assign(values_of(op.output_bias)[[io]], aggr_t, bias_t)
        bias = assign(bias * nvtx, aggr_t, growth.product(aggr_t, tensors[1].type))
        acc = assign(assign(_normalize_log2(bias, op.log2_vertices, aggr_t), bias_t, aggr_t), res_t, bias_t)
        for ia in range(op.aggregators):
            ioa = io * op.aggregators + ia
            base = op.transform_bias
            aggr = assign(edge_mean[ia] * values_of(base)[[ioa]], aggr_t, growth.product(edge_t, base.type))
            for ix in range(n_in):
                weight = op.transform_weight
                form = growth.sum_of(aggr_t, growth.product(aggr_t, weight.type))
                aggr = assign(aggr + feature_mean[ia * n_in + ix] * values_of(weight)[[ioa * n_in + ix]], aggr_t, form)
            form = growth.sum_of(res_t, growth.product(edge_t, aggr_t))
            acc = assign(acc + edge_mean[ia] * aggr, res_t, form)
        res.append(acc)
    return joined(res)


def _aggregate(op: GarNet, data_t: FixedType, data: Numbers, nvtx: Numbers) -> tuple[list[Numbers], list[Numbers]]:
    """``aggregate`` and ``set_means_normalized``: means of the edges' weights and of the weighted features."""
    events, n_in, many = data.shape[1], op.n_in, op.aggregators
    sum_t, aggr_t, edge_t = op.edge_weight_aggr, op.aggr, op.edge_weight.type
    unroll = op.vertices >> op.log2_reuse
    edges, features = _zeros(many, events, sum_t), _zeros(many * n_in, events, aggr_t)
    for ivv in range(1 << op.log2_reuse):
        outer: Any = nvtx > ivv * unroll
        local, weighted = _zeros(many, events, sum_t), _zeros(many * n_in, events, aggr_t)
        going = outer
        for ir in range(unroll):
            iv = ivv * unroll + ir
            going = going & ~nvtx.equals(iv)
            vertex = [data[[iv * n_in + ix]] for ix in range(n_in)]
            for ia in range(many):
                weight = _edge_weight(op, data_t, vertex, ia)
                more = assign(local[ia] + weight, sum_t, growth.sum_of(sum_t, edge_t))
                local[ia] = where(going, more, local[ia])
                for ix in range(n_in):
                    iax = ia * n_in + ix
                    incr = assign(vertex[ix] * weight, data_t, growth.product(data_t, edge_t))
                    more = assign(weighted[iax] + incr, aggr_t, growth.sum_of(aggr_t, data_t))
                    weighted[iax] = where(going, more, weighted[iax])
        log2_unroll = op.log2_vertices - op.log2_reuse
        for found, part, kind in ((edges, local, sum_t), (features, weighted, aggr_t)):
            for k, one in enumerate(part):
                total = assign(found[k] + _normalize_log2(one, log2_unroll, kind), kind, growth.sum_of(kind, kind))
                found[k] = where(outer, total, found[k])
    means = [assign(_normalize_log2(one, op.log2_reuse, sum_t), edge_t, sum_t) for one in edges]
    return means, [assign(_normalize_log2(one, op.log2_reuse, aggr_t), aggr_t, aggr_t) for one in features]


def _edge_weight(op: GarNet, data_t: FixedType, vertex: list[Numbers], ia: int) -> Numbers:
    """The distance of a vertex from an aggregator, and the entry that its bits address."""
    weight, kind = op.distance_weight, op.distance
    distance = assign(values_of(op.distance_bias)[[ia]], kind, op.distance_bias.type)
    for ix, value in enumerate(vertex):
        form = growth.product(data_t, weight.type)
        incr = assign(value * values_of(weight)[[ia * op.n_in + ix]], kind, form)
        distance = assign(distance + incr, kind, growth.sum_of(kind, kind))
    index = (distance.raw[0] % (1 << kind.width)).astype(np.int64)
    found = values_of(op.edge_weight)[index]
    return Numbers(found.raw.T, found.fraction, found.bits)
