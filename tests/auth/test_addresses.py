"""Where a request comes from: pure, and nobody can say that they are somebody else."""

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth.addresses import HOPS_MAX, find_client, list_nodes, name_address

NETS = tuple(map(ip_network, ("10.0.0.0/8", "fd00::/8")))
PROXY, OTHER, CLIENT = "10.0.0.1", "10.9.9.9", "203.0.113.7"


@pytest.mark.parametrize(
    ("peer", "forwarded", "found"),
    [
        (CLIENT, [], CLIENT),
        (CLIENT, ["198.51.100.1"], CLIENT),
        (PROXY, [], PROXY),
        (PROXY, [CLIENT], CLIENT),
        (PROXY, [f"198.51.100.1, {CLIENT}"], CLIENT),
        (PROXY, ["198.51.100.1", CLIENT], CLIENT),
        (PROXY, [f"198.51.100.1,{CLIENT},{OTHER}"], CLIENT),
        (PROXY, [f"{OTHER}"], OTHER),
        (PROXY, [f"{CLIENT}:50123"], CLIENT),
        (PROXY, ["[2001:db8::1]:443"], "2001:db8::1"),
        (PROXY, ["nonsense"], PROXY),
        (PROXY, [f"{CLIENT}, nonsense, {OTHER}"], OTHER),
        (PROXY, [""], PROXY),
        ("::ffff:10.0.0.1", [CLIENT], CLIENT),
        ("unix", [CLIENT], "unix"),
    ],
)
def test_the_last_hop_that_no_trusted_proxy_stands_for_is_the_client(peer, forwarded, found):
    assert find_client(peer, forwarded, NETS) == found


@given(st.lists(st.text(max_size=40), max_size=3), st.ip_addresses().map(str))
def test_what_the_client_writes_before_what_the_proxy_adds_changes_nothing(lines, client):
    if any(name_address(client).startswith(start) for start in ("10.", "fd")):
        return
    added = [*lines[:-1], f"{lines[-1]}, {client}"] if lines else [client]
    assert name_address(find_client(PROXY, added, NETS)) == name_address(client)


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (f"for={CLIENT}", CLIENT),
        (f"For={CLIENT};proto=https;by={PROXY}", CLIENT),
        (f'by={PROXY}; for="{CLIENT}:50123"', CLIENT),
        ('for="[2001:db8::1]:443"', "2001:db8::1"),
        (f"for=198.51.100.1, for={CLIENT}", CLIENT),
        (f"for={CLIENT}, for={OTHER}", CLIENT),
        (f'for="198.51.100.1, for={CLIENT}', CLIENT),
        (f'for="198.51.100.1, for="{CLIENT}"', CLIENT),
        (f'for="\\, for="{CLIENT}"', CLIENT),
        ("for=unknown", PROXY),
        ("for=_hidden", PROXY),
        (f"for={CLIENT};for=198.51.100.1", PROXY),
        (f"by={CLIENT}", PROXY),
        (f"{CLIENT}", PROXY),
        (f'for="{CLIENT}', PROXY),
        ("", PROXY),
    ],
)
def test_the_newer_header_is_read_as_the_older_one(line, found):
    assert find_client(PROXY, [list_nodes(line)], NETS) == found
    assert find_client(CLIENT, [list_nodes(line)], NETS) == CLIENT


@given(st.text(max_size=60), st.ip_addresses().map(str))
def test_what_the_client_writes_into_the_newer_header_changes_nothing(line, client):
    if any(name_address(client).startswith(start) for start in ("10.", "fd")):
        return
    node = f'"[{client}]"' if ":" in client else client
    found = find_client(PROXY, [list_nodes(f"{line}, for={node};proto=https")], NETS)
    assert name_address(found) == name_address(client)


def test_without_trusted_proxies_the_header_says_nothing():
    assert find_client(PROXY, [CLIENT], ()) == PROXY


def test_only_the_last_hops_of_a_long_header_are_looked_at():
    assert find_client(PROXY, [",".join([CLIENT, *[OTHER] * HOPS_MAX])], NETS) == OTHER


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "testclient"),
        (None, ""),
    ],
)
def test_addresses_are_counted_by_who_can_have_them(host, name):
    assert name_address(host) == name
