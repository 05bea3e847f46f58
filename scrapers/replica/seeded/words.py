"""Invented names and texts, put together from lists of words, and values that break careless readers.

No list holds a party, a person or a town. The sources' modules call it.
"""

from scrapers.replica.seeded.dice import Dice

COLOUR_NAMES = (
    "Amber Brass Copper Dappled Ebony Frosted Gilded Hazel Ivory Jasper Khaki Linen Marbled Nutmeg "
    "Ochre Pearly Quilted Russet Speckled Tawny Umber Velvet Woollen Zigzag"
)
THING_NAMES = (
    "Anvil Bobbin Colander Doorbell Easel Footstool Gimlet Hatstand Inkwell Jigsaw Kettle Ladle "
    "Mitten Nutcracker Oar Pinwheel Quoit Rattle Samovar Teapot Umbrella Vase Whisk Xylophone"
)
COLOURS, THINGS = COLOUR_NAMES.split(), THING_NAMES.split()
CIRCLES = ("Assembly", "Circle", "Company", "Guild", "League", "Roundtable", "Society")

TEXTS = {
    "en": ("Count the teapots before the tea is cold", "A kettle for every doorstep"),
    "es": ("Cada tetera cuenta, mañana también", "¿Quién guarda las cucharas?"),
    "el": ("Κάθε βραστήρας μετράει", "Ποιος κρατάει τα κουτάλια;"),
    "ar": ("كل إبريق له صوت", "من يحرس الملاعق؟"),
    "hi": ("हर केतली की अपनी आवाज़ है", "चम्मच कौन रखता है?"),
    "ja": ("やかんにも声がある", "スプーンは誰のもの?"),
}
"""By language; every script of them must survive the way into the archive and out of it."""

LANGUAGES = ("en", "en", "en", "es", "el", "ar", "hi", "ja")

ENDINGS = ("Today.", "Tomorrow.", "Rain or shine.", "Bring a spoon.", "☂ 🫖", "Twice, if need be.")

AWKWARD = (
    'Ladles, Forks & "Spoons"',
    "Two lines\nin one cell",
    "Three lines\r\nwith\r\nother ends",
    '=HYPERLINK("https://formula.example","open me")',
    "=cmd|' /C teapot'!A0",
    "+1-1",
    "@SUM(1;1)",
    "\u202eback to front\u202c, then ahead",
    "حلقة الأباريق (circle)",
    "🫖👩🏽‍🍳🇦🇶 Kettle Guild",
    "<script>teapot()</script>",
    "'; DROP TABLE teapot; --",
    "𝗞𝗲𝘁𝘁𝗹𝗲 {{product.brand}}",
    "Zoe\u0308's Te\u0301iere",
    'He said ""twice""',
    "tab\there; semicolon; bar|",
)
"""The first things of a series have one of these each, later ones now and then."""

AWKWARD_SHARE = 0.02

PLACES = (
    "Upper Teapotshire",
    "Ladle-on-Sea, East",
    "Kettle Falls County",
    "Spoon Bay",
    "Lower Whisk, West, Far",
)
"""Invented regions; some hold a comma, as real lists of places do."""

LONG_CELL = 29_000
HUGE_CELL = 140_000
"""Characters; Python's own reader of tables stops at 131,072 unless told otherwise."""


def name_group(dice: Dice) -> str:
    """An invented group."""
    return f"{dice.pick(COLOURS)} {dice.pick(THINGS)} {dice.pick(CIRCLES)}"


def name_odd_group(index: int, dice: Dice) -> str:
    """An invented group, or an awkward text in its place."""
    return bend_text(name_group(dice), index, dice)


def name_host(dice: Dice) -> str:
    """A host that can never exist."""
    return f"{dice.pick(COLOURS)}-{dice.pick(THINGS)}.example".lower()


def bend_text(text: str, index: int, dice: Dice) -> str:
    """The text, or an awkward one in its place."""
    if index < len(AWKWARD):
        return AWKWARD[index]
    return dice.pick(AWKWARD) if dice.hits(AWKWARD_SHARE) else text


def write_text(language: str, wording: int, dice: Dice) -> str:
    """A sentence of an ad; another wording ends in other words."""
    return f"{dice.pick(TEXTS[language])}. {ENDINGS[wording % len(ENDINGS)]}"


def fill_cell(characters: int, separator: str) -> str:
    """So many characters of a list of places without commas in them, and a few more."""
    one = f"Spoon Bay{separator}"
    return one * (characters // len(one)) + "Spoon Bay"
