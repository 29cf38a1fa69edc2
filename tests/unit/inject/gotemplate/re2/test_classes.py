from pillion.inject.gotemplate.re2.classes import CharacterSet, complement


def test_a_set_has_ranges_and_properties():
    letters = CharacterSet(((0x61, 0x63),), (("Lu", False),))
    assert [letters.has(character) for character in "adÉ1"] == [True, False, True, False]


def test_a_set_may_be_turned_around_and_ignore_case():
    assert not CharacterSet(((0x61, 0x61),), negated=True, fold=True).has("A")


def test_a_complement_has_the_rest():
    assert complement(((0, 9), (11, 0x10FFFF))) == ((10, 10),)
    assert complement(complement(((5, 6),))) == ((5, 6),)
