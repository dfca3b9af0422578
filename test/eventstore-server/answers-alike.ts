import type { RecordedPlaces } from './recorded-places.ts';

/** Of these only the form is compared: they differ from run to run. */
const forms: Readonly<Record<string, RegExp>> = {
  subscriptionId: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  mostSignificantBits: /^-?\d{10,19}$/,
  leastSignificantBits: /^-?\d{10,19}$/,
  timeStamp: /^\d{17}$/,
  created: /^\d{17}$/,
};

/**
 * What our answer has to be, given a recorded one: the same but for ids of the server's own, times, its port, and
 * positions. A position of ours has to stand for the same recorded one throughout, see RecordedPlaces.
 */
export function expectedAnswer(recorded: unknown, ours: unknown, places: RecordedPlaces, port: number): unknown {
  return expected(recorded, ours, '');

  function expected(recordedPart: unknown, oursPart: unknown, key: string): unknown {
    if (key === 'port') return port;
    if (key === 'commitPosition' || key === 'preparePosition') {
      places.same(Number(recordedPart), Number(oursPart));
      return oursPart;
    }
    const form = forms[key];
    if (form !== undefined) return form.test(String(oursPart)) ? oursPart : recordedPart;
    if (Array.isArray(recordedPart)) return expectedItems(recordedPart, asArray(oursPart), key);
    if (typeof recordedPart !== 'object' || recordedPart === null) return recordedPart;
    return Object.fromEntries(
      Object.entries(recordedPart).map(([name, value]) => [name, expected(value, memberOf(oursPart, name), name)]),
    );
  }

  /** The properties of an event are pairs of a name and a value. */
  function expectedItems(recordedItems: readonly unknown[], ourItems: readonly unknown[], key: string): unknown {
    const name = key === '' ? recordedItems[0] : undefined;
    if (name === 'created') return ['created', expected(recordedItems[1], ourItems[1], 'created')];
    return recordedItems.map((item, index) => expected(item, ourItems[index], ''));
  }
}

const asArray = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
