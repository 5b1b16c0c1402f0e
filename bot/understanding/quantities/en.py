"""The closed classes of English: what words do beside numbers."""

from __future__ import annotations

_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()

NUMBERS = {word: n for n, word in enumerate(_SMALL)} | {
    word: 10 * n for n, word in enumerate(_TENS, start=2)
}
DECADES = {word[:-1] + "ies": 10 * n for n, word in enumerate(_TENS, start=2)}
SCALES = {"hundred": 100, "thousand": 1000, "grand": 1000, "dozen": 12, "hundreds": 100}
ORDINALS = {
    word: n
    for n, word in enumerate(
        "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth "
        "thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth".split(),
        start=1,
    )
} | {"twentieth": 20, "thirtieth": 30}

# kind → value → its words, parted by |.
WORDS: dict[str, dict[object, str]] = {
    "before": {
        "more_than": (
            "more than|over|above|greater than|higher than|bigger than|larger than|heavier than|"
            "longer than|beyond|exceeding|exceed|exceeds|in excess of|dearer than|older than|"
            "taller than|brighter than|wider than|later than|upwards of|north of|past|gone|>"
        ),
        "less_than": (
            "less than|lower than|smaller than|lighter than|shorter than|fewer than|cheaper than|"
            "younger than|narrower than|earlier than|not quite|short of|<|sub"
        ),
        "at_most": (
            "under|below|at most|up to|max|maximum|at the most|max of|maximum of|limit of|"
            "capped at|cap of|<=|≤|inside|no later than|not until after|within"
        ),
        "at_least": (
            "at least|from|minimum|min|starting at|starting from|>=|≥|a minimum of|no earlier than"
        ),
        "about": (
            "about|around|roughly|approximately|approx|circa|roundabout|round about|nearly|"
            "almost|maybe|close to|c.|ca|~|near|mid"
        ),
    },
    "after": {
        "at_most": (
            "or less|or under|or below|or fewer|or cheaper|or smaller|or lighter|or shorter|"
            "or lower|or narrower|or younger|max|maximum|tops|at most|at the most|limit|"
            "or earlier|or thinner|cap|ceiling|top whack"
        ),
        "at_least": (
            "or more|or over|or above|or higher|or bigger|or larger|or longer|or brighter|"
            "or heavier|or wider|or taller|or older|or better|or later|or upwards|and up|"
            "and upwards|plus|upwards|at least|minimum|min|or greater|or stronger|or deeper|+"
        ),
        "about": "or so|ish|or thereabouts|give or take|or thereabout|odd",
    },
    "until": {
        "at_most": "by|no later than|up to",
        "less_than": "before",
    },
    "since": {
        "more_than": "after|past",
    },
    "neg": {
        True: (
            "not|no|never|nothing|none|without|don't|dont|doesn't|doesnt|isn't|isnt|aren't|won't|"
            "wont|can't|cant|cannot|mustn't|shouldn't|wouldn't|didn't|nor|nowt|nobody|neither|"
            "hardly"
        ),
    },
    "between": {
        True: "between|btwn",
    },
    "range": {
        True: "to|-|–|—|~|through|thru",
    },
    "budget": {
        True: "budget|my budget is|budget is|budget of|budget's",
    },
    "day": {
        -2: "day before yesterday|the day before yesterday",
        -1: (
            "yesterday|last night|yest|yesterday's|yesterday morning|yesterday afternoon|"
            "yesterday evening"
        ),
        0: "today|tonight|this morning|this afternoon|this evening|tonite|todays|today's|2day",
        1: "tomorrow|tmrw|tmr|tmw|tomoz|tomorow|tommorow|tomorrow's|2moro",
        2: "day after tomorrow|the day after tomorrow",
        8: "a week tomorrow|week tomorrow|tomorrow week",
        7: "a week today|today week",
        -7: "a week ago today",
    },
    "weekday": {
        0: "monday|mon|monday's",
        1: "tuesday|tues|tue|tuesday's",
        2: "wednesday|weds|wed|wednesday's",
        3: "thursday|thurs|thur|thu|thursday's",
        4: "friday|fri|friday's",
        5: "saturday|sat|saturday's",
        6: "sunday|sun|sunday's",
    },
    "month": {
        1: "january|jan",
        2: "february|feb",
        3: "march|mar",
        4: "april|apr",
        5: "may",
        6: "june|jun",
        7: "july|jul",
        8: "august|aug",
        9: "september|sept|sep",
        10: "october|oct",
        11: "november|nov",
        12: "december|dec",
    },
    "modifier": {
        -1: "last|this past|past",
        0: "this|this coming|coming",
        1: "next",
    },
    "week": {
        True: "week|week's|wk",
    },
    "month_word": {
        True: "month|month's|months'",
    },
    "year_word": {
        True: "year|year's",
    },
    "weekend": {
        True: "weekend|weekends|weekend's",
    },
    "ago": {
        True: "ago|back|earlier",
    },
    "holiday": {
        (12, 25): "christmas|xmas|christmas day|crimbo",
        (12, 24): "christmas eve|xmas eve",
        (12, 26): "boxing day",
        (1, 1): "new year's day|new years day|new year",
        (12, 31): "new year's eve|new years eve|nye",
        (2, 14): "valentine's day|valentines day|valentine's|valentines",
        (10, 31): "halloween",
        (11, 5): "bonfire night",
        (11, 11): "singles day|singles' day|double eleven",
    },
    "lunar_holiday": {
        0: "chinese new year|lunar new year|spring festival",
        -1: "chinese new year's eve",
    },
    "minutes_past": {
        ("past", 15): "quarter past",
        ("past", 30): "half past",
        ("to", 15): "quarter to",
    },
    "half_day": {
        "am": "am|a.m|a.m.|in the morning",
        "pm": "pm|p.m|p.m.|in the afternoon|in the evening|of an evening",
        "night": "at night",
    },
    "oclock": {
        True: "o'clock|oclock|o clock",
    },
    "noon": {
        12: "noon|midday|lunchtime",
        24: "midnight",
    },
    "at": {
        True: "at|by|before|after|till|til|until|from|past|around|gone",
    },
    "couple": {
        2: "a couple of|a couple|couple of|couple|a coupla|coupla",
    },
    "pair": {
        2: "a pair of|a pair|pair of",
    },
    "six": {
        6: "half a dozen|half dozen|a half dozen",
    },
    "half": {
        True: "half|half a|half an|a half",
    },
    "and_half": {
        True: "and a half|& a half|1/2",
    },
    "third": {
        "0.33": "a third|one third",
        "0.25": "a quarter|one quarter",
    },
    "article": {
        True: "a|an",
    },
    "times": {
        True: "times",
    },
    "each": {
        True: (
            "pcs|pieces|piece|pairs|pair|packs|bottles|boxes|units|items|sets|bags|tins|cans|"
            "tubes|jars|stars|devices|device|x"
        ),
    },
    "age": {
        True: "years old|year old|year olds|yrs old|yr old|yo|y/o|yr olds|years of age",
    },
    "old": {
        True: "old|olds|of age",
    },
    # Of whom an age is told.
    "person": {
        True: (
            "i'm|im|i am|he's|hes|she's|shes|he is|she is|he|she|aged|age|ages|turning|turned|"
            "turns|who's|whos|they're|son|sons|daughter|daughters|girl|girls|boy|boys|dad|dads|"
            "mum|mums|mom|moms|wife|husband|niece|nieces|nephew|nephews|kid|kids|child|children|"
            "youngest|oldest|eldest|grandson|granddaughter|grandsons|granddaughters|grandad|"
            "grandpa|granddad|grandma|granny|nan|gran|nana|mother|father|lad|lads|lass|twins|"
            "brother|sister|toddler|baby|woman|man|guy|friend|cousin|uncle|aunt|auntie|law|"
            "goddaughter|godson|little one|teen|teenager|mine|kitten|kittens|puppy|pup|dog|cat|"
            "rabbit"
        ),
    },
    "size_before": {
        True: "size|sizes|a size|in a|in size|eu|uk size|us size|sized|size is|size of",
    },
    "price_before": {
        True: (
            "costs|cost|price|priced|paid|pay|paying|for|was|is|at|now|still|spend|spent|"
            "spending|were|save|sells for|go for|goes for|it's|basket's|only|worth|instead of"
        ),
    },
    "minus": {
        True: "minus|-|−",
    },
    "of_them": {
        True: "of them|of em|of these|of those|of it|of the|of each",
    },
    "past": {
        True: (
            "was|were|ordered|bought|came|got|had|arrived|said|placed|opened|received|delivered|"
            "turned up|sent|did|took|went|been|paid|showed|since|waited|put|dropped|used|reduced|"
            "shipped|meant|seen|wasn't|didn't|order from|orders from|purchase from|picked up|"
            "rang|sat|left|charged|billed|moved|started|supposed"
        ),
    },
    "future": {
        True: (
            "by|before|until|till|will|be|can|could|would|deliver|going|when|in time|arrive|"
            "arriving|please|til|should|flying|fly|want|moving|snow|collect|reach|due|able|"
            "available|retires|starts|party"
        ),
    },
    # Words that a counted noun is not.
    "function": {
        True: (
            "a|an|the|of|to|in|on|at|by|for|from|with|and|or|but|if|so|as|than|then|is|are|was|"
            "were|be|been|it|its|it's|i|i'm|im|you|u|he|she|we|they|my|your|our|their|his|her|"
            "this|that|these|those|what|which|who|how|when|where|why|do|does|did|don't|dont|can|"
            "could|will|would|should|have|has|had|not|no|yes|please|pls|plz|ok|okay|thanks|thx|"
            "just|too|also|still|now|there|here|back|again|already|yet|only|even|lol|though|cos|"
            "because|until|till|per|each|any|some|all|both|either|ideally|right|max|min|off|out|"
            "up|down|over|under|about|vs|versus|into|without|after|before|between|while|since|me|"
            "us|them|em|him|hi|hey|sorry|actually|maybe|really|very|elsewhere|enough|says|said|"
            "one|ones|makes|comes|means|gets|saved|today|tomorrow|yesterday|tonight|like|"
            "something|anything|instead|total|altogether|all-in|together|apart|left|exactly|"
            "roughly|near|i've|ive|i'd|id|i'll|we're|we've|you've|he's|she's|there's|that's|"
            "what's|whats|isn't|isnt|won't|can't|cant|doesn't|looks|seems|rn|asap|minimum|"
            "maximum|tops|and/or|delivered|posted"
        ),
    },
    # What is done with a number of things.
    "doing": {
        True: (
            "need|needs|want|wants|take|takes|get|gets|got|buy|bought|buying|order|ordered|"
            "ordering|have|has|had|add|send|sent|make|put|pack|return|keep|cancel|use|used|with|"
            "for|of|are|were|is|if|my|the|these|those|all|only|just|and|or|in|to|than|your|our|"
            "both|sell|at|covers|about|around|share|there|see|says|said|them|us|him|me|needing|"
            "wanting|getting|comes|come|came|swapped|over|across|how|so|but|count|out|between|"
            "from|now|missing|short|received|sets|by|least|most|grab|fit|fits|hold|holds|seat|"
            "seats|do|did|can|could|will|would|on|i|we|you|they|that|which|when|like|even|then|"
            "another|other|extra|first|last|next|every|per|as|up"
        ),
    },
    "idiom": {
        True: (
            "one another|one day|no one|someone|this one|that one|which one|the one|another one|"
            "each one|any one|one of|one is|first one|second one|last one|one side|24/7|one bit|"
            "a second|one that|new one|other one|number one|number two|may i|may be|may we|"
            "might may|sat in|sat on|sat by|i sat|we sat|sun cream|sun fluid|sun screen|"
            "mar cells|all in one|one way|one off|one time|one more|one thing|one person|"
            "bigger one|small one|big one|wrong one|father christmas|black friday|"
            "cyber monday|good friday|cheaper one|same one|good one|blue one|black one|white one|"
            "or one|one for|one with|"
            "back in|back home|back soon|how old|old one|the other day|some day"
        ),
    },
}
