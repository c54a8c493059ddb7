"""Names of things: which are used, how they are written in a sentence, and what kind of thing each is."""
import hashlib
import re

# Pictures whose names need reading, counting or a place on earth rather than recognising.
LEFT_OUT = re.compile(
    r"o’clock|-thirty|moon\b|banknote|place medal|sun behind|cloud with|speaker|mailbox|chart|lock|cityscape|"
    r"^night|sunrise|sunset|^suit|suit$|globe|map of|tilted|hourglass|^page|inbox|outbox|envelope|card index|"
    r"index|folder|with arrow|file box|slider|control knobs|hair pick|knot|level|label|new |link|e-mail|dvd|"
    r"bookmark|memo|placard|medium|receipt|bubbles|confetti|tanabata|ceremony|without|mahjong|joker|flower playing|"
    r"kaaba|hamsa|nazar|moai|mate$|oden|dango|mount fuji|tokyo|japanese|love hotel|sake$|construction|motorway|"
    r"national park|foggy|^fog|hot springs|barber|cyclone|dashing|bullseye|bell with|battery|sparkles|milky|"
    r"performing|field hockey|ice hockey|lacrosse|cricket game|pool ball|cooking|camping|wedding|pouring|bowling|"
    r"ping pong|badminton|softball|high voltage|^ice$|^wood$|^rock$|^salt$|microbe|petri|dna|heart |diamond|film|clapper"
)

SYNONYMS = {
    "automobile": "car", "auto rickshaw": "rickshaw", "articulated lorry": "truck", "delivery truck": "truck",
    "lorry": "truck", "van": "minibus", "airplane departure": "airplane", "airplane arrival": "airplane",
    "small airplane": "airplane", "plane": "airplane", "aeroplane": "airplane", "jet": "airplane", "tram car": "tram",
    "lady beetle": "ladybug", "ladybird": "ladybug", "honeybee": "bee", "blowfish": "pufferfish", "jack-o-lantern": "pumpkin",
    "deciduous tree": "tree", "evergreen tree": "pine tree", "tumbler glass": "glass", "hot beverage": "cup of coffee",
    "teacup without handle": "teacup", "cup": "teacup", "wrapped gift": "gift", "present": "gift", "framed picture": "picture",
    "couch and lamp": "couch", "sofa": "couch", "mobile phone": "phone", "cell phone": "phone", "telephone receiver": "telephone",
    "desktop computer": "computer", "notebook computer": "laptop", "soft ice cream": "ice cream", "shaved ice": "ice cream",
    "ice cream cone": "ice cream", "spouting whale": "whale", "two-hump camel": "camel", "poultry leg": "chicken leg",
    "front-facing baby chick": "chick", "baby chick": "chick", "hatching chick": "chick", "bulb": "light bulb",
    "lightbulb": "light bulb", "man’s shoe": "shoe", "woman’s boot": "boot", "woman’s hat": "hat", "woman’s sandal": "sandal",
    "thong sandal": "sandal", "woman’s clothes": "blouse", "rescue worker’s helmet": "helmet", "military helmet": "helmet",
    "fork and knife": "cutlery", "fork and knife with plate": "cutlery", "passenger ship": "ship", "manual wheelchair": "wheelchair",
    "motorized wheelchair": "wheelchair", "motor scooter": "scooter", "kick scooter": "scooter", "racing car": "race car",
    "sport utility vehicle": "jeep", "house with garden": "house", "houses": "house", "derelict house": "house",
    "umbrella with rain drops": "umbrella", "closed umbrella": "umbrella", "umbrella on ground": "umbrella",
    "snow-capped mountain": "mountain", "sun with face": "sun", "glowing star": "star", "clinking beer mugs": "beer mug",
    "beer": "beer mug", "clinking glasses": "wine glass", "camera with flash": "camera", "open book": "book", "closed book": "book",
    "books": "book", "blue book": "book", "green book": "book", "orange book": "book", "spiral notepad": "notebook", "christmas tree": "christmas tree",
    "service dog": "dog", "guide dog": "dog", "old key": "key", "pistol": "water pistol", "gun": "water pistol", "doughnut": "donut",
    "headphone": "headphones", "eyeglasses": "glasses", "spectacles": "glasses", "timer clock": "clock", "mantelpiece clock": "clock",
    "pick": "pickaxe", "carpentry saw": "saw", "paintbrush": "brush", "optical disk": "disk", "computer disk": "disk",
    "solar": "solar panel", "plier": "pliers", "screw driver": "screwdriver", "tweezer": "tweezers", "spoons": "spoon",
    "erasers": "eraser", "measuring tape": "tape measure", "burj": "tower", "leaning tower of pisa": "leaning tower",
    "great pyramid": "pyramid", "empire state": "skyscraper", "dagger": "knife", "kitchen knife": "knife", "hiking boot": "boot",
    "running shoe": "shoe", "flat shoe": "shoe", "sneaker": "shoe", "steam locomotive": "locomotive", "metro": "train",
    "high-speed train": "train", "bullet train": "train", "light rail": "train", "railway car": "train", "root vegetable": "radish",
    "motor boat": "motorboat", "speedboat": "motorboat", "person with ball": "ball", "round pushpin": "pushpin",
    "spiral calendar": "calendar", "tear-off calendar": "calendar", "mobile phone with arrow": "phone", "rolled-up newspaper": "newspaper",
    "white flower": "flower", "musical note": "music note", "musical notes": "music note", "sheaf of rice": "wheat",
    "bowl with spoon": "bowl", "steaming bowl": "bowl of noodles", "pot of food": "pot", "shallow pan of food": "pan",
    "musical keyboard": "piano", "studio microphone": "microphone", "satellite antenna": "dish antenna", "one-piece swimsuit": "swimsuit",
    "sledge": "sled", "gateau": "cake", "fries": "french fries", "burger": "hamburger", "coffee": "cup of coffee",
    "cherry": "cherries", "sledgehammer": "hammer", "t-rex": "dinosaur", "sauropod": "dinosaur", "bottle with popping cork": "bottle", "wilted flower": "flower",
    "blossom": "flower", "cherry blossom": "flower", "hibiscus": "flower", "classical building": "temple", "circus tent": "tent",
}
# Titles of clip arts and names of photographs that say little in English.
UNCLEAR = set(
    "leone rana bayterek blackslate buffetset insecticide knitting smoke geothermal hummer tux heart box antenna milk spray".split()
) | {"bullet hole", "le musee", "zimni palace", "cutting tool", "kutub minar", "juche tower"}
FACES = re.compile(r"(.+) (?:face|nose)$|^oncoming (.+)$")

PLURAL_ONLY = set(
    "scissors jeans glasses sunglasses goggles pliers tweezers shorts briefs headphones chopsticks skis cutlery socks gloves "
    "beans grapes cherries blueberries peanuts pancakes maracas chains fireworks".split()
) | {
    "french fries", "ballet shoes", "crossed swords", "shopping bags", "paw prints", "prayer beads", "nesting dolls",
    "admission tickets",
}
UNCOUNTED = {
    "bacon", "bread", "butter", "popcorn", "spaghetti", "sushi", "soap", "yarn", "thread", "fire", "broccoli", "garlic", "coral",
    "cooked rice", "curry rice", "green salad", "leafy green", "wheat", "falafel", "canned food", "money",
}
ONLY_ONE = {  # of its kind in the world: the colosseum
    "arc de triomphe", "brandenburg gate", "christ the redeemer", "colosseum", "eiffel tower", "great wall", "india gate",
    "leaning tower", "mount rushmore", "parthenon", "statue of liberty", "taj mahal", "us capitol", "victoria memorial",
}
UNEASY = {  # to count
    "beach with umbrella", "bow and arrow", "bridge at night", "cup with straw", "flag in hole", "hammer and pick",
    "hammer and wrench", "meat on bone", "money with wings", "nest with eggs", "nut and bolt", "tennis", "water wave", "wind",
}
IRREGULAR = {
    "mouse": "mice", "computer mouse": "computer mice", "goose": "geese", "ox": "oxen", "sheep": "sheep", "fish": "fish",
    "tropical fish": "tropical fish", "deer": "deer", "bison": "bison", "squid": "squid", "shrimp": "shrimp", "wolf": "wolves",
    "knife": "knives", "leaf": "leaves", "maple leaf": "maple leaves", "fallen leaf": "fallen leaves", "scarf": "scarves",
    "moose": "moose", "cup of coffee": "cups of coffee", "bowl of noodles": "bowls of noodles", "glass of milk": "glasses of milk",
    "ear of corn": "ears of corn", "cut of meat": "cuts of meat",
    "loaf": "loaves", "snowman": "snowmen", "tornado": "tornadoes", "game die": "game dice", "crawfish": "crawfish",
    "jellyfish": "jellyfish", "pufferfish": "pufferfish", "fried shrimp": "fried shrimp", "kiwi fruit": "kiwi fruit", "aircraft": "aircraft", "roll of paper": "rolls of paper", "dodo": "dodos",
}
KINDS = {
    "animal-mammal": "animal", "animal-bird": "bird", "animal-amphibian": "animal", "animal-reptile": "reptile",
    "animal-marine": "sea animal", "animal-bug": "insect", "plant-flower": "flower", "plant-other": "plant",
    "food-fruit": "fruit", "food-vegetable": "vegetable", "food-prepared": "food", "food-asian": "food", "food-marine": "sea animal",
    "food-sweet": "dessert", "drink": "drink", "dishware": "dishware", "place-building": "building", "place-religious": "building",
    "transport-ground": "vehicle", "transport-water": "boat", "transport-air": "aircraft", "clothing": "clothing",
    "musical-instrument": "musical instrument", "tool": "tool", "sport": "sport", "writing": "stationery", "office": "stationery",
    "animals": "animal", "food": "food", "tools": "tool", "plants": "plant", "buildings": "building", "fishes": "sea animal",
}


NO_KIND = set("wheel anchor construction".split()) | {
    "stop sign", "bus stop", "fuel pump", "horizontal traffic light", "vertical traffic light", "police car light",
    "railway track", "ring buoy", "seat",
}


def kind(concept, category):
    """The kind of a thing by the category of its picture, or None where that says too little."""
    return None if concept in NO_KIND else KINDS.get(category)


def plain(text):
    """A name without brackets, digits and its article, in lower case."""
    text = re.sub(r"\s*\(.*?\)|[\d_]+", " ", text.lower())
    return re.sub(r"^(an?|the|some)\s+", "", " ".join(text.strip(" .!").split()))


def concept(name):
    """The name that a picture's own name is counted under, or None if it is left out."""
    if LEFT_OUT.search(name) and name not in SYNONYMS:
        return None
    face = FACES.match(name)
    if face and name not in SYNONYMS:
        name = face.group(1) or face.group(2)
    name = SYNONYMS.get(name, name).replace("ñ", "n").replace("-", " ")
    return name if name not in UNCLEAR and re.fullmatch(r"[a-z]+( [a-z]+){0,2}", name) else None


def article(name):
    """The name as a sentence begins to speak of it."""
    if name in PLURAL_ONLY or name in UNCOUNTED:
        return name
    if name in ONLY_ONE:
        return "the " + name
    vowel = name[0] in "aeio" or (name[0] == "u" and not name.startswith(("uni", "ute")))
    return ("an " if vowel else "a ") + name


def countable(name):
    return not any(name in names for names in (PLURAL_ONLY, UNCOUNTED, ONLY_ONE, UNEASY))


def plural(name):
    if name in IRREGULAR:
        return IRREGULAR[name]
    if " of " in name:
        first, _, rest = name.partition(" of ")
        return f"{plural(first)} of {rest}"
    if re.search(r"(s|x|z|ch|sh)$", name):
        return name + "es"
    if re.search(r"[^aeiou]y$", name):
        return name[:-1] + "ies"
    if name.endswith(("tomato", "potato", "mango", "buffalo", "volcano", "mosquito")):
        return name + "es"
    return name + "s"


def share(text):
    """A number in [0, 1) that depends on the text alone; splits are decided by it."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big") / 2**48
