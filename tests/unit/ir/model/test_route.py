from pillion.ir.model.key import BackendKey
from pillion.ir.model.route import DirectResponse, Forward, Fraction, Mirror, Route, Weighted

A, B = BackendKey(port=1, host="a"), BackendKey(port=2, host="b")


def test_targets_are_backends_and_mirrors() -> None:
    forward = Forward(
        backends=(Weighted(backend=A, weight=0),), mirrors=(Mirror(backend=B, share=Fraction(numerator=1)),)
    )
    assert Route(action=forward).targets == (A, B)
    assert Route(action=DirectResponse(status=200)).targets == ()
