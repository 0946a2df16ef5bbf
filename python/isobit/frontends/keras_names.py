"""What a Keras file may name: layers, and parts of layers, that consist of numbers alone.

Every class here builds its tensors from numbers. Classes that take a function, a path or a symbol's name (``Lambda``,
``TFOpLambda``, ``StringLookup``, ...) are left out on purpose, and so is everything that is registered at run time.
"""

from __future__ import annotations

__all__ = [
    "ACTIVATIONS",
    "CONSTRAINTS",
    "HGQ2",
    "INITIALIZERS",
    "KERAS3_LAYERS",
    "LAYERS",
    "MODELS",
    "QUANTIZERS",
    "REGULARIZERS",
    "WRAPPERS",
]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


MODELS = _words("Functional Model Sequential")

#: Layers around another layer, which their configuration contains.
WRAPPERS = _words("Bidirectional QBidirectional TimeDistributed")

#: Keras' layers that hls4ml converts or leaves out, and all of QKeras'.
LAYERS = WRAPPERS | _words(
    """
    Activation ActivityRegularization Add AlphaDropout Average AveragePooling1D AveragePooling2D BatchNormalization
    BatchNormalizationV1 BatchNormalizationV2 Concatenate Conv1D Conv2D Cropping1D Cropping2D Dense DepthwiseConv1D
    DepthwiseConv2D Dot Dropout ELU Embedding Flatten GaussianDropout GaussianNoise GlobalAveragePooling1D
    GlobalAveragePooling2D GlobalMaxPooling1D GlobalMaxPooling2D GRU InputLayer LayerNormalization LeakyReLU LSTM
    MaxPooling1D MaxPooling2D Maximum Minimum Multiply Permute PReLU ReLU RepeatVector Reshape SeparableConv1D
    SeparableConv2D SimpleRNN Softmax SpatialDropout1D SpatialDropout2D Subtract ThresholdedReLU UpSampling1D
    UpSampling2D ZeroPadding1D ZeroPadding2D
    QActivation QAdaptiveActivation QAveragePooling2D QBatchNormalization QConv1D QConv2D QConv2DBatchnorm
    QConv2DTranspose QDense QDepthwiseConv2D QDepthwiseConv2DBatchnorm QGRU QGlobalAveragePooling2D QLSTM
    QSeparableConv1D QSeparableConv2D QSimpleRNN
    """
)

#: Keras 3's layers that hls4ml converts or leaves out.
KERAS3_LAYERS = _words(
    """
    Activation Add Average AveragePooling1D AveragePooling2D BatchNormalization Concatenate Conv1D Conv2D Dense
    DepthwiseConv1D DepthwiseConv2D Dropout EinsumDense ELU Flatten GaussianNoise GlobalAveragePooling1D
    GlobalAveragePooling2D GlobalMaxPooling1D GlobalMaxPooling2D InputLayer LeakyReLU MaxPooling1D MaxPooling2D Maximum
    Minimum Multiply Permute PReLU ReLU Reshape SeparableConv1D SeparableConv2D Softmax Subtract ZeroPadding1D
    ZeroPadding2D
    """
)

#: HGQ2's layers that hls4ml converts, and what they are made of.
HGQ2 = _words(
    """
    Constant DefaultBitwidthMapper HardSigmoidConfig HardTanhConfig Max Min MinMax MonoL1 QAdd QAveragePooling1D
    QAveragePooling2D QAveragePow2 QBatchNormalization QBatchNormDense QConv1D QConv2D QDense QDot QEinsum QEinsumDense
    QEinsumDenseBatchnorm QGlobalAveragePooling1D QGlobalAveragePooling2D QGlobalMaxPooling1D QGlobalMaxPooling2D
    QLinformerAttention QMaximum QMaxPooling1D QMaxPooling2D QMeanPow2 QMinimum QMultiHeadAttention QMultiply QSoftmax
    QSubtract QSum Quantizer QuantizerConfig QUnaryFunctionLUT
    """
)

#: QKeras' quantisers; in the text form they may have arguments, ``quantized_bits(6,0,alpha=1)``.
QUANTIZERS = _words(
    """
    bernoulli binary quantized_bits quantized_hswish quantized_po2 quantized_relu quantized_relu_po2 quantized_sigmoid
    quantized_tanh quantized_ulaw stochastic_binary stochastic_ternary ternary
    """
)

#: Functions of Keras and QKeras by name, and layers that Keras takes as an activation.
ACTIVATIONS = _words(
    """
    elu exponential gelu hard_sigmoid leaky_relu linear log_softmax mish relu relu6 selu sigmoid silu softmax softplus
    softsign swish tanh
    binary_sigmoid binary_tanh hard_tanh smooth_sigmoid smooth_tanh
    ELU LeakyReLU PReLU ReLU Softmax ThresholdedReLU
    """
)

_INITIALIZERS = _words(
    """
    Constant GlorotNormal GlorotUniform HeNormal HeUniform Identity LecunNormal LecunUniform Ones Orthogonal
    RandomNormal RandomUniform TruncatedNormal VarianceScaling Zeros
    """
)
INITIALIZERS = (
    _INITIALIZERS
    | {f"{name}V2" for name in _INITIALIZERS}
    | _words(
        """
        QInitializer
        constant glorot_normal glorot_uniform he_normal he_uniform identity lecun_normal lecun_uniform normal one ones
        orthogonal random_normal random_uniform truncated_normal uniform variance_scaling zero zeros
        """
    )
)
REGULARIZERS = _words("L1 L1L2 L2 OrthogonalRegularizer l1 l1_l2 l2 orthogonal_regularizer")
CONSTRAINTS = _words(
    """
    Clip MaxNorm MinMaxNorm NonNeg RadialConstraint UnitNorm
    max_norm maxnorm min_max_norm non_neg nonneg radial_constraint unit_norm unitnorm
    """
)
