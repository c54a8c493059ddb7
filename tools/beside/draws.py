"""The random choices of `blip2 train`, as Java's SplittableRandom draws them: order, captions, negatives."""

BITS = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15  # what SplittableRandom counts up by
OF_EPOCH, OF_SAMPLE = 0x45706F6368, 0x53616D706C65


def mix(z):
    """The finaliser of SplitMix64 (Steele, Lea and Flood 2014)."""
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & BITS
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & BITS
    return z ^ (z >> 31)


class SplittableRandom:
    def __init__(self, seed):
        self.seed = seed & BITS

    def step(self):
        self.seed = (self.seed + GOLDEN) & BITS
        return self.seed

    def next_long(self):
        return mix(self.step())

    def next_int(self, bound):
        """A number below a bound."""
        while True:
            z = self.step()
            z = ((z ^ (z >> 33)) * 0x62A9D9ED799705F5) & BITS
            word = (((z ^ (z >> 28)) * 0xCB24D0A5C88C35B3) & BITS) >> 32
            if bound & (bound - 1) == 0:
                return word & (bound - 1)
            word >>= 1
            number = word % bound
            if word + bound - 1 - number < 1 << 31:  # else this number would come too often
                return number

    def next_double(self):
        return (self.next_long() >> 11) * 2.0**-53


def of_update(seed, update):
    """The source of an update, from 0."""
    return SplittableRandom(mix((mix(seed) + update * GOLDEN) & BITS))


def order(size, seed, epoch):
    """The records of an epoch, shuffled."""
    random, places = of_update(mix(seed ^ OF_EPOCH), epoch), [0] * size
    for i in range(size):
        j = random.next_int(i + 1)
        places[i] = places[j]
        places[j] = i
    return places


def caption(captions, seed, epoch, record):
    """One of a record's captions."""
    source = of_update(mix((mix(seed ^ OF_SAMPLE) + epoch * GOLDEN) & BITS), record)
    return captions[source.next_int(len(captions))]


def one_of(weights, random):
    """A place, as often as its weight says."""
    left, last = random.next_double() * sum(weights), 0
    for place, weight in enumerate(weights):
        if weight > 0:
            last = place  # rounding may end beyond the last one
            left -= weight
            if left < 0:
                return place
    return last
