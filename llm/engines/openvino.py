"""The default generator: OpenVINO on the CPU, weights in four bits.

On two cores it writes two to three times as fast as the same weights in CTranslate2's eight bits
and begins as soon (docs/benchmarks.md). Two things make the difference beside the smaller weights:
what prompts share is kept in blocks and found again by itself, and several tokens are written in
one step where the answer repeats words of its prompt, as grounded answers do (prompt lookup; every
token is still the one that the model would have chosen).

Requests run one after the other: on few cores reading the prompts takes most of the time, so that
a batch ends no sooner, while the first of a line is answered at once.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import openvino
import openvino_genai

from llm.engines.worker import Request, WorkerEngine
from llm.errors import EngineUnavailable

# 32 tokens a block, about 0.9 MB each: all prompts' beginnings, and the latest passages.
_BLOCKS_KEPT = 256
_TOKENS_A_STEP = 512
# Words to look up, and how many tokens to take over from behind where they were found.
_LOOKED_UP, _TAKEN_OVER = 3, 5


class OpenVINOEngine(WorkerEngine):
    """A folder with openvino_model.xml, its tokenizer, tokenizer.json and the chat template."""

    def __init__(self, folder: Path, *, name: str | None = None, threads: int = 2) -> None:
        scheduler = openvino_genai.SchedulerConfig()
        scheduler.enable_prefix_caching = True
        scheduler.cache_size = 0  # counted in blocks instead of gigabytes
        scheduler.num_kv_blocks = _BLOCKS_KEPT
        scheduler.max_num_batched_tokens = _TOKENS_A_STEP
        try:
            model = openvino_genai.LLMPipeline(
                str(folder),
                "CPU",
                scheduler_config=scheduler,
                prompt_lookup=True,
                PERFORMANCE_HINT="LATENCY",
                INFERENCE_NUM_THREADS=threads,
                # The cores are shared with Rasa and the embedder: leave the choice to the system.
                ENABLE_CPU_PINNING=False,
            )
        except (RuntimeError, ValueError) as error:
            raise EngineUnavailable(f"The model in {folder} cannot be loaded: {error}") from error
        super().__init__(folder, name, model)

    def _generate(self, batch: list[Request]) -> None:
        (request,) = batch
        ids = self._format.ids([*request.beginning, *request.tokens])
        config = openvino_genai.GenerationConfig()
        config.max_new_tokens = request.max_tokens
        config.do_sample = self.temperature > 0
        if config.do_sample:
            config.temperature = self.temperature
        config.apply_chat_template = False
        config.max_ngram_size = _LOOKED_UP
        config.num_assistant_tokens = _TAKEN_OVER
        prompt = openvino.Tensor(np.array([ids], dtype=np.int64))
        self._model.generate(prompt, config, _Relay(self, request))

    def accept(self, request: Request, ids: list[int]) -> bool:
        """Hand on the next tokens; False when no more are wanted."""
        if not self._running or request.over():
            return False
        for number in ids:
            request.take(self._format.token(number))
        return True


class _Relay(openvino_genai.StreamerBase):  # type: ignore[misc]
    """Where the pipeline leaves its tokens: one, or several that were confirmed together."""

    def __init__(self, engine: OpenVINOEngine, request: Request) -> None:
        super().__init__()
        self._engine = engine
        self._request = request

    def write(self, token: int | list[int]) -> openvino_genai.StreamingStatus:
        ids = token if isinstance(token, list) else [token]
        wanted = self._engine.accept(self._request, ids)
        status = openvino_genai.StreamingStatus
        return status.RUNNING if wanted else status.CANCEL

    def end(self) -> None:
        """The pieces' end is told by the worker."""
