import { canonicalEmoji, isEmoji } from '../events/emoji.ts';
import { isId } from '../events/values.ts';
import { isLongerThan, limits } from './limits.ts';
import { type Refusal, refuse, type TextFault } from './refusal.ts';

/**
 * The door for what people write: here it gets its one form, and here is decided what is no text, name, emoji or id. Every
 * rule is by properties of Unicode (UAX 44), never by a list of characters that somebody has met. Decision 0028 says why.
 */

type Refused = { readonly refused: Refusal };

/** The fields of orders that hold what people write, and the form of each. */
const written: Readonly<Record<string, (value: string) => string | undefined>> = {
  text: (text) => writtenText(text),
  name: (name) => writtenName(name),
  emoji: canonicalEmoji,
  // A token's name is not the bearer's word of now: one that is no name keeps nobody from anything.
  creatorName: (name) => nameThatPasses(name),
};

/**
 * The order with everything that people write in its one form; a second time it changes nothing. Whatever stores, compares
 * or digests an order takes it from here, so that the same order in another form of Unicode is the same order.
 */
export function asWritten<Order extends object>(order: Order): Order {
  const changed: Record<string, unknown> = Object.fromEntries(Object.entries(order));
  for (const [field, value] of Object.entries(order)) {
    const form = written[field];
    if (form !== undefined && typeof value === 'string') changed[field] = form(value);
    if (field === 'members' && Array.isArray(value)) changed[field] = value.map(asWritten);
  }
  // The same fields, each with a value of its own type: a creator's name need not be there.
  return changed as Order;
}

/** NFC would make another character of them: people's names are written with the ones that it takes away. */
const compatibilityIdeograph = /[\uf900-\ufaff\u{2f800}-\u{2fa1f}]/u;
const otherThanThose = /[^\uf900-\ufaff\u{2f800}-\u{2fa1f}]+/gu;

/** Composed (NFC), but for compatibility ideographs, which stay. */
export function writtenText(text: string): string {
  if (!compatibilityIdeograph.test(text)) return text.normalize('NFC');
  return text.replace(otherThanThose, (part) => part.normalize('NFC'));
}

/** Composed, and without white space that cannot be seen: at its ends, or more than one space. */
export const writtenName = (name: string): string =>
  writtenText(name)
    .replace(/\p{Zs}+/gu, ' ')
    .trim();

/** A character that leaves ink: no mark without a letter, and nothing that is only there for others. */
const visible =
  /[^\p{Default_Ignorable_Code_Point}\p{Cc}\p{Cs}\p{Z}\p{Mn}\p{Me}\p{Noncharacter_Code_Point}\u2800\ufff9-\ufffb]/u;

export function refuseText(text: string): Refused | undefined {
  const bad = (fault: TextFault, problem: string) => refuse({ kind: 'bad-value', field: 'text', problem, fault });
  if (text.trim() === '') return bad('empty', 'is empty');
  if (isLongerThan(text, limits.messageCharacters)) {
    return bad('too-long', `is longer than ${limits.messageCharacters} characters`);
  }
  if (!text.isWellFormed()) return bad('ill-formed', 'is not well-formed Unicode');
  if (!visible.test(text)) return bad('invisible', 'shows nothing');
  if (leavesDirectionOpen(text)) return bad('open-direction', 'opens a direction of writing and does not close it');
  return undefined;
}

const openings = /[\u202a-\u202e\u2066-\u2069]/gu;
const closingOf = (opening: string): string => (opening >= '\u2066' ? '\u2069' : '\u202c');

/** Isolates, embeddings and overrides that nothing closes go on into whatever stands beside the text (UAX 9). */
function leavesDirectionOpen(text: string): boolean {
  const open: string[] = [];
  for (const [control] of text.matchAll(openings)) {
    if (control !== '\u2069' && control !== '\u202c') open.push(closingOf(control));
    else if (open.includes(control)) open.length = open.lastIndexOf(control);
  }
  return open.length > 0;
}

/**
 * What is no part of a name, because it cannot be seen or changes what is beside it, or else what shows something after all:
 * what joins an emoji, what shapes a letter beside it in a script that joins, and the variant of an ideograph.
 */
const hidden = (() => {
  const pictograph = String.raw`\p{Extended_Pictographic}(?:[\ufe0e\ufe0f]|\p{Emoji_Modifier})?`;
  const region = String.raw`\u{1f3f4}[\u{e0020}-\u{e007e}]+\u{e007f}`;
  const emoji = String.raw`${region}|${pictograph}(?:\u200d${pictograph})+|${pictograph}|[0-9#*]\ufe0f?\u20e3`;
  const scripts = ['Arab', 'Syrc', 'Mong', 'Nkoo', 'Deva', 'Beng', 'Guru', 'Gujr', 'Orya', 'Taml', 'Telu', 'Knda'];
  const joining = `[${[...scripts, 'Mlym', 'Sinh'].map((script) => String.raw`\p{scx=${script}}`).join('')}]`;
  const joiner = String.raw`(?<=${joining})\u200c(?=${joining})|(?<=${joining})\u200d`;
  const variant = String.raw`(?<=\p{sc=Han})[\ufe00-\ufe02\u{e0100}-\u{e01ef}]|(?<=\p{sc=Mong})[\u180b-\u180d\u180f]`;
  const never = String.raw`[\p{Default_Ignorable_Code_Point}\p{Bidi_Control}\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Noncharacter_Code_Point}\u2800\ufff9-\ufffb]`;
  return new RegExp(`(${emoji}|${joiner}|${variant})|${never}`, 'gv');
})();

const withoutHidden = (name: string): string => name.replace(hidden, (_, shows: string | undefined) => shows ?? '');

export function refuseName(field: string, name: string): Refused | undefined {
  const bad = (fault: TextFault, problem: string) => refuse({ kind: 'bad-value', field, problem, fault });
  if (name.trim() === '') return bad('empty', 'is empty');
  if (isLongerThan(name, limits.nameCharacters)) {
    return bad('too-long', `is longer than ${limits.nameCharacters} characters`);
  }
  if (!name.isWellFormed()) return bad('ill-formed', 'is not well-formed Unicode');
  if (!visible.test(name)) return bad('invisible', 'shows nothing');
  if (withoutHidden(name) !== name) return bad('hidden-characters', 'holds characters that cannot be seen');
  return undefined;
}

/** As much of a name as the door lets through, for one that nobody can be asked to write again; undefined where that is nothing. */
export function nameThatPasses(name: string): string | undefined {
  // A small part of what is longer is looked at.
  const start = [...name.slice(0, 8 * limits.nameCharacters).toWellFormed()];
  const short = writtenName(withoutHidden(start.join('')));
  const cut = isLongerThan(short, limits.nameCharacters) ? [...short].slice(0, limits.nameCharacters).join('') : short;
  const passing = writtenName(withoutHidden(cut));
  return refuseName('name', passing) === undefined ? passing : undefined;
}

/** What was said with it once may always be taken back: only a new reaction has to be an emoji. */
export function refuseEmoji(emoji: string): Refused | undefined {
  if (isEmoji(emoji)) return undefined;
  return refuse({ kind: 'bad-value', field: 'emoji', problem: 'is not one emoji', fault: 'not-an-emoji' });
}

/** What an id may hold besides what `isId` forbids: nothing that cannot be seen, as the ids of two people would look alike. */
const unseen = /[\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}\u2800]/u;

/**
 * An id as it may come in. It is compared as it is given, so the same letters in two forms (NFC, NFD) would be two people:
 * only the composed form is an id. It is refused rather than composed, since whoever gave it keeps it as a key.
 */
export const isWrittenId = (id: string): boolean => isId(id) && !unseen.test(id) && id.normalize('NFC') === id;
