"""What is fuzzed: model files, Keras files, files of events. A case is one file: taken, or refused in one sentence."""

from __future__ import annotations

import copy
import hashlib
import io
import json
import random
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from mutating import as_json, changed_bytes, changed_document, changed_formats, members, write_archive

import isobit as ib
from isobit.errors import IsobitError
from isobit.model import file as model_file

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "api"), str(TESTS / "streaming"), str(TESTS / "strangers"), str(TESTS / "vectors")]


class Finding(Exception):
    """Something that must not be: said in words, with the file kept."""


class Target:
    """Base files, and what is done with a changed one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.taken = self.refused = 0

    def case(self, number: int, seed: int) -> None:
        """Make case ``number`` and try it.

        Raises
        ------
        Finding
            If it is neither taken nor refused as it should be.
        """
        rng = random.Random(f"{seed} {type(self).__name__} {number}")
        path = self.make(rng)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self.read(path, rng)
            self.taken += 1
        except IsobitError as error:
            if path.name not in str(error) and not self.is_later(error):
                raise Finding(f"the refusal does not name the file: {error}") from error
            self.refused += 1
        except Finding:
            raise
        except Exception as error:
            raise Finding(f"{type(error).__name__}: {error}") from error

    def make(self, rng: random.Random) -> Path:
        raise NotImplementedError

    def read(self, path: Path, rng: random.Random) -> None:
        raise NotImplementedError

    def is_later(self, error: IsobitError) -> bool:
        """Whether an error came after the file had been taken."""
        return False


class ModelFiles(Target):
    """Model files with right and wrong checksums; what is taken must give the same bits on every road."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        import graphs

        self.bases = []
        for make in (graphs.every_op, graphs.tiny, graphs.with_softmax, graphs.dense_graph):
            path = folder / f"{make.__name__}.isobit"
            model_file.save_graph(make(), path, overwrite=True)
            self.bases.append(path)
        self.loaded = False

    def make(self, rng: random.Random) -> Path:
        base, path = rng.choice(self.bases), self.folder / "case.isobit"
        if rng.random() < 0.2:
            path.write_bytes(changed_bytes(base.read_bytes(), rng))
            return path
        parts = members(base)
        document = json.loads(parts.pop("isobit.json"))
        if rng.random() < 0.5:
            document["graph"] = changed_formats(document["graph"], rng)
        elif rng.random() < 0.75:
            document["graph"] = changed_document(document["graph"], rng)
        else:
            document = changed_document(document, rng)
        if rng.random() < 0.3:
            name = rng.choice(list(parts))
            parts[name] = self._array(parts[name], rng)
        if rng.random() < 0.9 and isinstance(document, dict):  # a checksum is no secret
            text = json.dumps(document.get("graph"), sort_keys=True, separators=(",", ":"))
            digest = hashlib.sha256(text.encode(errors="surrogatepass"))
            for blob in parts.values():
                digest.update(len(blob).to_bytes(8, "little") + blob)
            document["sha256"] = digest.hexdigest()
        write_archive(path, {"isobit.json": as_json(document, rng), **parts}, rng)
        return path

    @staticmethod
    def _array(blob: bytes, rng: random.Random) -> bytes:
        if rng.random() < 0.2:
            return changed_bytes(blob, rng)
        array = np.load(io.BytesIO(blob))
        flat = array.reshape(-1)
        for _ in range(rng.choice([1, 3])):
            pool = (
                [0, 1, -1, 7, 127, -128, 1 << 40, -(1 << 63)] if array.dtype.kind == "i" else [0.0, -1.5, 1e300, np.nan]
            )
            flat[rng.randrange(flat.size)] = rng.choice(pool)
        kind = rng.randrange(8)
        shaped: Any = {0: array.T, 1: array.astype("f4"), 2: array[:1], 3: flat, 4: array[..., None]}.get(kind, array)
        buffer = io.BytesIO()
        np.save(buffer, shaped)
        return buffer.getvalue()

    def read(self, path: Path, rng: random.Random) -> None:
        self.loaded = False
        model = ib.load(path)
        self.loaded = True
        if sum(t.size for t in model.graph.tensors.values()) > 100_000:
            return
        numbers = np.random.default_rng(rng.randrange(1 << 30))
        x = [numbers.normal(0, 4, (3, *tensor.shape)) for tensor in model.graph.inputs]
        given = x[0] if len(x) == 1 else x
        results: dict[str, Any] = {}
        for engine in ("reference", "numba", "cpp", "cpp-strict"):
            try:
                found = model.predict_raw(given, engine=engine)
            except IsobitError as error:
                results[engine] = error
                continue
            results[engine] = [out.raw.tolist() for out in (found if isinstance(found, list) else [found])]
        bits = {repr(value) for value in results.values() if not isinstance(value, IsobitError)}
        if len(bits) > 1:
            raise Finding(f"the roads disagree: {results}")
        one_law = [isinstance(results[engine], IsobitError) for engine in ("reference", "numba", "cpp")]
        if any(one_law) and not all(one_law):
            raise Finding(f"some roads refuse what others compute: {results}")
        str(model), str(model.plan()), str(model.profile(given))

    def is_later(self, error: IsobitError) -> bool:
        return self.loaded


class KerasFiles(Target):
    """Keras files in both formats, with edits of their architecture; nothing may be run, and nothing hang."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        import keras_attacks as attacks

        self.attacks = attacks
        self.mark = folder / "mark"
        quantizer = {"class_name": "quantized_bits", "config": {"bits": 6, "integer": 0, "alpha": 1.0}}
        quantised = {"kernel_quantizer": quantizer, "bias_quantizer": "quantized_bits(6,0,alpha=1)"}
        self.configs = [
            attacks.architecture(),
            attacks.architecture(attacks.dense(), attacks.layer("r", "ReLU", max_value=6.0)),
            attacks.architecture(
                {**attacks.dense(**quantised), "class_name": "QDense"},
                attacks.layer("a", "QActivation", activation="relu"),
            ),
        ]
        self.values = [*attacks.objects("stranger").values(), *attacks.TEXTS, attacks._operation(self.mark)]
        self.values += [attacks.thing(self.mark), attacks.function(self.mark), attacks._lambda(self.mark)]
        self.values += [
            {"class_name": name, "config": {}} for name in ("Dense", "LSTM", "Sequential", "Policy", "Zeros")
        ]
        sys.path.insert(0, str(folder))  # where the stranger's module is

    def make(self, rng: random.Random) -> Path:
        suffix = rng.choice([".h5", ".keras"])
        path = self.folder / f"case{suffix}"
        config = copy.deepcopy(rng.choice(self.configs))
        if attacked := rng.random() < 0.3:  # code where Keras runs it, perhaps in disguise
            code = copy.deepcopy(rng.choice([self.attacks._operation(self.mark), self.attacks._lambda(self.mark)]))
            config["config"]["layers"].insert(rng.choice([2, len(config["config"]["layers"])]), code)
            config["config"]["output_layers"] = [[code["name"], 0, 0]]
        if rng.random() < (0.5 if attacked else 0.85):
            config = changed_document(config, rng, self.values)
        try:
            (self.attacks.write_h5 if suffix == ".h5" else self.attacks.write_keras)(path, config)
        except (
            TypeError,
            AttributeError,
            ValueError,
            UnicodeError,
            KeyError,
        ):  # what the writer of attacks cannot write
            path.write_bytes(b"PK")
            return path
        if suffix == ".keras" and rng.random() < 0.3:
            parts = members(path)
            name = rng.choice(list(parts))
            parts[name] = changed_bytes(parts[name], rng)
            write_archive(path, parts, rng)
        elif rng.random() < 0.15:
            path.write_bytes(changed_bytes(path.read_bytes(), rng))
        return path

    def read(self, path: Path, rng: random.Random) -> None:
        from isobit.frontends.keras import load_keras_file

        try:
            load_keras_file(path)
        finally:
            if self.mark.exists():
                self.mark.rmdir() if self.mark.is_dir() else self.mark.unlink()
                raise Finding("code of the file was run")


class DataFiles(Target):
    """Files of events in every format; what is read must be numbers of the declared shape."""

    #: HDF5 is opened by a child process, which takes its time; the others come more often.
    suffixes: tuple[str, ...] = ("npy", "npz", "parquet", "root", "npy", "npz", "parquet", "root", "h5")

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        import h5py
        import streaming_files as files

        self.tensor = files.tensor("x", (3,), "ap_fixed<16,6>")
        self.bases: dict[str, list[bytes]] = {}
        for suffix in files.INPUTS:
            self.bases[suffix] = []
            for count in (7, 1000):
                files.write(folder / f"base.{suffix}", files.events(count))
                self.bases[suffix].append((folder / f"base.{suffix}").read_bytes())
        np.savez_compressed(folder / "base.npz", events=files.events(200))
        self.bases["npz"].append((folder / "base.npz").read_bytes())
        with h5py.File(folder / "base.h5", "w") as file:
            file.create_dataset("x", data=files.events(200), chunks=(50, 3), compression="gzip", shuffle=True)
        self.bases["h5"].append((folder / "base.h5").read_bytes())

    def make(self, rng: random.Random) -> Path:
        suffix = rng.choice(self.suffixes)
        path = self.folder / f"case.{suffix}"
        content = rng.choice(self.bases[suffix])
        if suffix == "npz" and rng.random() < 0.5:
            path.write_bytes(content)
            parts = members(path)
            name = rng.choice(list(parts))
            parts[name] = changed_bytes(parts[name], rng)
            write_archive(path, parts, rng)
        else:
            path.write_bytes(changed_bytes(content, rng))
        return path

    def read(self, path: Path, rng: random.Random) -> None:
        from isobit.streaming.readers import Selection, open_input

        reader = open_input([path], self.tensor, Selection())
        try:
            if reader.events < 0 or reader.events > 1 << 40:
                raise Finding(f"{reader.events} events")
            starts = [0, max(0, reader.events - 500), rng.randrange(max(1, min(reader.events, 5000)))]
            for start in starts[: 1 + rng.randrange(3)]:
                stop = min(reader.events, start + 500)
                block = reader.read(start, stop)
                if block.shape != (stop - start, *reader.shape) or block.dtype.kind not in "fiu":
                    raise Finding(f"a block of {block.dtype} and shape {block.shape}")
        finally:
            reader.close()


class VectorFiles(Target):
    """Test bench data, EMP and APx pattern files and their packing: one that is taken gives numbers of the formats."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        import vector_files

        self.tensors = vector_files.network().graph.inputs
        raw = np.random.default_rng(1).integers(-(1 << 15), 1 << 15, (12, 3))
        words, valid, _, _ = vector_files.packed(raw, np.zeros((12, 2), dtype=np.int64))
        self.packing = folder / "packing.yml"
        self.texts = {
            "emp": vector_files.emp(words, valid),
            "emp strobe": vector_files.emp(words, valid, strobe=True),
            "emp 2": vector_files.emp(words, valid, 2),
            "apx": vector_files.apx(words, valid),
            "numbers": "".join(" ".join(f"{v / 1024:.6g}" for v in row) + "\n" for row in raw.tolist()),
        }
        self.description = vector_files.PACKING

    def make(self, rng: random.Random) -> Path:
        path = self.folder / "case.txt"
        self.kind = rng.choice(list(self.texts))
        text, description = self.texts[self.kind].encode(), self.description.encode()
        if self.kind == "numbers" or rng.random() < 0.7:
            text = changed_bytes(text, rng)
        else:
            description = changed_bytes(description, rng)
        if rng.random() < 0.2:  # a line twice, or gone
            lines = text.splitlines(keepends=True)
            at = rng.randrange(len(lines) or 1)
            text = b"".join([*lines[:at], *lines[at : at + 1] * rng.choice([0, 2]), *lines[at + 1 :]])
        path.write_bytes(text)
        self.packing.write_bytes(description)
        return path

    def read(self, path: Path, rng: random.Random) -> None:
        from isobit.vectors import read_vectors

        pattern = self.kind != "numbers"
        try:
            found = read_vectors(path, self.tensors, packing=self.packing if pattern else None)
        except IsobitError as error:
            if self.packing.name in str(error) and path.name not in str(error):
                raise type(error)(f"{path.name}: {error}") from error
            raise
        for given in found:
            values = given.values
            numbers = values.to_float() if isinstance(values, ib.FixedArray) else values
            if numbers.shape[1:] != (3,) or not len(numbers) or not np.isfinite(numbers).all():
                raise Finding(f"numbers of shape {numbers.shape}")
            if isinstance(values, ib.FixedArray) and (abs(values.raw) > 1 << 15).any():
                raise Finding("raw integers beyond the format")


def _wrappers(folder: Path) -> Target:
    from wrapper_files import WrapperFiles

    return WrapperFiles(folder)


def _folders(part: str) -> Callable[[Path], Target]:
    def make(folder: Path) -> Target:
        from folder_files import FolderFiles

        return FolderFiles(folder, part)

    return make


def _documents(name: str) -> Callable[[Path], Target]:
    def make(folder: Path) -> Target:
        import document_files

        target: Target = getattr(document_files, name)(folder)
        return target

    return make


TARGETS: dict[str, Callable[[Path], Target]] = {
    "model": ModelFiles,
    "keras": KerasFiles,
    "data": DataFiles,
    "vectors": VectorFiles,
    "wrappers": _wrappers,
    **{part: _folders(part) for part in ("defines", "parameters", "top", "weights", "generated", "configuration")},
    "libraries": _documents("LibraryFiles"),
    "interfaces": _documents("InterfaceFiles"),
    "certificates": _documents("CertificateFiles"),
}
