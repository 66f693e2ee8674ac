"""Finding a model by name among the bundled ones, or by path.

A model is up to three files: `NAME.onnx` (weights stored as fp16),
`NAME.int8.onnx`, and `NAME.safetensors` for PyTorch and for further training.
Needs neither torch nor the ONNX package.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from unblur.errors import ModelError, UnknownNameError
from unblur.facts import METADATA_KEY, NetworkFacts

BUNDLED = Path(__file__).parent / "bundled"
"""The folder of the models that come with the package."""

Form = Literal["onnx", "onnx_int8", "safetensors"]

_ENDINGS: dict[Form, str] = {
    "safetensors": ".safetensors",
    "onnx": ".onnx",
    "onnx_int8": ".int8.onnx",
}
_LONGEST_HEADER = 1 << 20


@dataclass(frozen=True, slots=True)
class StoredModel:
    """A model and the forms in which it lies on this disk."""

    name: str
    files: dict[Form, Path]

    def find(self, form: Form) -> Path:
        """The file of that form; raises ModelError when there is none."""
        if form not in self.files:
            here = ", ".join(path.name for path in self.files.values())
            raise ModelError(
                f"{self.name} has no {_ENDINGS[form]} file; there is: {here}; "
                "choose another runtime or precision"
            )
        return self.files[form]

    def read_facts(self) -> NetworkFacts:
        """What the model says of itself, from its .safetensors file; raises ModelError."""
        if "safetensors" not in self.files:
            raise ModelError(
                f"{self.name}.safetensors, which says what the model is, is not beside "
                f"{next(iter(self.files.values()))}; put it there"
            )
        return read_safetensors_facts(self.files["safetensors"])

    @property
    def size_bytes(self) -> dict[Form, int]:
        """Size of each file."""
        return {form: path.stat().st_size for form, path in self.files.items()}


def list_models() -> list[StoredModel]:
    """The bundled models, by name."""
    names = sorted(path.stem for path in BUNDLED.glob("*.safetensors"))
    return [model_in(BUNDLED, name) for name in names]


def find_model(name_or_path: str | Path) -> StoredModel:
    """The bundled model of that name, or the one in that file, with its int8 form beside it.

    Raises UnknownNameError for an unknown name, ModelError for a file that is
    not there or not of a known kind.
    """
    known = {model.name: model for model in list_models()}
    if str(name_or_path) in known:
        return known[str(name_or_path)]
    path = Path(str(name_or_path))
    if path.suffix not in {".onnx", ".safetensors"}:
        raise UnknownNameError(
            f"no model named {str(name_or_path)!r}; bundled: {', '.join(known)}; "
            "or give the path of an .onnx or .safetensors file"
        )
    if not path.is_file():
        raise ModelError(f"there is no model file {path}; bundled models: {', '.join(known)}")
    forms: list[Form] = [form for form, ending in _ENDINGS.items() if path.name.endswith(ending)]
    form = max(forms, key=lambda form: len(_ENDINGS[form]))
    name = path.name.removesuffix(_ENDINGS[form])
    int8 = files_of(path.parent, name)["onnx_int8"]
    if form == "onnx" and int8.is_file():
        return StoredModel(name, {form: path, "onnx_int8": int8})
    return StoredModel(name, {form: path})


def find_whole_model(name_or_path: str | Path) -> StoredModel:
    """As `find_model` gives it, with every form of it that lies in the same folder."""
    found = find_model(name_or_path)
    return model_in(next(iter(found.files.values())).parent, found.name)


def model_in(folder: Path, name: str) -> StoredModel:
    """The model `name` with every form of it that lies in `folder`."""
    paths = files_of(folder, name)
    return StoredModel(name, {form: path for form, path in paths.items() if path.exists()})


def files_of(folder: Path, name: str) -> dict[Form, Path]:
    """Where every form of the model `name` lies in `folder`, there or not."""
    return {form: folder / f"{name}{ending}" for form, ending in _ENDINGS.items()}


def read_safetensors_facts(path: Path) -> NetworkFacts:
    """The facts in the header of a .safetensors file; raises ModelError.

    The format begins with the header's length (8 bytes, little-endian) and the
    header, JSON with a `__metadata__` table: github.com/huggingface/safetensors.
    """
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if not 0 < length <= _LONGEST_HEADER:
                raise ModelError(f"{path} is not a .safetensors file: it has no readable header")
            header = json.loads(file.read(length))
        text = header["__metadata__"][METADATA_KEY]
    except OSError as error:
        raise ModelError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"{path} carries no unblur facts; give a file made by `unblur export`"
        ) from error
    return NetworkFacts.from_json(text)
