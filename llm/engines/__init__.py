"""The generators behind one interface (llm.types.Engine), chosen by one setting."""

from __future__ import annotations

from pathlib import Path

from llm.errors import EngineUnavailable
from llm.types import Engine
from weights import WeightsError, locate

__all__ = ["load_engine"]


def load_engine(
    spec: str,
    *,
    threads: int = 2,
    api_key: str | None = None,
    model: str | None = None,
    temperature: float = 0.0,
) -> Engine | None:
    """The generator that a setting names; None for "off".

    `spec` is a name of `python -m weights list`, a folder (OpenVINO, CTranslate2 or
    Transformers), a model hub's "owner/model" in the local cache, or the http(s) address of an
    OpenAI-compatible server ("https://host/v1"; `model` names the model there).
    Raises `EngineUnavailable` with the reason.
    """
    if spec == "off":
        return None
    if spec.startswith(("http://", "https://")):
        from llm.engines.openai import OpenAIEngine

        engine: Engine = OpenAIEngine(spec, model=model or "default", api_key=api_key)
    else:
        try:
            folder = locate(spec)
        except WeightsError as error:
            raise EngineUnavailable(str(error)) from error
        engine = _from_folder(folder, Path(spec).name, threads)
    engine.temperature = temperature
    return engine


def _from_folder(folder: Path, name: str, threads: int) -> Engine:
    if (folder / "openvino_model.xml").exists():
        from llm.engines.openvino import OpenVINOEngine

        return OpenVINOEngine(folder, name=name, threads=threads)
    if (folder / "model.bin").exists():
        from llm.engines.ctranslate import CTranslate2Engine

        return CTranslate2Engine(folder, name=name, threads=threads)
    if (folder / "config.json").exists():
        from llm.engines.transformers import TransformersEngine

        return TransformersEngine(folder, name=name, threads=threads)
    raise EngineUnavailable(
        f"{folder} holds no model: neither OpenVINO's (openvino_model.xml), nor CTranslate2's "
        "(model.bin), nor Transformers' (config.json)."
    )
