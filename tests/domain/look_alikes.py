"""Names that look like others."""

from __future__ import annotations

INVISIBLE = {
    "zero width space": "\u200b",
    "zero width non-joiner": "\u200c",
    "zero width joiner": "\u200d",
    "word joiner": "\u2060",
    "byte order mark": "\ufeff",
    "soft hyphen": "\u00ad",
    "right-to-left override": "\u202e",
    "combining grapheme joiner": "\u034f",
    "hangul filler": "\u3164",
    "half-width hangul filler": "\uffa0",
    "hangul choseong filler": "\u115f",
    "khmer inherent vowel": "\u17b4",
    "mongolian variation selector": "\u180b",
    "variation selector": "\ufe0f",
    "variation selector supplement": "\U000e0100",
    "blank braille pattern": "\u2800",
    "tag letter": "\U000e0061",
    "nul": "\x00",
    "escape": "\x1b",
}

MIXED = {
    "cyrillic a": "\u0430lice",
    "greek omicron": "b\u03bfb",
    "armenian o": "b\u0585b",
    "cherokee": "\u13a0dam",
}

LOOK_ALIKES = {
    "bengali zero": "b\u09e6b",
    "arabic-indic five": "b\u0665b",
    "extended arabic-indic five": "b\u06f5b",
    "two arabic systems": "\u0663\u06f3",
    "ascii among bengali digits": "\u09e6\u0966",
    "bengali digits beside ascii ones": "\u09e61",
    "myanmar digit": "o\u1040",
    "combining cyrillic mark": "b\u0483b",
    "combining arabic mark": "b\u064bb",
    "devanagari mark": "b\u0902b",
    "thai mark": "b\u0e31b",
    "enclosing mark": "b\u20ddb",
    "mark of symbols": "b\u20d2b",
    "accent on a foreign letter": "\u05d0\u0301",
    "leading accent": "\u0335bob",
    "accent on a digit": "b1\u0335",
    "accent on a dot": "b.\u0323b",
    "modifier apostrophe": "bo\u02bcb",
    "dingbat digit": "bob\u2776",
    "roman thousand": "bob\u2180",
    "ideographic zero": "b\u3007b",
    "old italic": "\U00010300\U00010380",
    "tai scripts": "\u1950\u1a20",
    "tatweel": "\u0645\u0640\u062d",
    "hangul among kana": "\ud55c\u304b",
}
