"""Turns a conversation into the model's tokens, by the chat template that came with the model.

The texts of the turns are encoded apart from the template, with control tokens read as plain
text: whatever a customer or a document writes, "<|im_end|>" included, cannot end a turn.
"""

from __future__ import annotations

import json
from pathlib import Path

from jinja2 import TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from tokenizers import Tokenizer

from llm.errors import EngineUnavailable
from llm.types import ChatTurn

# Stands for a turn's text while the template is rendered; no template and no text contains it.
_MARK = "\ue000turn-{}\ue001"


class ChatFormat:
    """The tokenizer and the chat template of one model folder."""

    def __init__(self, folder: Path) -> None:
        tokenizer_file = folder / "tokenizer.json"
        if not tokenizer_file.exists():
            raise EngineUnavailable(f"{folder} has no tokenizer.json, which the generator needs.")
        # Two copies, because reading control tokens as text is a state of the tokenizer.
        self._template_tokens = Tokenizer.from_file(str(tokenizer_file))
        self._text_tokens = Tokenizer.from_file(str(tokenizer_file))
        self._text_tokens.encode_special_tokens = True
        self._vocabulary = self._template_tokens.get_vocab(with_added_tokens=True)
        settings = _settings(folder)
        environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
        self._template = environment.from_string(_template(folder, settings))
        self._variables = {
            "bos_token": _token(settings, "bos_token"),
            "eos_token": _token(settings, "eos_token"),
        }

    def render(self, turns: list[ChatTurn]) -> tuple[list[str], list[str]]:
        """The prompt's tokens in two parts: up to the last turn's text, and from there on."""
        marks = [_MARK.format(number) for number in range(len(turns))]
        messages = [
            {"role": turn.role, "content": mark} for turn, mark in zip(turns, marks, strict=True)
        ]
        try:
            rest = self._template.render(
                messages=messages, add_generation_prompt=True, tools=None, **self._variables
            )
        except TemplateError as error:
            raise EngineUnavailable(
                f"The model's chat template cannot word this conversation: {error}"
            ) from error
        before_last: list[str] = []
        tokens: list[str] = []
        for turn, mark in zip(turns, marks, strict=True):
            before, _, rest = rest.partition(mark)
            tokens += self._encode(self._template_tokens, before)
            if turn is turns[-1]:
                before_last, tokens = tokens, []
            tokens += self._encode(self._text_tokens, turn.text)
        return before_last, tokens + self._encode(self._template_tokens, rest)

    @staticmethod
    def _encode(tokenizer: Tokenizer, text: str) -> list[str]:
        return list(tokenizer.encode(text, add_special_tokens=False).tokens)

    def ids(self, tokens: list[str]) -> list[int]:
        """The numbers of a prompt's tokens."""
        vocabulary = self._vocabulary
        return [vocabulary[token] for token in tokens]

    def token(self, number: int) -> str:
        """The token of a number; "" for a number without one."""
        return self._template_tokens.id_to_token(number) or ""

    def control_tokens(self) -> frozenset[str]:
        """Tokens that mark turns and ends, and are no text."""
        added = self._template_tokens.get_added_tokens_decoder().values()
        return frozenset(token.content for token in added if token.special)


def _settings(folder: Path) -> dict[str, object]:
    file = folder / "tokenizer_config.json"
    if not file.exists():
        return {}
    found = json.loads(file.read_text(encoding="utf-8"))
    return found if isinstance(found, dict) else {}


def _template(folder: Path, settings: dict[str, object]) -> str:
    file = folder / "chat_template.jinja"
    if file.exists():
        return file.read_text(encoding="utf-8")
    template = settings.get("chat_template")
    if not isinstance(template, str):
        raise EngineUnavailable(
            f"{folder} has no chat template (chat_template.jinja or tokenizer_config.json): "
            "choose an instruction-tuned model."
        )
    return template


def _token(settings: dict[str, object], key: str) -> str:
    token = settings.get(key)
    if isinstance(token, dict):
        token = token.get("content")
    return token if isinstance(token, str) else ""
