"""What can be said and asked of a scene."""
import names

NUMBERS = {1: "one", 2: "two", 3: "three", 4: "four"}
RELATIONS = {"to the left of": "to the right of", "above": "below"}  # and how the second stands to the first


class Known:
    """Names with their kinds, from which a question may take a wrong one."""

    def __init__(self, kinds):
        self.kinds = kinds
        self.names = sorted(kinds)
        self.of_kind = {}
        for name in self.names:
            self.of_kind.setdefault(kinds[name], []).append(name)

    def other(self, than, kind, r):
        """A name that is not among those of a scene, half of the time of the same kind."""
        while True:
            near = self.of_kind.get(kind, self.names) if kind and r.random() < 0.5 else self.names
            name = r.choice(near)
            if name not in than:
                return name
            if len(near) <= len(than):
                kind = None


class Scene:
    """One or two names, how many of each, and how the first stands to the second."""

    def __init__(self, things, counts, relation, kinds, photo=False):
        self.names, self.counts, self.relation, self.kinds, self.photo = things, counts, relation, kinds, photo

    def captions(self):
        """All of them are true; the first says most."""
        if self.photo:
            return [f"a photo of {names.article(self.names[0])}", names.article(self.names[0])]
        if self.relation is not None:
            first, second = map(names.article, self.names)
            return [
                f"{first} {self.relation} {second}",
                f"{second} {RELATIONS[self.relation]} {first}",
            ]
        if self.counts[0] > 1:
            return [f"{NUMBERS[self.counts[0]]} {names.plural(self.names[0])}"]
        return [names.article(self.names[0])]

    def questions(self, known, r):
        """At most four pairs of a question and its answer."""
        out = []
        if self.relation is not None:
            first, second = self.names
            inverse = RELATIONS[self.relation]
            out.append((f"what is {self.relation} the {second}?", first))
            out.append((f"what is {inverse} the {first}?", second))
            place = {"to the left of": ("left", "right"), "above": ("top", "bottom")}[self.relation]
            index = r.randrange(2)
            verb = "are" if self.names[index] in names.PLURAL_ONLY else "is"
            out.append((f"where {verb} the {self.names[index]}?", place[index]))
        elif self.counts[0] > 1:
            out.append((f"how many {names.plural(self.names[0])} are there?", NUMBERS[self.counts[0]]))
            out.append(("what are these?", names.plural(self.names[0])))
        else:
            out.append(("what is this?", self.names[0]))
            if self.kinds[0]:
                out.append(("what kind of thing is it?", self.kinds[0]))
        index = r.randrange(len(self.names))
        asked = self.names[index] if r.random() < 0.5 else known.other(self.names, self.kinds[index], r)
        are = "are there" if asked in names.PLURAL_ONLY else "is there"
        out.append((f"{are} {names.article(asked)}?", "yes" if asked in self.names else "no"))
        return out


def invented(known, r):
    """A scene that nobody drew."""
    name = r.choice(known.names)
    chance = r.random()
    if chance < 0.35:
        return Scene([name], [1], None, [known.kinds[name]], photo=r.random() < 0.1)
    if chance < 0.5 and names.countable(name):
        return Scene([name], [r.randint(2, 4)], None, [known.kinds[name]])
    second = known.other([name], None, r)
    return Scene([name, second], [1, 1], r.choice(list(RELATIONS)), [known.kinds[name], known.kinds[second]])


def notes(scene, r):
    """What a scene shows in words without grammar; its things in any order."""
    places = {"to the left of": ("left", "right"), "above": ("top", "bottom"), None: ("", "")}[scene.relation]
    parts = []
    for name, count, place, kind in zip(scene.names, scene.counts, places, scene.kinds):
        number = NUMBERS[count] if count > 1 else ""
        own = kind if kind and r.random() < 0.5 else ""
        parts.append(" ".join(filter(None, [place, number, name, own])))
    if scene.photo:
        parts.append("photo")
    r.shuffle(parts)
    return " ".join(parts)


def page(known, r):
    """Some lines about one scene: notes or lines, the sign of a beginning, then captions and answered questions.

    A soft prompt stands before that sign. A language model that never saw anything there would not look there.
    """
    scene = invented(known, r)
    lines = scene.captions() + [f"Question: {q} Answer: {a}" for q, a in scene.questions(known, r)]
    r.shuffle(lines)
    before = [notes(scene, r) if r.random() < 0.7 else lines[0] for _ in range(r.choice([1, 1, 2, 3, 4]))]
    return f"{' '.join(before)}</s>" + "".join(line + "\n" for line in lines[: r.randint(1, 3)])


def kind(question):
    """The kind of a question, by which accuracies are reported."""
    names_it = "what is this", "what are these", "what is above", "what is below", "what is to"
    kinds = {"is there": "is there", "are there": "is there", "how many": "how many", "where": "where", "what kind": "what kind"}
    kinds |= {start: "what is it" for start in names_it[:2]} | {start: "what is where" for start in names_it[2:]}
    return next(kind for start, kind in kinds.items() if question.startswith(start))
