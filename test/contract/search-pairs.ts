/** A text, search texts that find it, and such that do not. */
export type SearchCase = readonly [text: string, finds: readonly string[], misses: readonly string[]];

const words: readonly SearchCase[] = [
  [
    'The quick brown fox',
    ['fox', 'FOX', 'quick fox', 'fox, quick!', 'the'],
    ['fo', 'ox', 'foxes', 'fox wolf', 'quickbrown'],
  ],
  ['Fox-hounds and e-mail', ['fox-hounds', 'fox', 'hounds', 'mail', 'e-mail'], ['foxhounds', 'email']],
  ['snake_case camelCase', ['snake', 'case', 'camelcase', 'snake_case'], ['camel']],
  ['don’t panic', ['panic', "don't", 'don’t'], ['dont']],
  ['room 101, 3.14 and 7', ['101', '3.14', '7', 'room 7'], ['10', '1', '77']],
  ['www.example.com/path?x=1', ['example', 'example.com', 'www.example.com/path'], ['exam', 'examplecom']],
  ['tabs\tand\nlines\r\nof it', ['tabs', 'and lines', 'of it'], ['tabsand']],
  ['NOT near AND OR', ['not', 'near and', 'NOT OR'], ['nand']],
];

const caseAndAccents: readonly SearchCase[] = [
  ['Un café crème', ['cafe', 'CAFÉ', 'cafe\u0301', 'creme'], ['caf', 'cafes']],
  ['ΟΔΟΣ Αθήνα', ['οδος', 'οδοσ', 'ΟΔΟΣ', 'αθηνα', 'Αθήνα'], ['οδο']],
  ['ὁδός ᾳ', ['οδος', 'ΟΔΟΣ', 'α'], []],
  ['Straße und Maß', ['strasse', 'STRASSE', 'STRAẞE', 'straße', 'mass', 'maß'], ['stras', 'strase']],
  ['GROSSE STRASSE', ['große', 'straße'], ['grose']],
  ['İstanbul ve Diyarbakır', ['istanbul', 'ISTANBUL', 'İSTANBUL', 'diyarbakir', 'DİYARBAKIR'], ['stanbul']],
  ['𝐁𝐨𝐥𝐝 ｆｕｌｌ ﬁne ①', ['bold', 'full', 'fine', '1', 'ｂｏｌｄ'], ['f']],
  ['Łódź, Đorđe, Ørsted, Ħal, Þór', ['lodz', 'dorde', 'orsted', 'hal', 'thor', 'ŁÓDŹ', 'ØRSTED'], ['odz', 'rsted']],
  ['æther œuvre Ærø', ['aether', 'oeuvre', 'aero', 'ÆRØ', 'Œuvre'], ['ether']],
  ['tiếng Việt đường', ['tieng', 'viet', 'duong', 'Tiếng Việt', 'ĐƯỜNG'], ['ti', 'duon']],
  ['Ёлка и йод', ['елка', 'ёлка', 'ЙОД', 'иод'], ['ёлк']],
  ['naïve Zoë Ångström \u212bngström', ['naive', 'zoe', 'angstrom', 'ÅNGSTRÖM'], ['ngstrom']],
  ['ſtraight \u212aelvin \u00b5m', ['straight', 'kelvin', 'μm', 'µm'], ['traight']],
  ['Հայերեն ԲԱՐԵՎ', ['հայերեն', 'ՀԱՅԵՐԵՆ', 'բարեվ'], ['հայ']],
  ['საქართველო', ['საქართველო', 'ᲡᲐᲥᲐᲠᲗᲕᲔᲚᲝ'], ['საქ']],
];

const hiddenInWords: readonly SearchCase[] = [
  ['Donau\u00addampf\u00adschiff', ['donaudampfschiff', 'Donaudampf\u00adschiff'], ['dampf', 'donau']],
  ['zero\u200bwidth\u2060word', ['zerowidthword', 'zero\u200bwidthword'], ['zero', 'word']],
  ['\ufeffbom \u200fmark\u200f \u2067isolate\u2069', ['bom', 'mark', 'isolate'], ['ark']],
  ['می\u200cخواهم', ['می‌خواهم', 'میخواهم', 'ميخواهم'], ['می', 'خواهم']],
  ['z\u0335a\u0321l\u0322g\u0489o\u0315', ['zalgo'], ['zalg']],
];

const vowelSigns: readonly SearchCase[] = [
  ['اَلسَّلَامُ عَلَيْكُمْ', ['السلام', 'عليكم', 'السَّلام عليكم'], ['سلام']],
  ['الســـلام', ['السلام'], ['الس']],
  ['قرآن أحمد مسؤول', ['قران', 'احمد', 'قرآن', 'أحمد', 'مسوول'], ['حمد']],
  ['کتاب فارسی', ['كتاب', 'کتاب', 'فارسي', 'فارسی'], ['کتا']],
  ['שָׁלוֹם עוֹלָם', ['שלום', 'עולם', 'שָׁלוֹם'], ['שלו']],
  ['हिन्दी की किताब', ['हिन्दी', 'किताब', 'की'], ['हन्द', 'कताब', 'का', 'क']],
  ['தமிழ் நாடு', ['தமிழ்', 'நாடு'], ['தமழ', 'நாட']],
  ['বাংলা ভাষা', ['বাংলা', 'ভাষা'], ['বংল', 'ভষ']],
];

const withoutSpaces: readonly SearchCase[] = [
  [
    '我住在东京都新宿区',
    ['东京', '东京都', '京都', '新宿', '区', '我', '住在东京', '东'],
    ['东都', '京东', '新区', '海'],
  ],
  [
    '東京タワーに行きました',
    ['東京', 'タワー', '東京タワー', '行き', 'に', 'ました', 'た'],
    ['ダワー', '京東', 'まし行'],
  ],
  ['東京 は 首都', ['東京', '首都', '都', '首都 東京'], ['東京首都', '京は', '京首']],
  ['ｶﾞｲﾄﾞブック', ['ガイド', 'ガイドブック', 'ｶﾞｲﾄﾞ', 'ブッ'], ['カイト', 'ガイト']],
  ['日本語とEnglishの混在2024年', ['日本', 'english', '2024', '年', '2024年', '混在'], ['nglish', '024', '本とE']],
  ['上海海上', ['上海', '海上', '海海', '上海海上', '海'], ['上上', '上海上海']],
  ['北京大学。上海', ['北京', '大学', '上海'], ['学上']],
  ['서울에서 만나요', ['서울', '서울에서', '만나', '에서', '나요'], ['서에', '울만', '부산']],
  ['สวัสดีครับ ยินดีต้อนรับ', ['สวัสดี', 'ครับ', 'ยินดี', 'ต้อนรับ', 'สวัสดีครับ'], ['สวสด', 'ดีต้นรับ', 'บยิ']],
  ['ສະບາຍດີ', ['ສະບາຍ', 'ບາຍດີ', 'ດີ'], ['ສບາຍ']],
  ['ភាសា\u200bខ្មែរ', ['ភាសា', 'ខ្មែរ', 'ភាសាខ្មែរ'], ['ភសា']],
  ['မင်္ဂလာပါ', ['မင်္ဂလာ', 'ပါ', 'လာပါ'], ['မဂလာ']],
  ['神社と神宮', ['神社', '神宮', '\ufa19社'], ['社宮']],
  ['𠮷野家', ['𠮷野', '𠮷', '野家', '𠮷野家'], ['吉野']],
];

const emoji: readonly SearchCase[] = [
  ['Great 👍 work', ['👍', '👍🏽', 'great 👍', '👍\ufe0f'], ['👎', 'great👎']],
  ['👍🏿', ['👍', '👍🏻', '👍🏿'], ['🏿', '👎🏿']],
  ['I ❤\ufe0f this', ['❤', '❤\ufe0f', '❤\ufe0e'], ['💔']],
  ['I ❤ that', ['❤\ufe0f', '❤'], ['🖤']],
  [
    '\u{1f469}\u200d\u{1f469}\u200d\u{1f467}!',
    ['\u{1f469}\u200d\u{1f469}\u200d\u{1f467}'],
    ['\u{1f467}', '\u{1f469}\u200d\u{1f467}'],
  ],
  ['\u{1f3f3}\ufe0f\u200d\u{1f308}🇨🇭', ['\u{1f3f3}\u200d\u{1f308}', '🇨🇭'], ['🇭🇨', '🇨🇦', '\u{1f308}']],
  ['步1\ufe0f\u20e3然后2\u20e3', ['1\u20e3', '2\ufe0f\u20e3', '然后'], ['3\ufe0f\u20e3', '1', '2']],
  ['pizza🍕time', ['pizza', 'time', '🍕', 'pizza 🍕'], ['pizzatime', '🍔']],
  ['吃🍕吗', ['🍕', '吃', '吗'], ['吃吗']],
  [
    '\u{1f469}\u{1f3fd}\u200d\u{1f680}',
    ['\u{1f469}\u200d\u{1f680}', '\u{1f469}\u{1f3ff}\u200d\u{1f680}'],
    ['\u{1f468}\u200d\u{1f680}', '\u{1f680}'],
  ],
  ['\ufe0f', [], ['\ufe0f', '\u200d', '👍']],
  ['plain', ['plain\ufe0f', 'plain'], ['\ufe0f', '*', '"', '""', '\u20e3']],
];

const phrases: readonly SearchCase[] = [
  [
    'to be or not to be',
    ['"to be"', '"be or"', '“not to be”', '„to be“', '«or not»', '"To  BE, or"'],
    ['"be to"', '"to or"', '"not be"'],
  ],
  ['be quick to', ['"be quick" to', 'to be'], ['"to be"', '"quick be"', '"be quic"']],
  [
    'in 東京 now, 東京都',
    ['"in 東京 now"', '"東京 now"', '"now 東京"', '"in 東"', '"京 now"'],
    ['"in 東 now"', '"in now"', '"in 京"'],
  ],
  ['a "quoted" word', ['"quoted"', '"a quoted word"', '"quoted" word', '"a'], ['"a word"']],
  ['ship it 🚀 today', ['"it 🚀"', '"🚀 today"', '"it 🚀 today"'], ['"it today"', '"🚀 it"']],
  ['one "two', ['"two', 'one "two', '"one two"', 'two "'], ['"two one"']],
];

const beginnings: readonly SearchCase[] = [
  [
    'alphabet soup',
    ['alpha*', 'ALPHA*', 'soup*', 'alpha* soup', 'alp*', '"alphabet sou*"', '"alpha*"'],
    ['alpha', 'bet*', '*bet', 'a*', 'al*', '"soup alpha*"', 'alphabets*'],
  ],
  ['Grüße aus Köln', ['gruss*', 'grüß*', 'köl*', 'KOLN*'], ['gruß', 'oln*']],
  ['東京タワー', ['東京*', 'タワ*', '東*'], ['東タ*']],
  ['हिन्दी भाषा', ['हिन्*', 'भाष*'], ['हन*']],
  ['2024-11-30', ['202*', '2024*', '11*'], ['024*']],
  ['star * alone', ['star *', 'alone*', '* alone', 'star*alone'], ['st', 'sta alone']],
];

export const searchCases: readonly SearchCase[] = [
  ...[...words, ...caseAndAccents, ...hiddenInWords, ...vowelSigns],
  ...[...withoutSpaces, ...emoji, ...phrases, ...beginnings],
];
