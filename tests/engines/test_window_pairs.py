"""Numbers of a window as int16 pairs multiply them: every one once, in its half, and two at once where they lie so."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np

from isobit.engines.cpp.windows import _paired


def test_every_view_of_up_to_five_numbers() -> None:
    for size in range(6):
        for view in product(range(-1, 5), repeat=size):
            pairs = _paired(np.array(view, dtype=np.int64)).reshape(-1, 2).tolist()
            taken = [place for place, index in enumerate(view) if index >= 0]
            if not taken:
                assert pairs == [[-1, -1]]
                continue
            assert [place for pair in pairs for place in pair if place >= 0] == taken
            for first, second in pairs:
                assert first < 0 or view[first] % 2 == 0
                assert second < 0 or view[second] % 2 == 1
                assert min(first, second) < 0 or (second == first + 1 and view[second] == view[first] + 1)
                assert (first, second) != (-1, -1)
            joined = sum(1 for one, two in pairwise(view) if one >= 0 and one % 2 == 0 and two == one + 1)
            assert len(pairs) == len(taken) - joined
