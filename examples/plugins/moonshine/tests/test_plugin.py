import pytest
from subtitled_moonshine import convert_tokens

from subtitled.plugin.testing import EngineSuite


class TestMoonshine(EngineSuite):
    plugin = "moonshine"


@pytest.mark.parametrize("length", [1, 127, 128, 300])
def test_a_token_of_any_length_is_read(length):
    head = bytes([length]) if length < 128 else bytes([length % 128 + 128, length // 128])
    two = (head + b"a" * length) * 2
    assert [line.split()[1] for line in convert_tokens(two).splitlines()] == [b"0", b"1"]
