"""A network of its own for every test that asks for one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.linux.network import Network, NoNetwork


@pytest.fixture
def network() -> Iterator[Network]:
    """Namespaces and veth pairs; the test is skipped where there are none."""
    try:
        with Network() as made:
            yield made
    except NoNetwork as reason:
        pytest.skip(str(reason))
