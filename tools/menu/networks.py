"""The menu: eight look-alikes, the release of hls4ml that writes each, and the class around each, in YAML and C++.

The classes do what emulators of the trigger do: offsets and shifts of integers, binary points that move, integers in
and out, a largest class. YAML and C++ say the same, written separately.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Around:
    """The class around a network.

    Attributes
    ----------
    yaml
        ``wrapper.yml`` without the name of the library.
    members
        C++: the types of inputs and results, and the arrays of the class.
    prepare, predict, read
        C++ statements of the three functions; ``given`` is what the std::any holds, ``result`` what it points to.
    """

    yaml: str
    members: str
    prepare: str
    predict: str
    read: str


@dataclass(frozen=True)
class Network:
    """A network of the menu.

    Attributes
    ----------
    name
        Its name in the zoo.
    release
        The hls4ml that writes it.
    around
        The class around it.
    """

    name: str
    release: str
    around: Around


#: AXOL1TL: (x - offset) >> shift, object by object: transverse momentum, eta, phi; 57 numbers of 19 objects.
_OFFSETS = [0, 4, -2] * 19
_SHIFTS = [5, -1, 1] * 19

_AXOL1TL = Around(
    yaml=f"""interface:
  input: ap_fixed<18,13>[57]
  result: ap_ufixed<18,14,AP_RND_CONV,AP_SAT>
inputs:
  - {{name: objects, type: "ap_fixed<18,13>", size: 57}}
before:
  - {{name: centred, step: subtract, constants: {_OFFSETS}, constant_type: "ap_fixed<10,10>", type: "ap_fixed<18,13>"}}
  - {{name: scaled, step: shift_right, by: {_SHIFTS}}}
network: {{inputs: scaled}}
after:
  - {{name: loss, step: cast, type: "ap_ufixed<18,14,AP_RND_CONV,AP_SAT>"}}
outputs: [loss]
""",
    members="""    typedef ap_fixed<18, 13> given_t;
    typedef ap_ufixed<18, 14, AP_RND_CONV, AP_SAT> answer_t;
    given_t x[57];
    arg0_t scaled[57];
    arg1_t y[1];""",
    prepare="for (int i = 0; i < 57; i++) x[i] = std::any_cast<given_t *>(input)[i];",
    predict="""static const double offset[3] = {0, 4, -2};
        static const int shift[3] = {5, -1, 1};
        for (int i = 0; i < 57; i++) {
            given_t centred = x[i] - ap_fixed<10, 10>(offset[i % 3]);
            scaled[i] = centred >> shift[i % 3];
        }
        TOP(scaled, y);""",
    read="*std::any_cast<answer_t *>(result) = y[0];",
)

_CICADA = Around(
    yaml="""interface:
  input: ap_uint<10>[252]
  result: ap_ufixed<16,8>
inputs:
  - {name: towers, type: "ap_uint<10>", size: 252}
before:
  - {name: energies, step: scale, power: -4}
network: {inputs: energies}
after:
  - {name: anomaly, step: cast, type: "ap_ufixed<16,8>"}
outputs: [anomaly]
""",
    members="""    typedef ap_uint<10> given_t;
    typedef ap_ufixed<16, 8> answer_t;
    given_t x[252];
    arg0_t energies[252];
    arg1_t y[1];""",
    prepare="for (int i = 0; i < 252; i++) x[i] = std::any_cast<given_t *>(input)[i];",
    predict="""for (int i = 0; i < 252; i++) {
            ap_ufixed<10, 6> energy;
            energy.range(9, 0) = x[i].range(9, 0);
            energies[i] = energy;
        }
        TOP(energies, y);""",
    read="*std::any_cast<answer_t *>(result) = y[0];",
)

_SC4 = Around(
    yaml="""interface:
  input: ap_fixed<24,12>[320]
  result: std::pair<std::array<ap_ufixed<8,0>, 8>, ap_fixed<16,6>>
inputs:
  - {name: candidates, type: "ap_fixed<24,12>", size: 320}
network: {inputs: candidates}
after:
  - {name: classes, step: cast, from: softmax, type: "ap_ufixed<8,0>"}
  - {name: correction, step: cast, from: pt, type: "ap_fixed<16,6>"}
outputs: [classes, correction]
""",
    members="""    typedef ap_fixed<24, 12> given_t;
    typedef std::pair<std::array<ap_ufixed<8, 0>, 8>, ap_fixed<16, 6>> answer_t;
    arg0_t x[320];
    arg1_t classes[8];
    arg2_t correction[1];""",
    prepare="for (int i = 0; i < 320; i++) x[i] = std::any_cast<given_t *>(input)[i];",
    predict="TOP(x, classes, correction);",
    read="""answer_t *place = std::any_cast<answer_t *>(result);
        for (int i = 0; i < 8; i++) place->first[i] = classes[i];
        place->second = correction[0];""",
)

_TOOLLIP = Around(
    yaml="""interface:
  input: ap_int<16>[140]
  result: ap_fixed<14,8,AP_TRN,AP_SAT>
inputs:
  - {name: candidates, type: "ap_int<16>", size: 140}
before:
  - {name: scaled, step: scale, power: -8}
network: {inputs: scaled}
after:
  - {name: score, step: cast, type: "ap_fixed<14,8,AP_TRN,AP_SAT>"}
outputs: [score]
""",
    members="""    typedef ap_int<16> given_t;
    typedef ap_fixed<14, 8, AP_TRN, AP_SAT> answer_t;
    given_t x[140];
    arg0_t scaled[140];
    arg1_t y[1];""",
    prepare="for (int i = 0; i < 140; i++) x[i] = std::any_cast<given_t *>(input)[i];",
    predict="""for (int i = 0; i < 140; i++) {
            ap_fixed<16, 8> number;
            number.range(15, 0) = x[i].range(15, 0);
            scaled[i] = number;
        }
        TOP(scaled, y);""",
    read="*std::any_cast<answer_t *>(result) = y[0];",
)

_PUPPI = Around(
    yaml="""interface:
  input: ap_fixed<16,6>[80]
  result: std::pair<ap_fixed<16,6>, ap_fixed<16,6>>
inputs:
  - {name: candidates, type: "ap_fixed<16,6>", size: 80}
network: {inputs: candidates}
after:
  - {name: identified, step: cast, from: score, type: "ap_fixed<16,6>"}
  - {name: momentum, step: cast, from: pt, type: "ap_fixed<16,6>"}
outputs: [identified, momentum]
""",
    members="""    typedef ap_fixed<16, 6> given_t;
    typedef std::pair<ap_fixed<16, 6>, ap_fixed<16, 6>> answer_t;
    arg0_t x[80];
    arg1_t score[1];
    arg2_t momentum[1];""",
    prepare="for (int i = 0; i < 80; i++) x[i] = std::any_cast<given_t *>(input)[i];",
    predict="TOP(x, score, momentum);",
    read="*std::any_cast<answer_t *>(result) = answer_t(score[0], momentum[0]);",
)

_TOPO = Around(
    yaml="""interface:
  input: ap_int<18>[20]
  result: ap_uint<8>
inputs:
  - {name: topology, type: "ap_int<18>", size: 20}
before:
  - {name: scaled, step: scale, power: -10}
network: {inputs: scaled}
after:
  - {name: times, step: scale, power: 8}
  - {name: byte, step: cast, type: "ap_uint<8>"}
outputs: [byte]
""",
    members="""    typedef ap_int<18> given_t;
    typedef ap_uint<8> answer_t;
    given_t x[20];
    arg0_t scaled[20];
    arg1_t y[1];""",
    prepare="for (int i = 0; i < 20; i++) x[i] = std::any_cast<given_t *>(input)[i];",
    predict="""for (int i = 0; i < 20; i++) {
            ap_fixed<18, 8> number;
            number.range(17, 0) = x[i].range(17, 0);
            scaled[i] = number;
        }
        TOP(scaled, y);""",
    read="*std::any_cast<answer_t *>(result) = answer_t(y[0] * ap_ufixed<9, 9>(256));",
)

_EMTF = Around(
    yaml="""interface:
  input: ap_uint<13>[23]
  result: ap_uint<8>[2]
inputs:
  - {name: hits, type: "ap_uint<13>", size: 23}
before:
  - {name: scaled, step: scale, power: -9}
  - {name: centred, step: subtract, constants: [8], constant_type: "ap_fixed<18,6>"}
network: {inputs: centred}
after:
  - {name: times, step: scale, power: 4}
  - {name: bytes, step: cast, type: "ap_uint<8>"}
outputs: [bytes]
""",
    members="""    typedef ap_uint<13> given_t;
    typedef std::array<ap_uint<8>, 2> answer_t;
    given_t x[23];
    arg0_t centred[23];
    arg1_t y[2];""",
    prepare="for (int i = 0; i < 23; i++) x[i] = std::any_cast<given_t *>(input)[i];",
    predict="""for (int i = 0; i < 23; i++) {
            ap_ufixed<13, 4> scaled;
            scaled.range(12, 0) = x[i].range(12, 0);
            centred[i] = scaled - ap_fixed<18, 6>(8);
        }
        TOP(centred, y);""",
    read="""ap_uint<8> *place = std::any_cast<ap_uint<8> *>(result);
        for (int i = 0; i < 2; i++) place[i] = ap_uint<8>(y[i] * ap_ufixed<5, 5>(16));""",
)

_MET = Around(
    yaml="""interface:
  input: std::pair<ap_fixed<32,16>[256], ap_uint<3>[64]>
  result: std::array<ap_fixed<32,16>, 2>
inputs:
  - {name: numbers, type: "ap_fixed<32,16>", size: 256}
  - {name: indices, type: "ap_uint<3>", size: 64}
before:
  - {name: features, step: select, from: numbers, take: ["0:192"]}
  - {name: xy, step: select, from: numbers, take: ["192:256"]}
  - {name: kinds, step: select, from: indices, take: ["0:32"]}
  - {name: charges, step: select, from: indices, take: ["32:64"]}
network: {inputs: features, momenta: xy, kind: kinds, charge: charges}
outputs: [met]
""",
    members="""    typedef ap_fixed<32, 16> number_t;
    typedef std::pair<number_t *, ap_uint<3> *> given_t;
    typedef std::array<number_t, 2> answer_t;
    arg0_t features[192];
    arg1_t xy[64];
    arg2_t kinds[32];
    arg3_t charges[32];
    arg4_t y[2];""",
    prepare="""given_t given = std::any_cast<given_t>(input);
        for (int i = 0; i < 192; i++) features[i] = given.first[i];
        for (int i = 0; i < 64; i++) xy[i] = given.first[192 + i];
        for (int i = 0; i < 32; i++) kinds[i] = given.second[i];
        for (int i = 0; i < 32; i++) charges[i] = given.second[32 + i];""",
    predict="TOP(features, xy, kinds, charges, y);",
    read="""answer_t *place = std::any_cast<answer_t *>(result);
        for (int i = 0; i < 2; i++) (*place)[i] = y[i];""",
)

#: Distributed arithmetic is of 1.2.0 and later; which release a deployed network was written with is not always public.
MENU = (
    Network("axol1tl_v6", "1.3.0", _AXOL1TL),
    Network("cicada_cnn", "1.2.0", _CICADA),
    Network("sc4_tagger", "1.2.0", _SC4),
    Network("toollip_v3", "1.2.0", _TOOLLIP),
    Network("puppi_tau", "1.2.0", _PUPPI),
    Network("topo", "1.0.0", _TOPO),
    Network("emtf_nn", "1.0.0", _EMTF),
    Network("l1_met", "1.3.0", _MET),
)
