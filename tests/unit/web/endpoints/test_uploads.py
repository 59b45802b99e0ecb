"""The reader of forms with a large file: the pieces in which a body arrives do not matter."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser

from subtitled.web.endpoints.uploads import BadFormError, _FormReader

END = b"--sausage--\r\n"
FILES = st.one_of(
    st.binary(max_size=300),
    st.sampled_from([b"--sausage", b"\r\n--sausag", b"\r\n\r\n--", b"\r"]),
)


def build(file: bytes, **fields: bytes) -> bytes:
    parts = [f'name="{name}"\r\n\r\n'.encode() + value for name, value in fields.items()]
    parts.append(b'name="file"; filename="a.wav"\r\n\r\n' + file)
    parts.append(b'name="other"; filename="b.wav"\r\n\r\nof no use')
    head = b"--sausage\r\nContent-Disposition: form-data; "
    return b"".join(head + part + b"\r\n" for part in parts) + END


def read(body: bytes, cuts: list[int]) -> _FormReader:
    reader = _FormReader(file_field="file")
    parser = MultipartParser(b"sausage", reader.callbacks())
    at = 0
    for cut in [*sorted(cut % (len(body) + 1) for cut in cuts), len(body)]:
        parser.write(body[at:cut])
        at = cut
    return reader


@settings(max_examples=60, deadline=None)
@given(file=FILES, value=st.binary(max_size=50), cuts=st.lists(st.integers(0, 9999), max_size=8))
def test_a_body_in_any_pieces_is_read_alike(file: bytes, value: bytes, cuts: list[int]) -> None:
    if any(b"\r\n--sausage" in b"\r\n" + content for content in (file, value)):
        return  # that would be its end
    reader = read(build(file, model=value), cuts)
    assert (reader.take(), reader.is_complete, reader.has_file) == (file, True, True)
    assert reader.fields == {"model": [value.decode("utf-8", "replace")]}


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_broken_body_is_refused_or_read_and_nothing_else(data: st.DataObject) -> None:
    body = bytearray(build(b"x" * 40, model=b"y"))
    for _ in range(data.draw(st.integers(1, 5))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    try:
        reader = read(bytes(body), [])
    except (BadFormError, MultipartParseError):
        return
    assert len(reader.take()) <= len(body)


def test_a_body_that_is_cut_off_or_has_two_files_is_noticed() -> None:
    body = build(b"x" * 40)
    assert not read(body.removesuffix(END), []).is_complete
    with pytest.raises(BadFormError, match="twice"):
        read(body.removesuffix(END) + body, [])


def test_all_fields_together_take_little_memory() -> None:
    fields = {f"f{number}": b"x" * 1500 for number in range(40)}
    read(build(b"x", **fields), [])
    with pytest.raises(BadFormError, match="f43 is too long"):
        read(build(b"x", **fields | {f"f{number}": b"x" * 1500 for number in range(40, 50)}), [])
