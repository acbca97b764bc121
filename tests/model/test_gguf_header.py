"""What a GGUF file says about itself is read from its header, and whatever is no whole model is refused."""

import contextlib
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_ggufs import write_gguf
from tiny_models import build

from promptlab.errors import ModelError
from promptlab.model.gguf.header import is_gguf, read_header
from promptlab.model.gguf.kinds import FILE_KINDS, TENSOR_KINDS


def test_our_tables_are_llama_cpp_s() -> None:
    import gguf

    sizes = {kind.value: (kind.name, *gguf.GGML_QUANT_SIZES[kind]) for kind in gguf.GGMLQuantizationType}
    assert {number: tuple(kind) for number, kind in TENSOR_KINDS.items()} | sizes == sizes
    names = {kind.value: kind.name.removeprefix("ALL_").removeprefix("MOSTLY_") for kind in gguf.LlamaFileType}
    assert {number: name for number, name in FILE_KINDS.items() if not names[number].startswith(name)} == {}


def test_the_header_agrees_with_the_gguf_package_s_reader(tmp_path: Path) -> None:
    import gguf

    path = write_gguf("llama3", tmp_path / "m.gguf", packing="Q4_0")
    header, theirs = read_header(path), gguf.GGUFReader(path)
    assert header.data_start == theirs.data_offset
    found = [(each.name, each.shape, each.kind, header.data_start + each.offset, each.bytes) for each in header.tensors]
    assert found == [
        (each.name, tuple(each.shape.tolist()), each.tensor_type.value, each.data_offset, each.n_bytes)
        for each in theirs.tensors
    ]
    assert set(header.values) == {key for key in theirs.fields if not key.startswith("GGUF.")}
    assert header.pieces == tuple(theirs.fields["tokenizer.ggml.tokens"].contents())


def test_the_header_says_what_the_model_is(tmp_path: Path) -> None:
    header = read_header(write_gguf("llama3", tmp_path / "m.gguf", packing="Q8_0"))
    assert (header.architecture, header.quantization, header.licence) == ("llama", "Q8_0", "apache-2.0")
    assert header.parameters == sum(value.numel() for value in build("llama3").parameters())
    assert header.precision == "bfloat16" and header.begins
    assert set(header.control_pieces.values()) == {"<|begin_of_text|>", "<|end_of_text|>"}
    assert header.bytes <= header.path.stat().st_size


@pytest.mark.parametrize(("packing", "stored"), [("F32", "float32"), ("F16", "float16"), ("Q4_0", "bfloat16")])
def test_plain_numbers_keep_their_precision(packing: str, stored: str, tmp_path: Path) -> None:
    header = read_header(write_gguf("gpt2", tmp_path / "m.gguf", packing=packing))
    assert header.precision == stored and bool(header.quantization) == (packing == "Q4_0")


def test_an_unnamed_packing_is_told_from_the_tensors(tmp_path: Path) -> None:
    path = write_gguf("gpt2", tmp_path / "m.gguf", packing="Q4_0", unset=("general.file_type",))
    assert read_header(path).quantization == "Q4_0"


REFUSED = {
    "the vision part": ({"general.type": "mmproj"}, "holds the vision part of a model"),
    "a vision model": ({"general.architecture": "clip"}, "holds the vision part of a model"),
    "an adapter": ({"general.type": "adapter"}, "holds no model but 'adapter'"),
    "one part of several": ({"split.count": 3}, "is one part of several"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_whole_model_is_refused(case: str, tmp_path: Path) -> None:
    values, said = REFUSED[case]
    with pytest.raises(ModelError, match=said):
        read_header(write_gguf("gpt2", tmp_path / "m.gguf", values=values))


def test_an_empty_header_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "m.gguf").write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 0, 0))
    with pytest.raises(ModelError, match="names no architecture or no weights"):
        read_header(tmp_path / "m.gguf")


def test_the_first_of_several_files_is_known_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="one part of several"):
        read_header(write_gguf("gpt2", tmp_path / "m-00001-of-00003.gguf"))


def test_wrong_beginnings_and_versions_are_refused(tmp_path: Path) -> None:
    path = write_gguf("gpt2", tmp_path / "m.gguf")
    content = path.read_bytes()
    for beginning, said in (
        (b"GGML", "does not begin with the letters GGUF"),
        (b"GGUF" + struct.pack(">I", 3), "written for a big-endian machine"),
        (b"GGUF" + struct.pack("<I", 1), "has version 1 of the GGUF format"),
    ):
        path.write_bytes(beginning + content[len(beginning) :])
        with pytest.raises(ModelError, match=said):
            read_header(path)
    assert is_gguf(path) and not is_gguf(tmp_path)


@pytest.mark.parametrize("share", [0, 1e-5, 1e-3, 0.05, 0.3, 0.9, 0.999])
def test_a_file_cut_at_any_place_is_refused_in_one_sentence(share: float, tmp_path: Path) -> None:
    path = write_gguf("gpt2", tmp_path / "m.gguf")
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(ModelError) as error:
        read_header(path)
    assert "is cut short" in str(error.value) or "does not begin" in str(error.value)


@pytest.mark.parametrize("counts", [(2**62, 1), (1, 2**62)])
def test_counts_beyond_any_model_s_are_refused_before_they_are_read(counts: tuple[int, int], tmp_path: Path) -> None:
    (tmp_path / "m.gguf").write_bytes(b"GGUF" + struct.pack("<IQQ", 3, *counts) + bytes(1000))
    with pytest.raises(ModelError, match=r"its header holds [\d,]+ keys? and [\d,]+ tensors?\."):
        read_header(tmp_path / "m.gguf")


def test_more_layers_than_weights_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"names 2,000,000,000 layers and \d+ tensors"):
        read_header(write_gguf("gpt2", tmp_path / "m.gguf", values={"gpt2.block_count": 2_000_000_000}))


@given(
    st.lists(
        st.tuples(
            st.floats(0, 1, exclude_max=True),
            st.sampled_from([b"\xff" * 8, bytes(8), struct.pack("<Q", 2**63), struct.pack("<Q", 3_000_000)])
            | st.binary(min_size=1, max_size=8),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_nothing_but_a_refusal_comes_of_a_forged_header(
    tmp_path_factory: pytest.TempPathFactory, forged: list[tuple[float, bytes]]
) -> None:
    path = tmp_path_factory.mktemp("forged") / "m.gguf"
    content = bytearray(write_gguf("gpt2", path).read_bytes())
    end = read_header(path).data_start
    for share, written in forged:
        place = int(share * end)
        content[place : place + len(written)] = written
    path.write_bytes(content)
    with contextlib.suppress(ModelError):
        header = read_header(path)
        assert header.bytes <= path.stat().st_size and header.parameters >= 0
        assert set(header.control_pieces.values()) <= set(header.pieces)
        assert isinstance(header.quantization + header.precision + header.licence, str)


def test_a_header_with_any_byte_changed_is_read_or_refused(tmp_path: Path) -> None:
    path = write_gguf("gpt2", tmp_path / "m.gguf")
    content, end = path.read_bytes(), read_header(path).data_start
    refused = 0
    for place in range(0, end, 41):
        for bit in (0x01, 0x80):
            damaged = bytearray(content)
            damaged[place] ^= bit
            path.write_bytes(bytes(damaged))
            try:
                read_header(path)
            except ModelError:
                refused += 1
    assert refused > 10
