"""Bulk calls are cut into pieces of at most 200 that part no neighbours who belong together."""

from dealstream.client import PIECE, _pieces


def sizes(items, together=None):
    return [len(piece) for piece in _pieces(items, together)]


def test_nothing_makes_no_piece():
    assert sizes([]) == []


def test_items_fill_pieces():
    assert sizes([{"n": n} for n in range(450)]) == [PIECE, PIECE, 50]


def test_the_last_full_piece_is_not_followed_by_an_empty_one():
    assert sizes([{"n": n} for n in range(400)]) == [PIECE, PIECE]


def test_neighbours_stay_together():
    items = [{"deal": n // 7} for n in range(420)]
    pieces = list(_pieces(items, "deal"))
    assert all(len(piece) <= PIECE for piece in pieces)
    assert [number for piece in pieces for number, _ in piece] == list(range(420))
    homes = {}
    for place, piece in enumerate(pieces):
        for _, item in piece:
            assert homes.setdefault(item["deal"], place) == place
