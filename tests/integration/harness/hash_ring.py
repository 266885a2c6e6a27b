"""What consistent_hash must do, computed here anew: 160 points for each unit of weight, XXH3 of "ADDRESS#NUMBER"."""
import bisect
import ctypes

LIBRARY = ctypes.CDLL("libxxhash.so.0")
LIBRARY.XXH3_64bits.restype = ctypes.c_uint64
POINTS_PER_WEIGHT = 160


def hash64(text):
    data = text.encode()
    return LIBRARY.XXH3_64bits(data, ctypes.c_size_t(len(data)))


class HashRing:
    def __init__(self, weights):
        """`weights`: address → weight."""
        self._points = sorted((hash64(f"{address}#{number}"), address) for address, weight in weights.items()
                              for number in range(POINTS_PER_WEIGHT * weight))
        self._hashes = [point for point, _ in self._points]

    def home(self, key):
        return self._points[bisect.bisect_left(self._hashes, hash64(key)) % len(self._points)][1]
