from pillion.capture import ranges


def test_items_are_split_at_commas_and_empty_ones_fall_out() -> None:
    assert ranges.split("80,,443,") == ("80", "443")
    assert ranges.split("") == ()


def test_networks_go_by_family_and_keep_their_spelling() -> None:
    four, six = ranges.networks("10.0.0.5/8,fd00::/8,127.1.2.3/32")
    assert (four.cidrs, four.has_loopback) == (("10.0.0.5/8", "127.1.2.3/32"), True)
    assert (six.cidrs, six.has_loopback) == (("fd00::/8",), False)


def test_a_star_is_everything() -> None:
    assert all(networks.everything for networks in ranges.networks("*"))


def test_excluded_groups_count_only_where_all_are_included() -> None:
    assert ranges.owner_groups("*", "java") == ranges.OwnerGroups(groups=("java",), excepted=True)
    assert ranges.owner_groups("a,b", "java") == ranges.OwnerGroups(groups=("a", "b"), excepted=False)
